package dev.podium.loadtest.arrivals;

/** Says how long the sender waits: a pure function of the time gone by and the requests sent. */
public final class Pacer {

  /** All arrivals of the plan are sent. */
  public static final long DONE = -1;

  private Pacer() {}

  /**
   * Nanoseconds until the next arrival is due.
   *
   * @param elapsedNanos since the beginning of the plan
   * @param sent number of arrivals sent so far
   * @return 0 if it is due or late: a sender that was held up sends everything that is due at once,
   *     and never thins the load out; {@link #DONE} if no arrival is left
   */
  public static long waitNanos(ArrivalPlan plan, long elapsedNanos, int sent) {
    if (sent >= plan.size()) {
      return DONE;
    }
    return Math.max(0, plan.offsetNanos(sent) - elapsedNanos);
  }
}
