package dev.podium.server.schedule;

import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.AssemblyTally;
import dev.podium.server.feature.assembly.FeatureAssembler;
import dev.podium.server.feature.signature.Signature.Output;
import java.util.List;

/**
 * What one worker keeps for one version: buffers and run options, the assembler and its tally. Made
 * when the worker first serves the version, kept until the version is retired.
 */
final class VersionRunner implements AutoCloseable {
  final ServedVersion version;
  final FeatureAssembler assembler;
  final AssemblyTally tally;
  private int capacity;
  private float[] scratch = new float[0];

  /** Null once it is closed. */
  private TileRunner runner;

  VersionRunner(ServedVersion version) {
    this.version = version;
    this.assembler = new FeatureAssembler(version.signature());
    this.tally = new AssemblyTally(version.signature());
    this.capacity = version.session().plan().tileRows();
    this.runner = version.session().newRunner(capacity); // last, so that nothing fails after it
  }

  /**
   * The runner, with room for a tile. Only whole requests of row-dependent models outgrow it. Where
   * no larger one can be made, the old one stays as it is.
   */
  TileRunner runner(int rows) {
    if (rows > capacity) {
      int larger = Capacities.grown(capacity, rows, version.largestRowBytes());
      TileRunner old = runner;
      runner = version.session().newRunner(larger);
      capacity = larger;
      old.close();
    }
    return runner;
  }

  /**
   * Copies one task's scores from the last run.
   *
   * @param row first row in the run
   * @param rows number of rows
   * @param scores one array for each output of the signature
   * @param target first row in the arrays
   * @throws RankException INTERNAL if a score isn't finite
   */
  void readScores(int row, int rows, float[][] scores, int target) throws RankException {
    List<Output> outputs = version.signature().outputs();
    for (int o = 0; o < scores.length; o++) {
      Output output = outputs.get(o);
      int width = output.width();
      int tensorWidth = version.tensorWidth(output.tensor());
      if (width == tensorWidth) {
        runner.readScores(output.tensor(), row, rows, scores[o], target * width);
      } else {
        int elements = Math.multiplyExact(rows, tensorWidth);
        if (scratch.length < elements) {
          scratch = new float[elements];
        }
        runner.readScores(output.tensor(), row, rows, scratch, 0);
        for (int i = 0; i < rows; i++) {
          System.arraycopy(
              scratch, i * tensorWidth + output.column(), scores[o], (target + i) * width, width);
        }
      }
      checkFinite(output, scores[o], target, rows);
    }
  }

  private void checkFinite(Output output, float[] scores, int firstRow, int rows)
      throws RankException {
    int end = (firstRow + rows) * output.width();
    for (int i = firstRow * output.width(); i < end; i++) {
      if (!Float.isFinite(scores[i])) {
        throw new RankException(
            FaultCode.INTERNAL,
            "output '"
                + output.name()
                + "' of "
                + version
                + ": "
                + scores[i]
                + " in row "
                + i / output.width()
                + " (expected: a finite score)");
      }
    }
  }

  /** Once is enough; twice does no harm. */
  @Override
  public void close() {
    TileRunner open = runner;
    runner = null;
    if (open != null) {
      open.close();
    }
  }
}
