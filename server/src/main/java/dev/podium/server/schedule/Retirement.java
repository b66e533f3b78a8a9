package dev.podium.server.schedule;

import dev.podium.server.schedule.WorkerTable.User;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Lets go of versions that are no longer served: when a version's last task has ended, its runners
 * are taken from the workers, each at a moment when nobody uses the worker, and closed. Not
 * thread-safe: part of what the scheduler's lock guards ({@link SchedulerState}); what it collects
 * is closed without the lock, by {@link SchedulerState#dispose}.
 */
final class Retirement {
  /** What the scheduler holds of one version. For this class alone. */
  static final class Holdings {
    /** Completed when the last worker has let go; null until the version is retired. */
    private CompletableFuture<Void> retired;

    /** Runners of this version that workers hold, or that are being closed. */
    private int runners;

    /** Tasks that were accepted and have not ended, or still run. */
    private int live;
  }

  /** What was collected under the lock, to be closed without it. */
  static final class Collected {
    private final ArrayList<VersionRunner> runners = new ArrayList<>(0);
    private final List<ServedVersion> versions = new ArrayList<>(0);

    private final ArrayList<CompletableFuture<Void>> gone = new ArrayList<>(0);

    boolean isEmpty() {
      return runners.isEmpty() && versions.isEmpty();
    }

    void closeRunners() {
      for (int i = 0; i < runners.size(); i++) {
        try {
          runners.get(i).close();
        } catch (Throwable e) {
          Quietly.report(e);
        }
      }
    }

    /** Tells those who wait for a version to be gone. */
    void complete() {
      for (int i = 0; i < gone.size(); i++) {
        gone.get(i).complete(null);
      }
      gone.clear();
    }
  }

  private final Worker[] workers;
  private final WorkerTable table;
  private final RowPool pool;

  /** Versions whose runners are still to be collected. */
  private final List<ServedVersion> retiring = new ArrayList<>();

  Retirement(Worker[] workers, WorkerTable table, RowPool pool) {
    this.workers = workers;
    this.table = table;
    this.pool = pool;
  }

  boolean isRetired(ServedVersion version) {
    return version.holdings.retired != null;
  }

  /** Takes no more of a version; what it has is collected from now on. */
  CompletableFuture<Void> retire(ServedVersion version) {
    Holdings holdings = version.holdings;
    if (holdings.retired == null) {
      CompletableFuture<Void> retired = new CompletableFuture<>();
      retiring.add(version);
      holdings.retired = retired;
    }
    return holdings.retired;
  }

  /** A task of a version came in. */
  void entered(ServedVersion version) {
    version.holdings.live++;
  }

  /**
   * A task of a version has ended, and nothing runs for it any more.
   *
   * @return whether there is something to collect now
   */
  boolean left(ServedVersion version) {
    version.holdings.live--;
    return isRetired(version) && version.holdings.live == 0;
  }

  /** A worker has made a runner. */
  void runnerMade(ServedVersion version) {
    version.holdings.runners++;
  }

  /**
   * Takes the runners of versions that have nothing left to do from all idle workers, and from the
   * worker that the caller uses, if any.
   *
   * @param own null for none
   */
  void collect(Worker own, Collected collected) {
    for (int v = 0; v < retiring.size(); v++) {
      ServedVersion version = retiring.get(v);
      if (version.holdings.live == 0 && !collected.versions.contains(version)) {
        // Whatever may fail for lack of memory comes before the first runner is taken out.
        collected.runners.ensureCapacity(collected.runners.size() + workers.length);
        collected.gone.ensureCapacity(retiring.size());
        collected.versions.add(version);
        for (Worker worker : workers) {
          VersionRunner runner =
              worker == own || table.userOf(worker) == User.NOBODY ? worker.remove(version) : null;
          if (runner != null) {
            collected.runners.add(runner);
          }
        }
      }
    }
  }

  /** Takes all runners from a worker that stops or is in an unknown state, by whoever uses it. */
  void collectAll(Worker worker, Collected collected) {
    collect(worker, collected);
    collected.runners.ensureCapacity(collected.runners.size() + worker.runners());
    for (VersionRunner any = worker.removeAny(); any != null; any = worker.removeAny()) {
      collected.runners.add(any);
    }
  }

  /** Counts out what was collected and has been closed; {@link Collected#complete} follows. */
  void closed(Collected collected) {
    for (VersionRunner runner : collected.runners) {
      runner.version.holdings.runners--;
    }
    collected.runners.clear();
    for (ServedVersion version : collected.versions) {
      Holdings holdings = version.holdings;
      if (holdings.runners == 0 && holdings.live == 0 && retiring.remove(version)) {
        pool.drop(version);
        collected.gone.add(holdings.retired);
      }
    }
    collected.versions.clear();
  }
}
