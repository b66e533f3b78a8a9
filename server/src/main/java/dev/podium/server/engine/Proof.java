package dev.podium.server.engine;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/** Compares what forms of a graph give for the same inputs. */
final class Proof {
  /** Rows that see each other differ by more than a different order of summation does. */
  private static final double ROUNDING = 1e-4;

  private final List<TensorSpec> outputs;

  /** What the exported graph gave, so that each form that is tried is not paid for twice. */
  private final Map<Probe, float[][]> exported = new IdentityHashMap<>();

  Proof(List<TensorSpec> outputs) {
    this.outputs = outputs;
  }

  /** Whether each row's scores stay the same without the other rows. */
  boolean rowsAreIndependent(TileRunner runner, List<Probe> probes) throws RankException {
    for (Probe probe : probes) {
      float[][] together = exported(runner, probe);
      for (int row = 0; row < probe.count(); row++) {
        runner.rows().copyRows(probe.rows(), row, 0, 1);
        runner.run(1);
        float[][] alone = scores(runner, 1);
        for (int output = 0; output < alone.length; output++) {
          int width = outputs.get(output).rowElements();
          for (int i = 0; i < width; i++) {
            double difference = difference(together[output][row * width + i], alone[output][i]);
            if (!(difference <= ROUNDING)) {
              return false;
            }
          }
        }
      }
    }
    return true;
  }

  /**
   * The largest difference of the split form from the exported one; infinite where one has a number
   * and one has not.
   */
  double largestDifference(TileRunner runner, List<Probe> probes) throws RankException {
    double largest = 0;
    for (Probe probe : probes) {
      float[][] expected = exported(runner, probe);
      runSplit(runner, probe);
      largest = Math.max(largest, largest(expected, scores(runner, probe.count())));
    }
    return largest;
  }

  /**
   * The largest difference of whole rows, as a runner runs them, from the exported graph.
   *
   * @param probes those that {@link #exported} has seen
   */
  double largestDifferenceOfRows(TileRunner runner, List<Probe> probes) throws RankException {
    double largest = 0;
    for (Probe probe : probes) {
      float[][] expected = exported.get(probe);
      runner.rows().copyRows(probe.rows(), 0, 0, probe.count());
      runner.run(probe.count());
      largest = Math.max(largest, largest(expected, scores(runner, probe.count())));
    }
    return largest;
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

  /** The exported graph's scores of a probe. */
  float[][] exported(TileRunner runner, Probe probe) throws RankException {
    float[][] known = exported.get(probe);
    if (known == null) {
      runner.rows().copyRows(probe.rows(), 0, 0, probe.count());
      runner.run(probe.count());
      known = scores(runner, probe.count());
      exported.put(probe, known);
    }
    return known;
  }

  static void runSplit(TileRunner runner, Probe probe) throws RankException {
    runner.contextRow().copyRows(probe.rows(), 0, 0, 1);
    runner.candidateRows().copyRows(probe.rows(), 0, 0, probe.count());
    try (ContextTensors context = runner.runContext()) {
      runner.runCandidates(context, probe.count());
    }
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
