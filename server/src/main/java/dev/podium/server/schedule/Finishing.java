package dev.podium.server.schedule;

import dev.podium.server.fault.RankException;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/**
 * What follows when a tile was run, well or not: its tasks go on, are run again alone, or end and
 * are answered. Called without the lock by whoever uses the worker; leaves its tile empty.
 */
final class Finishing {
  private final SchedulerState state;
  private final SchedulerClock clock;
  private final Ending ending;
  private final Answers answers;
  private final SchedulerListener listener;
  private final LongAdder abandonedRows = new LongAdder();

  Finishing(
      SchedulerState state,
      SchedulerClock clock,
      Ending ending,
      Answers answers,
      SchedulerListener listener) {
    this.state = state;
    this.clock = clock;
    this.ending = ending;
    this.answers = answers;
    this.listener = listener;
  }

  /** Rows, since the start, of tiles whose request ended while they ran. */
  long abandonedRows() {
    return abandonedRows.sum();
  }

  /**
   * Small tasks were run.
   *
   * @param tileFault why the run failed, or null
   * @param rows rows that ran; 0 if none did
   */
  void small(Worker worker, RankException tileFault, int rows) {
    Tile tile = worker.tile;
    int alone = 0;
    int abandoned = 0;
    state.lock.lock();
    try {
      long now = clock.now();
      state.finishTile(worker, tileFault == null && rows > 0, now);
      for (int i = 0; i < tile.count; i++) {
        RankTask task = tile.tasks[i];
        boolean ended = task.isEnded();
        boolean again = !ended && tileFault != null && tile.faults[i] == null && tile.count > 1;
        if (again) {
          state.queue.addAlone(task, now);
          alone++;
        }
        state.finishTask(tile, i);
        if (ended) {
          abandoned += rows > 0 ? task.rows : 0;
        } else if (!again) {
          tile.faults[i] = tile.faults[i] == null ? tileFault : tile.faults[i];
          tile.ended[i] = state.end(task);
        }
      }
    } finally {
      state.lock.unlock();
    }
    ServedVersion version = tile.version;
    answer(tile);
    countAbandoned(version, abandoned);
    if (alone > 0) {
      listener.rerunAlone(version, alone);
    }
    tile.clear();
  }

  /**
   * A large task was assembled.
   *
   * @param done room to note which of its tiles are done
   * @param fault why it was not, or null
   */
  void prepared(Worker worker, boolean[] done, RankException fault) {
    Tile tile = worker.tile;
    RankTask task = tile.tasks[0];
    tile.faults[0] = fault;
    Worker[] woken = new Worker[task.tiles - 1];
    int count = 0;
    state.lock.lock();
    try {
      long now = clock.now();
      state.finishTile(worker, false, now);
      state.finishTask(tile, 0);
      if (!task.isEnded()) {
        if (fault != null) {
          tile.ended[0] = state.end(task);
        } else {
          state.prepared(task, done, now);
          while (count < woken.length && state.table.anyIdle()) {
            woken[count++] = state.wakeOne();
          }
        }
      }
    } finally {
      state.lock.unlock();
    }
    for (int i = 0; i < count; i++) {
      LockSupport.unpark(woken[i].thread());
    }
    answer(tile);
    tile.clear();
  }

  /**
   * A tile of a large task was run.
   *
   * @param fault why it failed, or null
   * @param runNanos time in the runtime
   * @param ran whether it ran at all
   */
  void slice(Worker worker, RankException fault, long runNanos, boolean ran) {
    Tile tile = worker.tile;
    RankTask task = tile.tasks[0];
    tile.faults[0] = fault;
    int abandoned = 0;
    state.lock.lock();
    try {
      state.finishTile(worker, fault == null && ran, clock.now());
      state.finishTask(tile, 0);
      if (task.isEnded()) {
        abandoned = ran ? tile.rows : 0;
      } else if (fault != null) {
        tile.ended[0] = state.end(task);
      } else {
        task.tilesRun++;
        task.inferNanos += runNanos;
        tile.ended[0] = state.sliceDone(task, tile.slice) && state.end(task);
      }
    } finally {
      state.lock.unlock();
    }
    answer(tile);
    tile.clear();
    countAbandoned(task.version, abandoned);
  }

  /** Answers the tasks that ended with a tile, and releases all that have ended. */
  void answer(Tile tile) {
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      if (tile.ended[i]) {
        tile.ended[i] = false;
        if (tile.faults[i] == null) {
          answers.scored(task);
        } else {
          answers.failed(task, tile.faults[i]);
        }
      }
      ending.release(task);
    }
  }

  private void countAbandoned(ServedVersion version, int rows) {
    if (rows > 0) {
      abandonedRows.add(rows);
      listener.ranAbandoned(version, rows);
    }
  }
}
