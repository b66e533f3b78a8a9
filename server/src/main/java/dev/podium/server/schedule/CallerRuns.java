package dev.podium.server.schedule;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.podium.server.schedule.Retirement.Collected;
import dev.podium.server.schedule.WorkerTable.User;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/**
 * Small tiles that run on the thread that submits, in the place of an idle worker, which spares two
 * thread switches. Thread-safe.
 */
final class CallerRuns {
  private final double maxMicros;
  private final SchedulerState state;
  private final SchedulerClock clock;
  private final TileWork work;
  private final Ending ending;
  private final WorkerReplacement replacement;
  private final Runnable run = this::run;

  /**
   * @param maxMicros the longest expected tile that may run so, in microseconds
   */
  CallerRuns(
      double maxMicros,
      SchedulerState state,
      SchedulerClock clock,
      TileWork work,
      Ending ending,
      WorkerReplacement replacement) {
    this.maxMicros = maxMicros;
    this.state = state;
    this.clock = clock;
    this.work = work;
    this.ending = ending;
    this.replacement = replacement;
  }

  /** Whether a task is small enough. */
  boolean suits(RankTask task) {
    return !task.isLarge() && task.micros <= maxMicros;
  }

  /**
   * Asks for a run that has been counted in {@link SchedulerState#callersToCome}. If the caller
   * can't, a worker does it.
   */
  void handTo(Executor caller) {
    boolean taken = false;
    try {
      caller.execute(run);
      taken = true;
    } catch (Throwable e) {
      // It is shutting down, or out of memory.
    } finally {
      if (!taken) {
        wakeWorker();
      }
    }
  }

  private void wakeWorker() {
    Worker woken;
    state.lock.lock();
    try {
      state.callersToCome--;
      woken = state.wakeOne();
    } finally {
      state.lock.unlock();
    }
    if (woken != null) {
      LockSupport.unpark(woken.thread());
    }
  }

  /** Runs one tile, if there is still one and a worker that is idle. */
  private void run() {
    Worker worker;
    state.lock.lock();
    try {
      state.callersToCome--;
      worker = state.queue.waitingTasks() == 0 ? null : state.table.takeIdle(User.CALLER);
    } finally {
      state.lock.unlock();
    }
    if (worker == null) {
      return;
    }
    Collected collected = null;
    try {
      collected = new Collected();
      if (take(worker)) {
        work.run(worker);
      }
    } catch (Throwable e) {
      worker.broken = e;
      try {
        replacement.replace(worker);
      } catch (Throwable again) {
        // The worker's own thread tries again, and can wait.
      }
    }
    giveBack(worker, collected);
  }

  /**
   * Fills the worker's tile; false if there is nothing, or if it takes too long for this thread.
   */
  private boolean take(Worker worker) {
    List<RankTask> late = new ArrayList<>(0);
    boolean taken;
    try {
      state.lock.lock();
      try {
        taken = state.take(worker, clock.now(), late);
      } finally {
        state.lock.unlock();
      }
    } finally {
      ending.expired(late);
    }
    return taken && worker.tile.micros <= maxMicros;
  }

  /**
   * Gives the worker back.
   *
   * @param collected takes what is to be closed; null if there was no memory for it
   */
  private void giveBack(Worker worker, Collected collected) {
    boolean wake = true;
    try {
      state.lock.lock();
      try {
        wake = handBack(worker, collected);
      } finally {
        state.lock.unlock();
      }
    } finally {
      if (wake) {
        LockSupport.unpark(worker.thread());
      }
    }
    if (collected != null) {
      state.dispose(collected);
    }
  }

  /**
   * The worker's own thread goes on if it has a tile, if it must be replaced, or if there is more
   * to do and no other caller to come.
   *
   * @return whether its own thread goes on
   */
  @GuardedBy("state.lock")
  private boolean handBack(Worker worker, Collected collected) {
    boolean idle = false;
    try {
      if (collected != null) {
        state.retirement.collect(worker, collected);
        idle =
            worker.broken == null
                && worker.tile.count == 0
                && !state.closed
                && (state.queue.waitingTasks() == 0 || state.callersToCome > 0);
      }
    } finally {
      if (idle) {
        state.table.park(worker);
      } else {
        state.table.giveToOwnThread(worker);
      }
    }
    return !idle;
  }
}
