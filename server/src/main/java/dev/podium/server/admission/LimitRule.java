package dev.podium.server.admission;

/**
 * How many rows may be in flight next, from how the last window went. A pure function.
 *
 * <p>The signal is the time that requests waited before a worker took them, weighted by their rows.
 * Unlike a round trip it does not depend on how large the requests are, so it needs no guess of
 * what a request would take on an idle server. When the limit binds, the wait is proportional to it
 * (Little's law), so a step by the ratio of the wished to the measured wait lands near the goal.
 *
 * @param minRows the limit never falls below, at least 1
 * @param maxRows the limit never rises above
 * @param targetWaitNanos the longest wait that is wished for
 */
record LimitRule(long minRows, long maxRows, long targetWaitNanos) {
  /** The most that one window may take off, and add. */
  private static final double MAX_CUT = 0.7;

  private static final double GROWTH = 1.1;

  /** What a window takes off in which accepted work was lost. */
  private static final double DROP_CUT = 0.9;

  /** Below this part of the limit in flight, the limit was not what held requests back. */
  private static final double IN_USE = 0.7;

  /** The part of the accepted rows that may be lost without a cut: accidents, not overload. */
  private static final double TOLERATED_DROPS = 0.02;

  /**
   * What happened in one window.
   *
   * @param rows rows of requests that ended in success
   * @param rowWaitNanos their waits, each times its rows
   * @param droppedRows rows of requests that were accepted but not answered in time
   * @param peakRows the most rows in flight at once
   */
  record Window(long rows, double rowWaitNanos, long droppedRows, long peakRows) {}

  /** The limit for the next window. */
  long next(long limit, Window window) {
    double next = limit;
    double wait = window.rows == 0 ? 0 : window.rowWaitNanos / window.rows;
    long ended = window.rows + window.droppedRows;
    if (wait > targetWaitNanos) {
      next = limit * Math.max(MAX_CUT, targetWaitNanos / wait);
    } else if (window.droppedRows > ended * TOLERATED_DROPS) {
      next = limit * DROP_CUT;
    } else if (window.rows > 0 && window.peakRows >= limit * IN_USE) {
      next = limit * GROWTH + 1;
    }
    return Math.max(minRows, Math.min(maxRows, (long) next));
  }
}
