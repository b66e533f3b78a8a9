package dev.podium.server.schedule;

import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.Retirement.Collected;
import java.util.concurrent.atomic.LongAdder;

/**
 * Makes a worker as good as new after something that no request should be able to cause: fails what
 * it was at and frees its buffers, of which nobody knows what state they are in. Its thread is
 * kept, as an exception that was caught leaves nothing behind on it; so a replacement needs no new
 * thread, which might not be had just then.
 *
 * <p>A replacement can fail half-way, most likely for lack of memory. Each of its steps notes on
 * the tile or the worker that it is done, so it is simply tried again.
 */
final class WorkerReplacement {
  private final SchedulerState state;
  private final SchedulerClock clock;
  private final Finishing finishing;
  private final SchedulerListener listener;
  private final LongAdder replaced = new LongAdder();

  WorkerReplacement(
      SchedulerState state, SchedulerClock clock, Finishing finishing, SchedulerListener listener) {
    this.state = state;
    this.clock = clock;
    this.finishing = finishing;
    this.listener = listener;
  }

  /** Workers replaced since the start. */
  long count() {
    return replaced.sum();
  }

  /**
   * Replaces a worker that is {@link Worker#broken}; called without the lock by whoever uses it. If
   * this throws, it is to be called again.
   */
  void replace(Worker worker) {
    Tile tile = worker.tile;
    RankException fault = Answers.internal("a worker died while it scored this: ", worker.broken);
    Collected collected = new Collected();
    state.lock.lock();
    try {
      state.finishTile(worker, false, clock.now());
      for (int i = 0; i < tile.count; i++) {
        if (tile.counted[i]) {
          state.finishTask(tile, i);
          tile.faults[i] = fault;
          tile.ended[i] = state.end(tile.tasks[i]);
        }
      }
      state.retirement.collectAll(worker, collected);
    } finally {
      state.lock.unlock();
    }
    state.dispose(collected);
    finishing.answer(tile);
    tile.clear();
    replaced.increment();
    Throwable cause = worker.broken;
    worker.broken = null;
    listener.workerReplaced(cause);
  }
}
