package dev.podium.server.schedule;

import dev.podium.server.fault.RankException;

/**
 * Hears how a task ended. One of the methods is called, once, on a worker's thread, on the thread
 * that submitted or cancelled the task, or on the scheduler's timer thread. It should return soon,
 * as the thread has other work to do, and should not throw.
 *
 * <p>If {@link #succeeded} throws all the same, {@link #failed} is called after it, once, with
 * INTERNAL. So an implementation must bear that its answer failed half-way: what it has given back
 * it must not give back again. What {@code failed} throws goes to the thread's handler of uncaught
 * exceptions.
 */
public interface RankCompletion {
  /** The scores are there. */
  void succeeded(RankResult result);

  /** There will be no scores. */
  void failed(RankException fault);
}
