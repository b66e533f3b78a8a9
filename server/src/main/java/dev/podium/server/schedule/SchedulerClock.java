package dev.podium.server.schedule;

import java.util.function.LongSupplier;

/** The scheduler's time: nanoseconds since the scheduler was made. Thread-safe. */
final class SchedulerClock {
  private final LongSupplier nanos;
  private final long origin;

  /**
   * @param nanos as {@link System#nanoTime}
   */
  SchedulerClock(LongSupplier nanos) {
    this.nanos = nanos;
    this.origin = nanos.getAsLong();
  }

  long now() {
    return nanos.getAsLong() - origin;
  }

  /** A time of the clock underneath, as the scheduler counts it. */
  long since(long time) {
    return time - origin;
  }
}
