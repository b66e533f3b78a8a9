package dev.podium.server.schedule;

import dev.podium.server.schedule.Worker.State;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets go of versions that are no longer served: when a version's last task has ended, its runners
 * are taken from the workers, each at a moment when nobody uses the worker, and closed.
 */
final class Retirement {
  private final ReentrantLock lock;
  private final Worker[] workers;
  private final RowPool pool;

  /** Versions whose runners are still to be collected. Guarded by the lock. */
  private final List<ServedVersion> retiring = new ArrayList<>();

  /** What was collected under the lock, to be closed without it. */
  static final class Collected {
    private final List<VersionRunner> runners = new ArrayList<>(0);
    private final List<ServedVersion> versions = new ArrayList<>(0);

    boolean isEmpty() {
      return runners.isEmpty() && versions.isEmpty();
    }
  }

  Retirement(ReentrantLock lock, Worker[] workers, RowPool pool) {
    this.lock = lock;
    this.workers = workers;
    this.pool = pool;
  }

  /** Marks a version. Called under the lock. */
  void start(ServedVersion version) {
    version.retired = new CompletableFuture<>();
    retiring.add(version);
  }

  /**
   * Takes the runners of versions that have nothing left to do from all idle workers, and from the
   * worker that the caller uses, if any. Called under the lock; {@link #finish} must follow.
   */
  void collect(Worker own, Collected collected) {
    for (int v = 0; v < retiring.size(); v++) {
      ServedVersion version = retiring.get(v);
      if (version.live == 0 && !collected.versions.contains(version)) {
        collected.versions.add(version);
        for (Worker worker : workers) {
          VersionRunner runner =
              worker == own || worker.state == State.IDLE ? worker.remove(version) : null;
          if (runner != null) {
            collected.runners.add(runner);
          }
        }
      }
    }
  }

  /**
   * Takes all runners from a worker that stops or is in a state that nobody knows. Called under the
   * lock by whoever has the worker; {@link #finish} must follow.
   */
  void collectAll(Worker worker, Collected collected) {
    collect(worker, collected);
    collected.runners.addAll(worker.removeAll());
  }

  /** Closes what was collected, and reports the versions that nobody holds any more. */
  void finish(Collected collected) {
    if (collected.isEmpty()) {
      return;
    }
    collected.runners.forEach(VersionRunner::close);
    List<ServedVersion> done = new ArrayList<>(1);
    lock.lock();
    try {
      collected.runners.forEach(runner -> runner.version.runners--);
      for (ServedVersion version : collected.versions) {
        if (version.runners == 0 && version.live == 0 && retiring.remove(version)) {
          pool.drop(version.queue);
          done.add(version);
        }
      }
    } finally {
      lock.unlock();
    }
    collected.runners.clear();
    collected.versions.clear();
    done.forEach(version -> version.retired.complete(null));
  }
}
