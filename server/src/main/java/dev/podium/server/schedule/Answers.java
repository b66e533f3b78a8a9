package dev.podium.server.schedule;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import java.util.List;

/**
 * Tells the callers of ended tasks, and the listener, how they ended. Never throws: what can't be
 * put together, or can't be told, fails its own task and no other.
 */
final class Answers {
  private static final String UNEXPECTED = "unexpected failure in the server: ";

  /** For when there is no memory for a sentence of its own. */
  private static final RankException NO_WORDS =
      new RankException(FaultCode.INTERNAL, UNEXPECTED + "out of memory");

  private final SchedulerClock clock;
  private final SchedulerListener listener;

  /**
   * @param listener doesn't throw
   */
  Answers(SchedulerClock clock, SchedulerListener listener) {
    this.clock = clock;
    this.listener = listener;
  }

  void scored(RankTask task) {
    try {
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
    } catch (Throwable e) {
      failed(task, unexpected(e));
    }
  }

  void failed(RankTask task, RankException fault) {
    send(task, Outcome.FAILED, null, fault);
  }

  void cancelled(RankTask task, RankException fault) {
    send(task, Outcome.CANCELLED, null, fault);
  }

  /** The scheduler was closed. */
  void dropped(RankTask task) {
    RankException fault;
    try {
      fault = new RankException(FaultCode.UNAVAILABLE, "the server stopped before this was scored");
    } catch (Throwable e) {
      fault = NO_WORDS;
    }
    send(task, Outcome.DROPPED, null, fault);
  }

  /** Answers a task that was not taken in, unless it was answered before. */
  void refused(RankTask task, Refusal refusal, boolean answer) {
    listener.refused(task.version, task.rows, refusal.reason());
    if (answer) {
      RankException fault;
      try {
        fault = refusal.fault();
      } catch (Throwable e) {
        fault = unexpected(e);
      }
      fail(task.completion, fault);
    }
  }

  /** Answers tasks that were taken out at their deadline, or because they can't meet it. */
  void expired(List<RankTask> tasks) {
    for (RankTask task : tasks) {
      expired(task);
    }
  }

  private void expired(RankTask task) {
    RankResult partial = null;
    RankException fault = null;
    Outcome outcome = Outcome.EXPIRED;
    try {
      partial = task.allowPartial ? PartialScores.of(task) : null;
      if (partial != null) {
        outcome = Outcome.PARTIAL;
      } else {
        String how =
            clock.now() < task.deadline
                ? "can no longer be met"
                : task.takenAt < 0 ? "passed in the queue" : "passed while tiles ran";
        fault =
            new RankException(
                FaultCode.DEADLINE_EXCEEDED, "deadline: " + how + ", " + task.rows + " rows");
      }
    } catch (Throwable e) {
      outcome = Outcome.FAILED;
      fault = unexpected(e);
    }
    send(task, outcome, partial, fault);
  }

  private void send(RankTask task, Outcome outcome, RankResult result, RankException fault) {
    long at = clock.now();
    long wait = (task.takenAt < 0 ? at : task.takenAt) - task.arrival;
    listener.ended(task.version, task.rows, outcome, wait, at - task.arrival, result, fault);
    if (result == null) {
      fail(task.completion, fault);
      return;
    }
    try {
      task.completion.succeeded(result);
    } catch (Throwable e) {
      Quietly.report(e);
      fail(task.completion, unexpected(e));
    }
  }

  /** Tells a completion that there will be no scores. */
  static void fail(RankCompletion completion, RankException fault) {
    try {
      completion.failed(fault);
    } catch (Throwable e) {
      Quietly.report(e);
    }
  }

  /** What a caller is told of something that no request should be able to cause. */
  static RankException unexpected(Throwable cause) {
    return internal(UNEXPECTED, cause);
  }

  /** A sentence of some words and of what happened. */
  static RankException internal(String words, Throwable cause) {
    try {
      return new RankException(FaultCode.INTERNAL, words + cause, cause);
    } catch (Throwable e) {
      return NO_WORDS;
    }
  }

  static int micros(long nanos) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(0, nanos / 1000));
  }
}
