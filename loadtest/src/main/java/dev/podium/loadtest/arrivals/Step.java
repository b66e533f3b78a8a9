package dev.podium.loadtest.arrivals;

/**
 * A stretch of a plan with one mean rate.
 *
 * @param rate planned requests a second
 * @param warmUp whether its requests are sent and counted, but are no part of the result
 * @param startNanos its beginning, from the beginning of the plan
 * @param durationNanos its length
 * @param first its first arrival's number in the plan
 * @param end one more than its last arrival's number
 */
public record Step(
    double rate, boolean warmUp, long startNanos, long durationNanos, int first, int end) {

  /** Number of arrivals. */
  public int planned() {
    return end - first;
  }
}
