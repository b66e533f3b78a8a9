package dev.podium.loadtest.measure;

import java.util.Locale;

/**
 * Judges the generator by its own lag: a generator that can't keep to its plan measures itself, and
 * its figures are void. A pure function.
 */
public final class Lateness {
  private static final double LAG_ALWAYS_ALLOWED_MILLIS = 1;
  private static final double SHARE_OF_LATENCY = 0.1;

  private Lateness() {}

  /**
   * The lag that a figure can bear: what was asked for, or else the larger of 1 ms and a tenth of
   * the p99 latency.
   *
   * @param askedMillis the bound that the user set; NaN if there is none
   * @param p99Millis 99th percentile of the latency; not finite if there is none
   */
  static double allowedMillis(double askedMillis, double p99Millis) {
    if (!Double.isNaN(askedMillis)) {
      return askedMillis;
    }
    return Math.max(
        LAG_ALWAYS_ALLOWED_MILLIS, Double.isFinite(p99Millis) ? SHARE_OF_LATENCY * p99Millis : 0);
  }

  /**
   * Why the figure is void, or null if it holds.
   *
   * @param lagMillis 99th percentile of how late requests were sent
   */
  public static String verdict(double lagMillis, double askedMillis, double p99Millis) {
    double allowed = allowedMillis(askedMillis, p99Millis);
    if (lagMillis <= allowed) {
      return null;
    }
    return String.format(
        Locale.ROOT,
        "generator late: 1 %% of the requests were sent more than %.1f ms after their time (expected: at most %.1f ms;"
            + " lower the rate, or leave the generator a core of its own)",
        lagMillis,
        allowed);
  }

  /** Why a step's figure is void, or null if it holds. */
  public static String verdict(StepRecording step, double askedMillis) {
    if (step.started() == 0) {
      return "nothing was sent";
    }
    return verdict(
        step.lag().getValueAtPercentile(99) / 1000.0, askedMillis, step.quantileMillis(0.99));
  }
}
