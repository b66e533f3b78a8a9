package dev.podium.server.schedule;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread that ends tasks at their deadlines, whether a worker is free or not. It sleeps until the
 * nearest one; a submit with a nearer one wakes it.
 */
final class DeadlineWatch {
  /** How long it rests after something went wrong. */
  private static final long PAUSE = 1_000_000;

  private final SchedulerState state;
  private final SchedulerClock clock;
  private final Ending ending;
  private final Thread thread = new Thread(this::run, "podium-deadlines");

  DeadlineWatch(SchedulerState state, SchedulerClock clock, Ending ending) {
    this.state = state;
    this.clock = clock;
    this.ending = ending;
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Something changed: there is a nearer deadline, or the scheduler was closed. */
  void wake() {
    LockSupport.unpark(thread);
  }

  private void run() {
    List<RankTask> expired = new ArrayList<>();
    boolean on = true;
    while (on) {
      try {
        on = watch(expired);
      } catch (Throwable e) {
        Quietly.report(e);
        LockSupport.parkNanos(this, PAUSE);
      }
    }
  }

  /** Looks once, and sleeps; false if the scheduler was closed. */
  private boolean watch(List<RankTask> expired) {
    long wait;
    try {
      state.lock.lock();
      try {
        if (state.closed) {
          return false;
        }
        long now = clock.now();
        state.expire(now, expired);
        state.deadlineWake = state.queue.earliestDeadline();
        wait = state.deadlineWake == Long.MAX_VALUE ? Long.MAX_VALUE : state.deadlineWake - now;
      } finally {
        state.lock.unlock();
      }
    } finally {
      if (!expired.isEmpty()) {
        ending.expired(expired);
        wait = 0; // Waiting for a lock can have swallowed the unpark meant for the sleep below.
      }
    }
    if (wait == Long.MAX_VALUE) {
      LockSupport.park(this);
    } else if (wait > 0) {
      LockSupport.parkNanos(this, wait);
    }
    return true;
  }
}
