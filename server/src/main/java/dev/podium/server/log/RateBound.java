package dev.podium.server.log;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Lets a number of things through each second. Thread-safe. */
public final class RateBound {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final int perSecond;
  private final LongSupplier clock;
  private long second;
  private int passed;
  private long heldBack;

  /**
   * @param perSecond how many, at least 1
   * @param clock nanoseconds
   */
  public RateBound(int perSecond, LongSupplier clock) {
    if (perSecond < 1) {
      throw new IllegalArgumentException("perSecond: " + perSecond + " (expected: at least 1)");
    }
    this.perSecond = perSecond;
    this.clock = clock;
    this.second = clock.getAsLong();
  }

  /**
   * Asks for one more.
   *
   * @return -1 if it is held back; otherwise how many have been since the last one that passed
   */
  public synchronized long pass() {
    long now = clock.getAsLong();
    if (now - second >= SECOND) {
      second = now;
      passed = 0;
    }
    if (passed == perSecond) {
      heldBack++;
      return -1;
    }
    passed++;
    long before = heldBack;
    heldBack = 0;
    return before;
  }
}
