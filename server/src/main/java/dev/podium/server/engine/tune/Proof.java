package dev.podium.server.engine.tune;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;
import java.util.Locale;

/**
 * Compares what forms of a graph give with the function in double precision, and with the exported
 * graph. Keeps nothing.
 */
final class Proof {
  private final List<TensorSpec> outputs;

  Proof(List<TensorSpec> outputs) {
    this.outputs = outputs;
  }

  List<TensorSpec> outputs() {
    return outputs;
  }

  /**
   * What a probe must give.
   *
   * @param draw what kind of request it is
   * @param scores the exported graph's, of each output, row-major
   * @param truth the function's in double precision; the exported graph's where that is unknown
   * @param isPrecise whether it is known
   */
  record Expected(Probe probe, Draw draw, float[][] scores, double[][] truth, boolean isPrecise) {}

  /**
   * How far a form's scores are off. Requests made to break it, whose numbers are huge, say, count
   * only where the form is worse than the exported graph.
   *
   * @param fromTruth the largest error, from the function in double precision
   * @param exported the exported graph's largest error on the same requests
   * @param fromExported the largest difference from the exported graph's scores
   * @param excess the largest error as a share of what is allowed, on all requests; infinite where
   *     one has a number and one has not
   * @param worst that score, what was expected and where, in words
   */
  record Errors(
      double fromTruth, double exported, double fromExported, double excess, String worst) {
    static final Errors NONE = new Errors(0, 0, 0, 0, "");

    boolean isAllowed() {
      return excess <= 1;
    }

    Errors and(Errors other) {
      return new Errors(
          Math.max(fromTruth, other.fromTruth),
          Math.max(exported, other.exported),
          Math.max(fromExported, other.fromExported),
          Math.max(excess, other.excess),
          other.excess > excess ? other.worst : worst);
    }

    /** Says that a form is not the same function. */
    String sentence(String what) {
      return String.format(
          Locale.ROOT, "%s differ: %s, %.2g times what rounding explains", what, worst, excess);
    }
  }

  /** What a probe's whole rows give: of a runner of the exported graph, what is to be expected. */
  Expected expected(TileRunner runner, Truth truth, Probe probe, Draw draw) throws RankException {
    float[][] scores = ofRows(runner, probe);
    return truth == null
        ? new Expected(probe, draw, scores, widened(scores), false)
        : new Expected(probe, draw, scores, truth.scores(probe), true);
  }

  private static double[][] widened(float[][] scores) {
    double[][] wide = new double[scores.length][];
    for (int output = 0; output < wide.length; output++) {
      wide[output] = new double[scores[output].length];
      for (int i = 0; i < wide[output].length; i++) {
        wide[output][i] = scores[output][i];
      }
    }
    return wide;
  }

  /** How far each row's scores without the other rows are off. */
  Errors aloneErrors(TileRunner runner, Expected together, ErrorBounds bounds)
      throws RankException {
    Probe probe = together.probe();
    float[][] alone = new float[outputs.size()][];
    for (int output = 0; output < alone.length; output++) {
      alone[output] = new float[together.scores()[output].length];
    }
    for (int row = 0; row < probe.count(); row++) {
      runner.rows().copyRows(probe.rows(), row, 0, 1);
      runner.run(1);
      for (int output = 0; output < alone.length; output++) {
        runner.readScores(output, 0, 1, alone[output], row * outputs.get(output).rowElements());
      }
    }
    return errors(together, alone, bounds);
  }

  /**
   * How far the split form's scores are off.
   *
   * @param requests each of one context
   */
  Errors errorsOfSplit(TileRunner runner, List<Expected> requests, ErrorBounds bounds)
      throws RankException {
    Errors errors = Errors.NONE;
    for (Expected request : requests) {
      runSplit(runner, request.probe());
      errors = errors.and(errors(request, scores(runner, request.probe().count()), bounds));
    }
    return errors;
  }

  /** The same of whole rows, as a runner runs them. */
  Errors errorsOfRows(TileRunner runner, List<Expected> requests, ErrorBounds bounds)
      throws RankException {
    Errors errors = Errors.NONE;
    for (Expected request : requests) {
      errors = errors.and(errors(request, ofRows(runner, request.probe()), bounds));
    }
    return errors;
  }

  private Errors errors(Expected expected, float[][] actual, ErrorBounds bounds) {
    double fromTruth = 0;
    double exported = 0;
    double fromExported = 0;
    double excess = 0;
    String worst = "";
    for (int output = 0; output < actual.length; output++) {
      int width = outputs.get(output).rowElements();
      for (int i = 0; i < actual[output].length; i++) {
        float reference = expected.scores()[output][i];
        double truth = expected.truth()[output][i];
        float score = actual[output][i];
        double share;
        if (Float.isFinite(reference) && Float.isFinite(score)) {
          // Where the function has no number and the exported graph has, the latter is the measure.
          double aim = Double.isFinite(truth) ? truth : reference;
          double off = Math.abs(score - aim);
          if (!expected.draw().mayFail()) {
            fromTruth = Math.max(fromTruth, off);
            exported = Math.max(exported, Math.abs(reference - aim));
            fromExported = Math.max(fromExported, Math.abs((double) score - reference));
          }
          double allowed = bounds.allowed(expected.draw(), output, i % width);
          share = off == 0 ? 0 : off / allowed;
        } else {
          share = Float.compare(reference, score) == 0 ? 0 : Double.POSITIVE_INFINITY;
        }
        if (share > excess) {
          excess = share;
          worst =
              String.format(
                  Locale.ROOT,
                  "output '%s' is %s (expected: %s; exported: %s) with %s",
                  outputs.get(output).name(),
                  score,
                  truth,
                  reference,
                  expected.draw().inWords());
        }
      }
    }
    return new Errors(fromTruth, exported, fromExported, excess, worst);
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

  private float[][] scores(TileRunner runner, int rows) {
    float[][] scores = new float[outputs.size()][];
    for (int output = 0; output < scores.length; output++) {
      scores[output] = new float[rows * outputs.get(output).rowElements()];
      runner.readScores(output, 0, rows, scores[output], 0);
    }
    return scores;
  }
}
