package dev.podium.server.schedule;

import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.SchedulerListener.Refusal;

/**
 * What is let into the queue: nothing that would make it too long, and nothing that could not be
 * answered in time. Sheddable work is refused first, as it may use half of every bound.
 *
 * @param maxRows the most rows that wait
 * @param maxWaitMicros the longest expected wait
 */
record SheddingPolicy(long maxRows, double maxWaitMicros) {
  /** Why something is refused. */
  record Refused(Refusal reason, RankException fault) {}

  /**
   * Decides about one task, when not all workers are free or something waits already.
   *
   * @param priority the task's
   * @param rows its rows
   * @param waitingRows rows that wait already
   * @param waitMicros how long it would wait
   * @param runMicros how long it would then run
   * @param budgetMicros how long its caller waits, from now; infinite if there is no deadline
   * @return null if it may come in
   */
  Refused check(
      Priority priority,
      int rows,
      long waitingRows,
      double waitMicros,
      double runMicros,
      double budgetMicros) {
    double share = share(priority);
    if (waitingRows > 0 && waitingRows + rows > maxRows * share) {
      return refused(
          Refusal.QUEUE_FULL,
          "queue: "
              + waitingRows
              + " rows wait (expected: at most "
              + (long) (maxRows * share)
              + ")",
          waitMicros / 2);
    }
    if (waitMicros > maxWaitMicros * share) {
      return refused(
          Refusal.WAIT_TOO_LONG,
          "queue: expected wait "
              + millis(waitMicros)
              + " ms (expected: at most "
              + millis(maxWaitMicros * share)
              + ")",
          waitMicros - maxWaitMicros * share);
    }
    double allowed = budgetMicros * plannable(priority);
    if (waitMicros > 0 && waitMicros + runMicros > allowed) {
      return refused(
          Refusal.DEADLINE_TOO_NEAR,
          "queue: the answer would take "
              + millis(waitMicros + runMicros)
              + " ms (expected: at most "
              + millis(allowed)
              + ", to meet the deadline)",
          waitMicros + runMicros - allowed);
    }
    return null;
  }

  private static double share(Priority priority) {
    return switch (priority) {
      case CRITICAL -> 1;
      case NORMAL -> 0.9;
      case SHEDDABLE -> 0.5;
    };
  }

  /**
   * The part of a deadline that may be planned for. Under overload the queue holds as much as this
   * lets in, so every answer takes about so long: the rest is for tiles that take longer than
   * expected, for what else the machine does, and for the answer's way home, lest work be done that
   * then comes too late. A longer queue would serve nobody more, as the workers are busy anyway.
   */
  private static double plannable(Priority priority) {
    return switch (priority) {
      case CRITICAL -> 0.85;
      case NORMAL -> 0.75;
      case SHEDDABLE -> 0.5;
    };
  }

  private static Refused refused(Refusal reason, String message, double excessMicros) {
    long millis = Math.max(1, Math.min(60_000, (long) Math.ceil(excessMicros / 1000)));
    return new Refused(reason, RankException.overloaded(message, millis));
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
