package dev.podium.loadtest.search;

import dev.podium.loadtest.measure.StepRecording;

/** The figures of one step that objectives bound. */
public interface StepFigures {

  /**
   * The latency in milliseconds that this share of all requests did not exceed; infinite if too
   * many failed.
   */
  double quantileMillis(double quantile);

  /** Mean latency of the answered requests in milliseconds; NaN if there are none. */
  double meanMillis();

  /** Failures as a share of all requests. */
  double errorShare();

  /** Answered requests a second. */
  double answeredPerSecond();

  /** The figures of a recorded step. */
  static StepFigures of(StepRecording step) {
    return new StepFigures() {
      @Override
      public double quantileMillis(double quantile) {
        return step.quantileMillis(quantile);
      }

      @Override
      public double meanMillis() {
        return step.latency().getTotalCount() == 0 ? Double.NaN : step.latency().getMean() / 1000;
      }

      @Override
      public double errorShare() {
        return step.errorShare();
      }

      @Override
      public double answeredPerSecond() {
        return step.answeredPerSecond();
      }
    };
  }
}
