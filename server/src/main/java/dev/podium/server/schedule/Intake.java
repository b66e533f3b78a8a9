package dev.podium.server.schedule;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;

/** Takes tasks in, or refuses them, and sees to it that somebody runs them. Thread-safe. */
final class Intake {
  private final SchedulerState state;
  private final SchedulerClock clock;
  private final Ending ending;
  private final Answers answers;
  private final CallerRuns callerRuns;
  private final DeadlineWatch deadlines;
  private final long partialMargin;

  /**
   * @param partialMargin how long before its deadline a task that allows a partial answer is
   *     answered, in nanoseconds
   */
  Intake(
      SchedulerState state,
      SchedulerClock clock,
      Ending ending,
      Answers answers,
      CallerRuns callerRuns,
      DeadlineWatch deadlines,
      long partialMargin) {
    this.state = state;
    this.clock = clock;
    this.ending = ending;
    this.answers = answers;
    this.callerRuns = callerRuns;
    this.deadlines = deadlines;
    this.partialMargin = partialMargin;
  }

  /**
   * As {@link TileScheduler#submit(RankTask, Executor)}.
   *
   * @param caller null for none
   */
  void submit(RankTask task, Executor caller) {
    task.offeredTo(ending);
    Worker woken = null;
    boolean callerWillRun = false;
    boolean nearest = false;
    boolean answer = false;
    Refusal refusal;
    state.lock.lock();
    try {
      refusal = accept(task);
      if (refusal != null) {
        answer = task.tryEnd();
      } else {
        callerWillRun = caller != null && state.table.anyIdle() && callerRuns.suits(task);
        if (callerWillRun) {
          state.callersToCome++;
        } else {
          woken = state.wakeOne();
        }
        nearest = task.deadline < state.deadlineWake;
        if (nearest) {
          state.deadlineWake = task.deadline;
        }
      }
    } finally {
      state.lock.unlock();
    }
    if (refusal != null) {
      answers.refused(task, refusal, answer);
      return;
    }
    if (nearest) {
      deadlines.wake();
    }
    if (callerWillRun) {
      callerRuns.handTo(caller);
    } else if (woken != null) {
      LockSupport.unpark(woken.thread());
    }
  }

  @GuardedBy("state.lock")
  private Refusal accept(RankTask task) {
    if (state.draining) {
      return new Refusal.ShuttingDown();
    }
    if (state.retirement.isRetired(task.version)) {
      return new Refusal.Unloading(task.version);
    }
    if (!task.tryAccept()) {
      return new Refusal.CancelledBefore();
    }
    task.arrival = clock.since(task.arrivalNanos);
    task.deadline = deadline(task);
    try {
      Refusal refusal = state.queue.offer(task, clock.now(), state.table.anyIdle());
      if (refusal == null) {
        state.entered(task);
      }
      return refusal;
    } catch (Throwable e) {
      state.queue.remove(task);
      return new Refusal.Unexpected(e);
    }
  }

  /** When the task must be answered: somewhat before its deadline if part of it is welcome. */
  private long deadline(RankTask task) {
    if (task.deadlineNanos == RankTask.NO_DEADLINE) {
      return RankTask.NO_DEADLINE;
    }
    long deadline = clock.since(task.deadlineNanos);
    if (!task.allowPartial) {
      return deadline;
    }
    long budget = Math.max(0, deadline - task.arrival);
    return deadline - Math.min(partialMargin, budget / 4);
  }
}
