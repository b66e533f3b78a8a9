package dev.podium.server.schedule;

import dev.podium.server.schedule.Retirement.Collected;
import dev.podium.server.schedule.WorkerTable.User;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * What a worker's own thread does: it takes the next tile, runs it, and parks when there is none.
 * Nothing spins, and a submit wakes at most one thread.
 */
final class WorkerLoop {
  private static final long RUN = 0;
  private static final long STOP = -1;

  /** How long a replacement that failed waits before it is tried again, at first and at most. */
  private static final long FIRST_PAUSE = 1_000_000;

  private static final long LONGEST_PAUSE = 1_000_000_000;

  /** How often a replacement is tried before the worker is given up, once the scheduler closes. */
  private static final int LAST_TRIES = 10;

  private final SchedulerState state;
  private final SchedulerClock clock;
  private final TileWork work;
  private final Ending ending;
  private final WorkerReplacement replacement;

  WorkerLoop(
      SchedulerState state,
      SchedulerClock clock,
      TileWork work,
      Ending ending,
      WorkerReplacement replacement) {
    this.state = state;
    this.clock = clock;
    this.work = work;
    this.ending = ending;
    this.replacement = replacement;
  }

  /** Works until the scheduler is closed. */
  void run(Worker worker) {
    List<RankTask> late = new ArrayList<>();
    Collected collected = new Collected();
    int failures = 0;
    boolean on = true;
    while (on) {
      try {
        on = step(worker, late, collected);
        failures = 0;
      } catch (Throwable e) {
        // Not the tile failed but what is around it, most likely for lack of memory.
        if (worker.broken == null) {
          worker.broken = e;
        }
        failures++;
        on = failures < LAST_TRIES || !isClosed();
        LockSupport.parkNanos(this, pause(failures));
      }
    }
  }

  /** How long to wait after some failures in a row, in nanoseconds. */
  static long pause(int failures) {
    return Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(20, failures - 1));
  }

  private boolean isClosed() {
    state.lock.lock();
    try {
      return state.closed;
    } finally {
      state.lock.unlock();
    }
  }

  /** Does one thing; false if there is nothing more to do, ever. */
  private boolean step(Worker worker, List<RankTask> late, Collected collected) {
    long next = next(worker, late, collected);
    if (!late.isEmpty() || !collected.isEmpty()) {
      state.dispose(collected);
      ending.expired(late);
      if (next > RUN) {
        // That took the lock, and waiting for a lock can swallow the unpark meant for here.
        return true;
      }
    }
    if (next == STOP) {
      return false;
    } else if (next == RUN) {
      if (worker.broken != null) {
        replacement.replace(worker);
      } else {
        runTile(worker);
      }
    } else if (next == Long.MAX_VALUE) {
      LockSupport.park(this);
    } else {
      LockSupport.parkNanos(this, next);
    }
    return true;
  }

  private void runTile(Worker worker) {
    try {
      work.run(worker);
    } catch (Throwable e) {
      worker.broken = e;
    }
  }

  /**
   * What is next: {@link #RUN} to run the worker's tile or to replace the worker, {@link #STOP}, or
   * the nanoseconds to park.
   */
  private long next(Worker worker, List<RankTask> late, Collected collected) {
    state.lock.lock();
    try {
      long now = clock.now();
      User user = state.table.userOf(worker);
      if (user == User.CALLER) {
        return Long.MAX_VALUE;
      }
      if (user == User.NOBODY) {
        long eligible = state.queue.nextEligible(now);
        if (eligible > now) {
          return eligible == Long.MAX_VALUE ? eligible : eligible - now;
        }
        state.table.giveToOwnThread(worker);
      }
      if (worker.broken != null || worker.tile.count > 0) {
        return RUN; // the latter, where a caller handed it over
      }
      if (user == User.STOPPED || state.closed) {
        state.table.stop(worker);
        state.retirement.collectAll(worker, collected);
        return STOP;
      }
      state.retirement.collect(worker, collected);
      if (state.take(worker, now, late)) {
        return RUN;
      }
      state.table.park(worker);
      long eligible = state.queue.nextEligible(now);
      return eligible == Long.MAX_VALUE ? eligible : Math.max(1, eligible - now);
    } finally {
      state.lock.unlock();
    }
  }

  /** Binds the calling thread to the worker's processor, if there is one for it. */
  static void bind(Worker worker, List<Integer> cpus, SchedulerListener listener) {
    if (cpus.isEmpty()) {
      return;
    }
    try {
      CpuAffinity.bind(cpus.get(worker.index % cpus.size()));
    } catch (IOException e) {
      listener.workerNotBound(worker.index, e);
    } catch (RuntimeException | LinkageError e) {
      listener.workerNotBound(worker.index, new IOException("sched_setaffinity: " + e, e));
    }
  }
}
