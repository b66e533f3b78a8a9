package dev.podium.server.schedule;

import dev.podium.server.fault.RankException;

/**
 * Hears how a task ended. Exactly one of the methods is called, exactly once, on a worker's thread,
 * on the thread that submitted or cancelled the task, or on the scheduler's timer thread. It should
 * return soon, as the thread has other work to do, and must not throw.
 */
public interface RankCompletion {
  /** The scores are there. */
  void succeeded(RankResult result);

  /** There will be no scores. */
  void failed(RankException fault);
}
