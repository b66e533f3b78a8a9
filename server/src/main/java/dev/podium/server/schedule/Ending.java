package dev.podium.server.schedule;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.schedule.Retirement.Collected;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * What follows when a task has ended: it is answered, and when nothing runs for it any more, what
 * it held is given back. Thread-safe; called without the lock.
 */
final class Ending {
  private final SchedulerState state;
  private final RowPool pool;
  private final Answers answers;

  Ending(SchedulerState state, RowPool pool, Answers answers) {
    this.state = state;
    this.pool = pool;
    this.answers = answers;
  }

  /**
   * Ends a task for its caller.
   *
   * @return whether this call ended it
   */
  boolean cancel(RankTask task, RankException fault) {
    boolean ended;
    state.lock.lock();
    try {
      ended = state.end(task);
    } finally {
      state.lock.unlock();
    }
    if (ended) {
      answers.cancelled(task, fault);
      release(task);
    }
    return ended;
  }

  /** Answers and releases tasks that were ended as they were too late, and empties the list. */
  void expired(List<RankTask> tasks) {
    if (!tasks.isEmpty()) {
      answers.expired(tasks);
      tasks.forEach(this::release);
      tasks.clear();
    }
  }

  /** Answers and releases tasks that were ended as the scheduler was closed. */
  void dropped(List<RankTask> tasks) {
    tasks.forEach(answers::dropped);
    tasks.forEach(this::release);
  }

  /**
   * Gives back what a task held, if it has ended and nothing runs for it any more. To be called by
   * whoever ended it or ran for it, after that; more calls than one do no harm.
   */
  void release(RankTask task) {
    ContextTensors context = null;
    Worker woken = null;
    Collected collected = null;
    try {
      state.lock.lock();
      try {
        if (!state.tryRelease(task)) {
          return;
        }
        context = task.context;
        task.context = null;
        boolean versionIsFree = state.retirement.left(task.version);
        if (task.isLarge() && task.takenAt >= 0) {
          TensorBuffers buffers = task.assembled;
          task.assembled = null;
          pool.release(task, buffers);
          woken = state.queue.waitingTasks() > 0 ? state.wakeOne() : null;
        }
        if (versionIsFree) {
          collected = new Collected();
          state.retirement.collect(null, collected);
        }
      } finally {
        state.lock.unlock();
      }
    } finally {
      if (woken != null) {
        LockSupport.unpark(woken.thread());
      }
      if (context != null) {
        Quietly.run(context::close);
      }
    }
    if (collected != null) {
      state.dispose(collected);
    }
  }
}
