package dev.podium.server.requestlog;

/** Why a request stands in the access log. */
enum Keep {
  /** It doesn't. */
  NO,
  /** It was drawn. */
  SAMPLED,
  /** It took long. */
  SLOW,
  /** It wasn't answered; however long it took, since failures are bounded in number. */
  FAILED;

  /**
   * The rule.
   *
   * @param draw a number from 0, below 1
   */
  static Keep of(boolean failed, long nanos, long slowNanos, double sampleRatio, double draw) {
    if (failed) {
      return FAILED;
    }
    if (nanos > slowNanos) {
      return SLOW;
    }
    return draw < sampleRatio ? SAMPLED : NO;
  }
}
