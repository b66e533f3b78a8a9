package dev.podium.server.schedule;

import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature.Output;
import java.util.IdentityHashMap;
import java.util.List;

/**
 * One place where tiles run: the buffers for them, kept for the worker's lifetime, and what to do
 * with a tile. Used by one thread at a time, to which the scheduler's lock hands it over: the
 * worker's own, or a submitting thread that lends itself while the worker's own is parked.
 */
final class Worker {
  /** Who uses the worker. */
  enum State {
    /** Nobody: its thread is parked, or about to be. */
    IDLE,
    /** Its own thread. */
    BUSY,
    /** A submitting thread; its own is parked. */
    CALLER,
    /** Nobody, ever again. */
    STOPPED
  }

  private static final String UNEXPECTED = "unexpected failure in the server: ";

  final int index;
  private final TileScheduler scheduler;
  private final IdentityHashMap<ServedVersion, VersionRunner> runners = new IdentityHashMap<>();

  /** Guarded by the scheduler's lock. */
  State state = State.IDLE;

  /** Guarded by the scheduler's lock. */
  Thread thread;

  /** Written under the scheduler's lock; read without it by whoever uses the worker. */
  final Tile tile = new Tile();

  /**
   * The runner whose run is in progress or about to start. Set by whoever uses the worker, before
   * it looks once more whether anybody waits for the tile; cleared under the scheduler's lock,
   * under which alone {@link TileRunner#terminate} is called. So a run that nobody waits for either
   * doesn't start or is stopped, and the next one isn't.
   */
  volatile TileRunner running;

  /** Outcome of each of the tile's tasks: an error, or null. */
  RankException[] faults = new RankException[16];

  /** Whether each of the tile's tasks was ended by this worker, which then answers it. */
  boolean[] ended = new boolean[16];

  /** First row of each task in the tile, or -1 if it isn't in it. */
  private int[] firstRows = new int[16];

  Worker(int index, TileScheduler scheduler) {
    this.index = index;
    this.scheduler = scheduler;
  }

  /** Runs the tile that was put in, answers its tasks, and leaves it empty. */
  void runTile() {
    if (faults.length < tile.count) {
      faults = new RankException[tile.tasks.length];
      firstRows = new int[tile.tasks.length];
      ended = new boolean[tile.tasks.length];
    }
    switch (tile.work) {
      case SMALL -> runSmall();
      case PREPARE -> prepare();
      case SLICE -> runSlice();
    }
  }

  /** Takes a version's buffers out, if it has any; the caller closes them. */
  VersionRunner remove(ServedVersion version) {
    return runners.remove(version);
  }

  /** Takes all buffers out; the caller closes them. */
  List<VersionRunner> removeAll() {
    List<VersionRunner> all = List.copyOf(runners.values());
    runners.clear();
    return all;
  }

  private VersionRunner runnerFor(ServedVersion version) {
    VersionRunner runner = runners.get(version);
    if (runner == null) {
      runner = new VersionRunner(version);
      runners.put(version, runner);
      scheduler.runnerMade(version);
    }
    return runner;
  }

  private void runSmall() {
    RankException tileFault = null;
    long runNanos = 0;
    int rows = 0;
    // Rows of different requests have different contexts.
    Form form = tile.count == 1 ? tile.tasks[0].form : tile.version.queue.plan().rowsForm();
    try {
      VersionRunner version = runnerFor(tile.version);
      TileRunner runner = version.runner(tile.rows);
      rows = assembleAll(version, runner, form);
      if (rows > 0) {
        long start = scheduler.now();
        if (!mayRun(runner)) {
          rows = 0;
        } else if (form == Form.SPLIT) {
          runSplit(runner, rows);
        } else {
          runner.run(rows);
        }
        if (rows > 0) {
          runNanos = scheduler.now() - start;
          scheduler
              .listener()
              .tileRan(
                  tile.version,
                  rows,
                  tile.version.queue.plan().tileRows(),
                  tile.count,
                  form,
                  runNanos);
          readAll(version, form, runNanos);
        }
      }
    } catch (RankException e) {
      tileFault = e;
    } catch (RuntimeException e) {
      tileFault = unexpected(e);
    }
    scheduler.finishSmall(this, tileFault, rows);
  }

  private boolean mayRun(TileRunner runner) {
    running = runner;
    return !tile.isAbandoned();
  }

  private static void runSplit(TileRunner runner, int rows) throws RankException {
    try (var context = runner.runContext()) {
      runner.runCandidates(context, rows);
    }
  }

  /** Writes the tasks' features one after the other; a task that is wrong leaves no gap. */
  private int assembleAll(VersionRunner version, TileRunner runner, Form form) {
    TensorBuffers context = form == Form.SPLIT ? runner.contextRow() : null;
    TensorBuffers target = form == Form.SPLIT ? runner.candidateRows() : runner.rows();
    int row = 0;
    long start = scheduler.now();
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      faults[i] = null;
      firstRows[i] = -1;
      if (task.isEnded()) {
        continue;
      }
      try {
        start = assemble(version, task, context, target, row, start);
        firstRows[i] = row;
        row += task.rows;
      } catch (RankException e) {
        faults[i] = e;
      } catch (RuntimeException e) {
        faults[i] = unexpected(e);
      }
    }
    return row;
  }

  private long assemble(
      VersionRunner version,
      RankTask task,
      TensorBuffers context,
      TensorBuffers target,
      int row,
      long start)
      throws RankException {
    version.tally.clear();
    task.request.fill(version.assembler, context, target, row, version.tally);
    task.warnings = version.tally.warnings();
    long end = scheduler.now();
    task.assembleNanos = end - start;
    scheduler.listener().assembled(task.version, version.tally, end - start);
    return end;
  }

  private void readAll(VersionRunner version, Form form, long runNanos) {
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      if (firstRows[i] < 0 || task.isEnded()) {
        continue;
      }
      try {
        float[][] scores = newScores(task);
        version.readScores(firstRows[i], task.rows, scores, 0);
        task.scores = scores;
        task.ran = form;
        task.inferNanos = runNanos;
        task.tilesRun = 1;
      } catch (RankException e) {
        faults[i] = e;
      }
    }
  }

  private void prepare() {
    RankTask task = tile.tasks[0];
    RankException fault = null;
    try {
      if (!task.isEnded()) {
        VersionRunner version = runnerFor(tile.version);
        TileRunner runner = version.runner(1);
        task.scores = newScores(task);
        task.done = new boolean[task.tiles];
        task.assembled = scheduler.pool().acquire(task);
        assemble(
            version,
            task,
            task.form == Form.SPLIT ? runner.contextRow() : null,
            task.assembled,
            0,
            scheduler.now());
        if (task.form == Form.SPLIT && mayRun(runner)) {
          long start = scheduler.now();
          task.context = runner.runContext();
          task.inferNanos = scheduler.now() - start;
        }
      }
    } catch (RankException e) {
      fault = e;
    } catch (RuntimeException e) {
      fault = unexpected(e);
    }
    scheduler.finishPrepare(this, fault);
  }

  private void runSlice() {
    RankTask task = tile.tasks[0];
    RankException fault = null;
    long runNanos = 0;
    boolean ran = false;
    try {
      VersionRunner version = runnerFor(tile.version);
      TileRunner runner = version.runner(tile.rows);
      if (!task.isEnded()) {
        TensorBuffers target = task.form == Form.SPLIT ? runner.candidateRows() : runner.rows();
        target.copyRows(task.assembled, tile.firstRow, 0, tile.rows);
        long start = scheduler.now();
        if (mayRun(runner)) {
          ran = true;
          if (task.form == Form.SPLIT) {
            runner.runCandidates(task.context, tile.rows);
          } else {
            runner.run(tile.rows);
          }
          runNanos = scheduler.now() - start;
          scheduler
              .listener()
              .tileRan(
                  tile.version,
                  tile.rows,
                  tile.version.queue.plan().tileRows(),
                  1,
                  task.form,
                  runNanos);
          version.readScores(0, tile.rows, task.scores, tile.firstRow);
        }
      }
    } catch (RankException e) {
      fault = e;
    } catch (RuntimeException e) {
      fault = unexpected(e);
    }
    scheduler.finishSlice(this, fault, runNanos, ran);
  }

  private static float[][] newScores(RankTask task) {
    List<Output> outputs = task.version.signature().outputs();
    float[][] scores = new float[outputs.size()][];
    for (int o = 0; o < scores.length; o++) {
      scores[o] = new float[Math.multiplyExact(task.rows, outputs.get(o).width())];
    }
    return scores;
  }

  private static RankException unexpected(RuntimeException e) {
    return new RankException(FaultCode.INTERNAL, UNEXPECTED + e, e);
  }
}
