package dev.podium.server.schedule;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.podium.server.engine.TileRunner;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The scheduler's one lock, and everything that it guards.
 *
 * <p><b>What the lock is for.</b> It is held to look at the queue and to change it: a task comes
 * in, a worker takes a tile, a tile is finished, a task ends. It is never held while a tile is
 * assembled, run or answered, while buffers are made or closed, while words for an error are put
 * together, or while a listener or a completion is called. So it is held for microseconds. Of other
 * rooms' code only what answers at once runs under it: a session's plan, whether a request shares
 * its context, and {@link TileRunner#terminate} and {@link TileRunner#rearm}, which set a flag.
 *
 * <p><b>What is guarded.</b> Every field here with {@code @GuardedBy}, and all that can be reached
 * through it: the queue with its flows and heaps, the table of workers, the versions that retire.
 * Those classes know nothing of locks; they say "not thread-safe", and this class is the only way
 * to them. Error Prone checks the annotations whenever the code is compiled: a use outside of
 * {@code lock.lock(); try { … } finally { lock.unlock(); }}, or outside of a method that is itself
 * marked {@code @GuardedBy("lock")}, is an error. {@code LockRulesTest} checks the rest: only the
 * queue's classes touch how a task waits, and nobody but this class how far it got.
 *
 * <p><b>What is handed over.</b> A worker and its tile belong to one thread at a time. The lock is
 * where they change hands, so what one thread wrote before it is seen by the next: {@link #take}
 * gives a tile to whoever uses the worker, {@link #finishTile} takes it back. What a task's tiles
 * write (features, scores, times) is read by the thread that finished its last one.
 *
 * <p><b>Who answers.</b> A task ends once: whoever gets true from {@link #end} answers it after the
 * lock is released, and then {@link Ending#release releases} it. What a task holds is given back
 * when it has ended and no tile runs for it any more, by whichever of both comes last.
 *
 * <p><b>Order of locks.</b> {@link RowPool} has a lock of its own, taken inside of this one and
 * never the other way round. There are no others.
 */
final class SchedulerState {
  /** How far a task got. Touched by {@link SchedulerState} alone. */
  static final class Progress {
    private int runningTiles;
    private int doneTiles;
    private boolean released;

    /** Which tiles of a large task are done; null for a small one. */
    private boolean[] done;
  }

  final ReentrantLock lock = new ReentrantLock();

  /** Signalled when the last task has left. */
  final Condition quiet = lock.newCondition();

  /** The workers themselves never change; who uses which does ({@link #table}). */
  private final Worker[] workers;

  @GuardedBy("lock")
  final TileQueue queue;

  @GuardedBy("lock")
  final WorkerTable table;

  @GuardedBy("lock")
  final Retirement retirement;

  /** Tasks that were accepted and have not ended, or still run. */
  @GuardedBy("lock")
  int live;

  /** Runs on callers' threads that were asked for and have not begun. */
  @GuardedBy("lock")
  int callersToCome;

  /** Whether no more tasks are accepted. */
  @GuardedBy("lock")
  boolean draining;

  /** Whether workers stop as soon as they have nothing in hand. */
  @GuardedBy("lock")
  boolean closed;

  /** When the thread that watches deadlines wakes up by itself. */
  @GuardedBy("lock")
  long deadlineWake = Long.MAX_VALUE;

  SchedulerState(SchedulerOptions options, Worker[] workers, RowPool pool) {
    this.workers = workers;
    this.queue = new TileQueue(options, pool);
    this.table = new WorkerTable(workers);
    this.retirement = new Retirement(workers, table, pool);
  }

  /** Makes an idle worker busy; the caller unparks it once the lock is released. */
  @GuardedBy("lock")
  Worker wakeOne() {
    return table.takeIdle(WorkerTable.User.OWN_THREAD);
  }

  /** Takes a task in that the queue has accepted. */
  @GuardedBy("lock")
  void entered(RankTask task) {
    live++;
    retirement.entered(task.version);
  }

  /**
   * Fills a worker's tile.
   *
   * @param late receives tasks that are too late and were ended; the caller answers them
   * @return false if nothing may run
   */
  @GuardedBy("lock")
  boolean take(Worker worker, long now, List<RankTask> late) {
    expire(now, late);
    int before = late.size();
    Tile tile = worker.tile;
    try {
      return queue.take(now, tile, late);
    } finally {
      for (int i = late.size() - 1; i >= before; i--) {
        if (!end(late.get(i))) {
          late.remove(i);
        }
      }
      for (int i = 0; i < tile.count; i++) {
        tile.tasks[i].progress.runningTiles++;
        tile.counted[i] = true;
      }
    }
  }

  /**
   * The worker's run is over: it can't be stopped any more, and counts no longer as work that is
   * being done. {@link #finishTask} follows for each of the tile's tasks.
   *
   * @param learn whether its time tells how long such a tile takes
   */
  @GuardedBy("lock")
  void finishTile(Worker worker, boolean learn, long now) {
    Tile tile = worker.tile;
    TileRunner runner = worker.running;
    worker.running = null;
    if (tile.running) {
      tile.running = false;
      queue.finished(tile);
      if (tile.terminated && runner != null) {
        runner.rearm();
      } else if (learn) {
        tile.version.queue.learn(tile.waitingMicros, (now - tile.takenAt) / 1e3);
      }
    }
  }

  /** A tile no longer runs for one of its tasks. Once is enough; twice does no harm. */
  @GuardedBy("lock")
  void finishTask(Tile tile, int index) {
    if (tile.counted[index]) {
      tile.counted[index] = false;
      tile.tasks[index].progress.runningTiles--;
    }
  }

  /** A large task was assembled: its tiles may run. */
  @GuardedBy("lock")
  void prepared(RankTask task, boolean[] done, long now) {
    task.progress.done = done;
    queue.prepared(task, now);
  }

  /**
   * A tile of a large task was scored.
   *
   * @return whether it was the last
   */
  @GuardedBy("lock")
  boolean sliceDone(RankTask task, int slice) {
    task.progress.done[slice] = true;
    task.progress.doneTiles++;
    return task.progress.doneTiles == task.tiles;
  }

  /**
   * Ends a task; runs that nobody waits for any more are stopped.
   *
   * @return whether this call ended it: then the caller answers it and releases it
   */
  @GuardedBy("lock")
  boolean end(RankTask task) {
    queue.remove(task);
    if (!task.tryEnd()) {
      return false;
    }
    if (task.progress.runningTiles > 0) {
      for (Worker worker : workers) {
        TileRunner runner = worker.running;
        Tile tile = worker.tile;
        if (runner != null && !tile.terminated && tile.contains(task) && tile.isAbandoned()) {
          terminate(tile, runner);
        }
      }
    }
    return true;
  }

  private static void terminate(Tile tile, TileRunner runner) {
    tile.terminated = true;
    try {
      runner.terminate();
    } catch (Throwable e) {
      // Then the run goes on to its end. Whoever ended the task must answer it all the same.
    }
  }

  /** Ends all tasks whose deadline has come; the caller answers them. */
  @GuardedBy("lock")
  void expire(long now, List<RankTask> expired) {
    for (RankTask task = queue.expired(now); task != null; task = queue.expired(now)) {
      // First on the list, as that may fail for lack of memory. One that has ended already is
      // forgotten as well, or this would never end.
      expired.add(task);
      if (!end(task)) {
        expired.remove(expired.size() - 1);
      }
    }
  }

  /**
   * Counts a task out.
   *
   * @return false if it still runs, or was counted out before
   */
  @GuardedBy("lock")
  boolean tryRelease(RankTask task) {
    if (!task.isEnded() || task.progress.runningTiles > 0 || task.progress.released) {
      return false;
    }
    task.progress.released = true;
    queue.remove(task);
    live--;
    if (live == 0) {
      quiet.signalAll();
    }
    return true;
  }

  /** Ends every task that waits or runs; those that go on the list are the caller's to answer. */
  @GuardedBy("lock")
  void endAll(List<RankTask> ended) {
    List<RankTask> all = new ArrayList<>();
    queue.addAllTo(all);
    for (Worker worker : workers) {
      Tile tile = worker.tile;
      for (int i = 0; tile.running && i < tile.count; i++) {
        all.add(tile.tasks[i]);
      }
    }
    for (RankTask task : all) {
      if (end(task)) {
        ended.add(task);
      }
    }
  }

  /** How many tiles of a task are done. The task has ended, so that it doesn't change any more. */
  static int doneTiles(RankTask ended) {
    return ended.progress.doneTiles;
  }

  /** Whether one tile of a task that has ended is done. */
  static boolean isDone(RankTask ended, int tile) {
    return ended.progress.done != null && ended.progress.done[tile];
  }

  /**
   * Closes what was collected, without the lock, and tells of versions that nobody holds any more.
   */
  void dispose(Retirement.Collected collected) {
    if (collected.isEmpty()) {
      return;
    }
    collected.closeRunners();
    lock.lock();
    try {
      retirement.closed(collected);
    } finally {
      lock.unlock();
    }
    collected.complete();
  }
}
