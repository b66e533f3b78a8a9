package dev.podium.server.engine.tune;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;

/** Compares what forms of a graph give for the same inputs. Keeps nothing. */
final class Proof {
  /** Rows that see each other differ by more than a different order of summation does. */
  private static final double ROUNDING = 1e-4;

  private final List<TensorSpec> outputs;

  Proof(List<TensorSpec> outputs) {
    this.outputs = outputs;
  }

  /**
   * What a probe must give.
   *
   * @param scores of each output, row-major
   */
  record Expected(Probe probe, float[][] scores) {}

  /** What a probe's whole rows give: of a runner of the exported graph, what is to be expected. */
  Expected expected(TileRunner runner, Probe probe) throws RankException {
    return new Expected(probe, ofRows(runner, probe));
  }

  /** Whether each row's scores stay the same without the other rows. */
  boolean rowsAreIndependent(TileRunner runner, Expected together) throws RankException {
    Probe probe = together.probe();
    for (int row = 0; row < probe.count(); row++) {
      runner.rows().copyRows(probe.rows(), row, 0, 1);
      runner.run(1);
      float[][] alone = scores(runner, 1);
      for (int output = 0; output < alone.length; output++) {
        int width = outputs.get(output).rowElements();
        for (int i = 0; i < width; i++) {
          float expected = together.scores()[output][row * width + i];
          if (!(difference(expected, alone[output][i]) <= ROUNDING)) {
            return false;
          }
        }
      }
    }
    return true;
  }

  /**
   * The largest difference of the split form from what is expected; infinite where one has a number
   * and one has not.
   *
   * @param requests each of one context
   */
  double differenceOfSplit(TileRunner runner, List<Expected> requests) throws RankException {
    double largest = 0;
    for (Expected request : requests) {
      runSplit(runner, request.probe());
      float[][] actual = scores(runner, request.probe().count());
      largest = Math.max(largest, largest(request.scores(), actual));
    }
    return largest;
  }

  /** The same of whole rows, as a runner runs them. */
  double differenceOfRows(TileRunner runner, List<Expected> requests) throws RankException {
    double largest = 0;
    for (Expected request : requests) {
      largest = Math.max(largest, largest(request.scores(), ofRows(runner, request.probe())));
    }
    return largest;
  }

  /** Runs the context half and the candidate half on a probe of one context. */
  static void runSplit(TileRunner runner, Probe probe) throws RankException {
    try (ContextTensors context = fill(runner, probe)) {
      runner.runCandidates(context, probe.count());
    }
  }

  /**
   * The context half's result, with a probe's rows laid out for the candidate half. The caller
   * closes it.
   */
  static ContextTensors fill(TileRunner runner, Probe probe) throws RankException {
    runner.contextRow().copyRows(probe.rows(), 0, 0, 1);
    runner.candidateRows().copyRows(probe.rows(), 0, 0, probe.count());
    return runner.runContext();
  }

  private float[][] ofRows(TileRunner runner, Probe probe) throws RankException {
    runner.rows().copyRows(probe.rows(), 0, 0, probe.count());
    runner.run(probe.count());
    return scores(runner, probe.count());
  }

  private static double largest(float[][] expected, float[][] actual) {
    double largest = 0;
    for (int output = 0; output < expected.length; output++) {
      for (int i = 0; i < expected[output].length; i++) {
        largest = Math.max(largest, difference(expected[output][i], actual[output][i]));
      }
    }
    return largest;
  }

  /** Absolute for values up to 1, relative above. */
  private static double difference(float expected, float actual) {
    if (!Float.isFinite(expected) || !Float.isFinite(actual)) {
      return Float.compare(expected, actual) == 0 ? 0 : Double.POSITIVE_INFINITY;
    }
    return Math.abs((double) expected - actual) / Math.max(1, Math.abs(expected));
  }

  private float[][] scores(TileRunner runner, int rows) {
    float[][] scores = new float[outputs.size()][];
    for (int output = 0; output < scores.length; output++) {
      scores[output] = new float[rows * outputs.get(output).rowElements()];
      runner.readScores(output, 0, rows, scores[output], 0);
    }
    return scores;
  }
}
