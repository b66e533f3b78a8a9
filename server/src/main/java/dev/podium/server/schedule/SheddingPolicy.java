package dev.podium.server.schedule;

import dev.podium.server.fault.Priority;

/**
 * What is let into the queue: nothing that would make it too long, and nothing that could not be
 * answered in time. Sheddable work is refused first, as it may use half of every bound. A pure
 * function.
 *
 * @param maxRows the most rows that wait
 * @param maxWaitMicros the longest expected wait
 */
record SheddingPolicy(long maxRows, double maxWaitMicros) {
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
  Refusal check(
      Priority priority,
      int rows,
      long waitingRows,
      double waitMicros,
      double runMicros,
      double budgetMicros) {
    double share = share(priority);
    if (waitingRows > 0 && waitingRows + rows > maxRows * share) {
      return new Refusal.QueueFull(waitingRows, (long) (maxRows * share), waitMicros / 2);
    }
    if (waitMicros > maxWaitMicros * share) {
      return new Refusal.WaitTooLong(waitMicros, maxWaitMicros * share);
    }
    double allowed = budgetMicros * plannable(priority);
    if (waitMicros > 0 && waitMicros + runMicros > allowed) {
      return new Refusal.DeadlineTooNear(waitMicros + runMicros, allowed);
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
}
