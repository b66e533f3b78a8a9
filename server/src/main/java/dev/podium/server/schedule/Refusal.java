package dev.podium.server.schedule;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.SchedulerListener.RefusalReason;

/**
 * Why a task was not taken in, in figures. Refusals are decided under the scheduler's lock, and
 * under overload there are many of them: their words are made later, by {@link #fault}, without the
 * lock.
 */
sealed interface Refusal {
  /** What meters count it as. */
  RefusalReason reason();

  /** What the caller is told. */
  RankException fault();

  /**
   * The queue holds as many rows as it may.
   *
   * @param waitingRows rows that wait
   * @param maxRows the most that may wait, for this task's priority
   * @param excessMicros how long it takes until there is room
   */
  record QueueFull(long waitingRows, long maxRows, double excessMicros) implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.QUEUE_FULL;
    }

    @Override
    public RankException fault() {
      return overloaded(
          waitingRows + " rows wait (expected: at most " + maxRows + ")", excessMicros);
    }
  }

  /** The task would wait longer than work may. Times are microseconds. */
  record WaitTooLong(double waitMicros, double maxMicros) implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.WAIT_TOO_LONG;
    }

    @Override
    public RankException fault() {
      return overloaded(
          "expected wait "
              + millis(waitMicros)
              + " ms (expected: at most "
              + millis(maxMicros)
              + ")",
          waitMicros - maxMicros);
    }
  }

  /** The answer would come too late. Times are microseconds from now. */
  record DeadlineTooNear(double answerMicros, double allowedMicros) implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.DEADLINE_TOO_NEAR;
    }

    @Override
    public RankException fault() {
      return overloaded(
          "the answer would take "
              + millis(answerMicros)
              + " ms (expected: at most "
              + millis(allowedMicros)
              + ", to meet the deadline)",
          answerMicros - allowedMicros);
    }
  }

  /** The scheduler is draining. */
  record ShuttingDown() implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.UNAVAILABLE;
    }

    @Override
    public RankException fault() {
      return new RankException(FaultCode.UNAVAILABLE, "the server is shutting down");
    }
  }

  /** The version is being retired. */
  record Unloading(ServedVersion version) implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.UNAVAILABLE;
    }

    @Override
    public RankException fault() {
      return new RankException(FaultCode.UNAVAILABLE, "model " + version + ": is being unloaded");
    }
  }

  /** The caller had cancelled the task, and has been told so, before it was submitted. */
  record CancelledBefore() implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.UNAVAILABLE;
    }

    @Override
    public RankException fault() {
      return new RankException(FaultCode.CANCELLED, "cancelled by the caller");
    }
  }

  /** Something went wrong that no request should be able to cause. */
  record Unexpected(Throwable cause) implements Refusal {
    @Override
    public RefusalReason reason() {
      return RefusalReason.UNAVAILABLE;
    }

    @Override
    public RankException fault() {
      return Answers.unexpected(cause);
    }
  }

  private static RankException overloaded(String what, double excessMicros) {
    long millis = Math.max(1, Math.min(60_000, (long) Math.ceil(excessMicros / 1000)));
    return RankException.overloaded("queue: " + what, millis);
  }

  /**
   * Two digits, so that refusals of a moment say the same in most cases: the connection's header
   * compression then sends one byte for the sentence.
   */
  private static String millis(double micros) {
    // No String.format: refusals must be cheap when there are many of them.
    long tenths = Math.round(micros / 100);
    return tenths >= 100
        ? Long.toString(Math.round(micros / 1000))
        : tenths / 10 + "." + Math.abs(tenths % 10);
  }
}
