package dev.podium.server.schedule;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import java.util.List;
import java.util.function.LongSupplier;

/** Tells the callers of ended tasks, and the listener, how they ended. Never throws. */
final class Answers {
  private final LongSupplier now;
  private final SchedulerListener listener;

  /**
   * @param now nanoseconds since the scheduler was made
   */
  Answers(LongSupplier now, SchedulerListener listener) {
    this.now = now;
    this.listener = listener;
  }

  void scored(RankTask task) {
    RankResult result =
        new RankResult(
            task.scores,
            null,
            micros(task.takenAt - task.arrival),
            micros(task.assembleNanos),
            micros(task.inferNanos),
            task.tilesRun,
            task.ran,
            task.warnings);
    send(task, Outcome.SCORED, result, null);
  }

  void failed(RankTask task, RankException fault) {
    send(task, Outcome.FAILED, null, fault);
  }

  void cancelled(RankTask task, RankException fault) {
    send(task, Outcome.CANCELLED, null, fault);
  }

  void dropped(RankTask task) {
    RankException fault =
        new RankException(FaultCode.UNAVAILABLE, "the server stopped before this was scored");
    send(task, Outcome.DROPPED, null, fault);
  }

  /** Answers tasks that were taken out at their deadline, or because they can't meet it. */
  void expired(List<RankTask> tasks) {
    for (RankTask task : tasks) {
      RankResult partial = task.allowPartial ? PartialScores.of(task) : null;
      if (partial != null) {
        send(task, Outcome.PARTIAL, partial, null);
      } else {
        String how =
            now.getAsLong() < task.deadline
                ? "can no longer be met"
                : task.takenAt < 0 ? "passed in the queue" : "passed while tiles ran";
        RankException fault =
            new RankException(
                FaultCode.DEADLINE_EXCEEDED, "deadline: " + how + ", " + task.rows + " rows");
        send(task, Outcome.EXPIRED, null, fault);
      }
    }
  }

  private void send(RankTask task, Outcome outcome, RankResult result, RankException fault) {
    long at = now.getAsLong();
    long wait = (task.takenAt < 0 ? at : task.takenAt) - task.arrival;
    try {
      listener.ended(task.version, task.rows, outcome, wait, at - task.arrival, result, fault);
    } catch (Throwable e) {
      report(e);
    }
    try {
      if (result != null) {
        task.completion.succeeded(result);
      } else {
        task.completion.failed(fault);
      }
    } catch (Throwable e) {
      report(e);
    }
  }

  /** One caller's broken completion must not keep the others of its tile from theirs. */
  private static void report(Throwable e) {
    Thread thread = Thread.currentThread();
    thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
  }

  static int micros(long nanos) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(0, nanos / 1000));
  }
}
