package dev.podium.server.engine.tune;

import dev.podium.server.engine.tune.Proof.Expected;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * How far from the function in double precision a form's scores may be. A form is as good as the
 * exported graph if its error is at most a small factor of the exported graph's own, plus the
 * tolerance on the scale on which that output's scores differ from row to row: a score of 6e-5 that
 * moves by 1e-5 changes the ranking, one of 0.5 does not.
 *
 * <p>Errors are compared among requests of one kind, for large numbers are rounded more coarsely
 * than small ones. Each column of an output has a scale of its own. Immutable.
 */
final class ErrorBounds {
  /** Sums in another order may be so much worse, by chance. */
  static final double FACTOR = 4;

  /** Rounding of the last operation, whatever else: so many units in the last place of a score. */
  static final double ULPS = 8;

  /** Where there is no function in double precision, the exported graph's own rounding counts. */
  static final double ULPS_WITHOUT_TRUTH = 64;

  /** Less of the rows than this proves nothing if they have scores that are numbers. */
  private static final double LEAST_FINITE = 0.5;

  private final List<TensorSpec> outputs;
  private final double tolerance;
  private final List<Expected> seen;
  private final double[][] spread;
  private final Map<Draw, double[][]> allowed = new EnumMap<>(Draw.class);

  private ErrorBounds(List<TensorSpec> outputs, double tolerance, List<Expected> seen) {
    this.outputs = outputs;
    this.tolerance = tolerance;
    this.seen = List.copyOf(seen);
    this.spread = new double[outputs.size()][];
    for (int output = 0; output < spread.length; output++) {
      spread[output] = spread(output);
    }
    for (Expected one : seen) {
      allowed.computeIfAbsent(one.draw(), this::allowed);
    }
  }

  /**
   * @param tolerance relative to the spread of a column's scores
   * @param seen what the exported graph and the function gave for some requests
   */
  static ErrorBounds of(List<TensorSpec> outputs, double tolerance, List<Expected> seen) {
    return new ErrorBounds(outputs, tolerance, seen);
  }

  /** The same, for requests of more kinds. */
  ErrorBounds and(List<Expected> more) {
    List<Expected> all = new ArrayList<>(seen);
    all.addAll(more);
    return new ErrorBounds(outputs, tolerance, all);
  }

  /** The largest error of a score in a request of one kind. */
  double allowed(Draw draw, int output, int column) {
    return allowed.get(draw)[output][column];
  }

  /** Standard deviation of a column's scores, in usual requests; 0 if all are the same. */
  double spread(int output, int column) {
    return spread[output][column];
  }

  /** Why nothing is proved by the requests that were seen; null if something is. */
  String provesNothing() {
    long rows = 0;
    long finite = 0;
    for (Expected one : seen) {
      if (one.draw().isUsual()) {
        for (int row = 0; row < one.probe().count(); row++) {
          rows++;
          finite += isFinite(one, row) ? 1 : 0;
        }
      }
    }
    if (finite < LEAST_FINITE * rows) {
      return "only "
          + finite
          + " of "
          + rows
          + " probe rows have scores that are numbers (expected: at least half; give examples in"
          + " golden.jsonl or warmup.jsonl)";
    }
    for (double[] columns : spread) {
      for (double one : columns) {
        if (one > 0) {
          return null;
        }
      }
    }
    return "all probe rows have the same scores (expected: some that differ; give examples in"
        + " golden.jsonl or warmup.jsonl)";
  }

  private boolean isFinite(Expected one, int row) {
    for (int output = 0; output < outputs.size(); output++) {
      int width = outputs.get(output).rowElements();
      for (int column = 0; column < width; column++) {
        if (!Float.isFinite(one.scores()[output][row * width + column])) {
          return false;
        }
      }
    }
    return true;
  }

  private double[] spread(int output) {
    int width = outputs.get(output).rowElements();
    double[] spread = new double[width];
    for (int column = 0; column < width; column++) {
      spread[column] = deviation(output, column, width);
    }
    return spread;
  }

  private double deviation(int output, int column, int width) {
    long count = 0;
    double mean = 0;
    double squares = 0;
    for (Expected one : seen) {
      for (int row = 0; row < one.probe().count() && one.draw().isUsual(); row++) {
        double value = one.truth()[output][row * width + column];
        if (Double.isFinite(value)) {
          count++;
          double off = value - mean;
          mean += off / count;
          squares += off * (value - mean);
        }
      }
    }
    return count < 2 ? 0 : Math.sqrt(squares / count);
  }

  private double[][] allowed(Draw draw) {
    double[][] bounds = new double[outputs.size()][];
    for (int output = 0; output < bounds.length; output++) {
      int width = outputs.get(output).rowElements();
      bounds[output] = new double[width];
      for (int column = 0; column < width; column++) {
        bounds[output][column] = allowedOf(draw, output, column, width);
      }
    }
    return bounds;
  }

  private double allowedOf(Draw draw, int output, int column, int width) {
    double error = 0;
    double largest = 0;
    boolean precise = true;
    for (Expected one : seen) {
      for (int row = 0; row < one.probe().count() && one.draw() == draw; row++) {
        double truth = one.truth()[output][row * width + column];
        float exported = one.scores()[output][row * width + column];
        precise &= one.isPrecise();
        if (Double.isFinite(truth) && Float.isFinite(exported)) {
          error = Math.max(error, Math.abs(exported - truth));
          largest = Math.max(largest, Math.abs(truth));
        }
      }
    }
    double rounding = Math.ulp((float) largest) * (precise ? ULPS : ULPS_WITHOUT_TRUTH);
    return FACTOR * error + rounding + tolerance * spread[output][column];
  }
}
