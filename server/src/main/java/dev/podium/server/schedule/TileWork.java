package dev.podium.server.schedule;

import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature.Output;
import java.util.List;

/**
 * What is done with a tile: its tasks' features are assembled, the runner runs them, the scores are
 * read. Called without the lock by whoever uses the worker. An exception fails the tile; an error
 * is thrown, and the worker must be replaced.
 */
final class TileWork {
  private final SchedulerState state;
  private final SchedulerClock clock;
  private final RowPool pool;
  private final Finishing finishing;
  private final SchedulerListener listener;

  TileWork(
      SchedulerState state,
      SchedulerClock clock,
      RowPool pool,
      Finishing finishing,
      SchedulerListener listener) {
    this.state = state;
    this.clock = clock;
    this.pool = pool;
    this.finishing = finishing;
    this.listener = listener;
  }

  /** Runs the worker's tile, and leaves it empty. */
  void run(Worker worker) {
    switch (worker.tile.work) {
      case SMALL -> runSmall(worker);
      case PREPARE -> prepare(worker);
      case SLICE -> runSlice(worker);
    }
  }

  private VersionRunner runnerFor(Worker worker, ServedVersion version) {
    VersionRunner runner = worker.runner(version);
    if (runner == null) {
      runner = new VersionRunner(version);
      keep(worker, runner);
    }
    return runner;
  }

  private void keep(Worker worker, VersionRunner made) {
    boolean kept = false;
    try {
      worker.keep(made);
      state.lock.lock();
      try {
        state.retirement.runnerMade(made.version);
        kept = true;
      } finally {
        state.lock.unlock();
      }
    } finally {
      if (!kept) {
        worker.remove(made.version);
        made.close();
      }
    }
  }

  private void runSmall(Worker worker) {
    Tile tile = worker.tile;
    RankException tileFault = null;
    int rows = 0;
    // Rows of different requests have different contexts.
    Form form = tile.count == 1 ? tile.tasks[0].form : tile.version.session().plan().rowsForm();
    try {
      VersionRunner version = runnerFor(worker, tile.version);
      TileRunner runner = version.runner(tile.rows);
      rows = assembleAll(tile, version, runner, form);
      if (rows > 0) {
        long start = clock.now();
        if (!mayRun(worker, runner)) {
          rows = 0;
        } else if (form == Form.SPLIT) {
          runSplit(runner, rows);
        } else {
          runner.run(rows);
        }
        if (rows > 0) {
          long runNanos = clock.now() - start;
          tileRan(tile, rows, form, runNanos);
          readAll(tile, version, form, runNanos);
        }
      }
    } catch (RankException e) {
      tileFault = e;
    } catch (RuntimeException e) {
      tileFault = Answers.unexpected(e);
    }
    finishing.small(worker, tileFault, rows);
  }

  private static boolean mayRun(Worker worker, TileRunner runner) {
    worker.running = runner;
    return !worker.tile.isAbandoned();
  }

  private void tileRan(Tile tile, int rows, Form form, long runNanos) {
    int capacity = tile.version.session().plan().tileRows();
    listener.tileRan(tile.version, rows, capacity, tile.count, form, runNanos);
  }

  private static void runSplit(TileRunner runner, int rows) throws RankException {
    try (var context = runner.runContext()) {
      runner.runCandidates(context, rows);
    }
  }

  /** Writes the tasks' features one after the other; a task that is wrong leaves no gap. */
  private int assembleAll(Tile tile, VersionRunner version, TileRunner runner, Form form) {
    TensorBuffers context = form == Form.SPLIT ? runner.contextRow() : null;
    TensorBuffers target = form == Form.SPLIT ? runner.candidateRows() : runner.rows();
    int row = 0;
    long start = clock.now();
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      if (task.isEnded()) {
        continue;
      }
      try {
        start = assemble(version, task, context, target, row, start);
        tile.firstRows[i] = row;
        row += task.rows;
      } catch (RankException e) {
        tile.faults[i] = e;
      } catch (RuntimeException e) {
        tile.faults[i] = Answers.unexpected(e);
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
    long end = clock.now();
    task.assembleNanos = end - start;
    listener.assembled(task.version, version.tally, end - start);
    return end;
  }

  private static void readAll(Tile tile, VersionRunner version, Form form, long runNanos) {
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      if (tile.firstRows[i] < 0 || task.isEnded()) {
        continue;
      }
      try {
        float[][] scores = newScores(task);
        version.readScores(tile.firstRows[i], task.rows, scores, 0);
        task.scores = scores;
        task.ran = form;
        task.inferNanos = runNanos;
        task.tilesRun = 1;
      } catch (RankException e) {
        tile.faults[i] = e;
      }
    }
  }

  private void prepare(Worker worker) {
    Tile tile = worker.tile;
    RankTask task = tile.tasks[0];
    RankException fault = null;
    boolean[] done = null;
    try {
      if (!task.isEnded()) {
        VersionRunner version = runnerFor(worker, tile.version);
        TileRunner runner = version.runner(1);
        done = new boolean[task.tiles];
        task.scores = newScores(task);
        task.assembled = pool.acquire(task);
        TensorBuffers context = task.form == Form.SPLIT ? runner.contextRow() : null;
        assemble(version, task, context, task.assembled, 0, clock.now());
        if (task.form == Form.SPLIT && mayRun(worker, runner)) {
          long start = clock.now();
          task.context = runner.runContext();
          task.inferNanos = clock.now() - start;
        }
      }
    } catch (RankException e) {
      fault = e;
    } catch (RuntimeException e) {
      fault = Answers.unexpected(e);
    }
    finishing.prepared(worker, done, fault);
  }

  private void runSlice(Worker worker) {
    Tile tile = worker.tile;
    RankTask task = tile.tasks[0];
    RankException fault = null;
    long runNanos = 0;
    boolean ran = false;
    try {
      VersionRunner version = runnerFor(worker, tile.version);
      TileRunner runner = version.runner(tile.rows);
      if (!task.isEnded()) {
        TensorBuffers target = task.form == Form.SPLIT ? runner.candidateRows() : runner.rows();
        target.copyRows(task.assembled, tile.firstRow, 0, tile.rows);
        long start = clock.now();
        if (mayRun(worker, runner)) {
          ran = true;
          if (task.form == Form.SPLIT) {
            runner.runCandidates(task.context, tile.rows);
          } else {
            runner.run(tile.rows);
          }
          runNanos = clock.now() - start;
          tileRan(tile, tile.rows, task.form, runNanos);
          version.readScores(0, tile.rows, task.scores, tile.firstRow);
        }
      }
    } catch (RankException e) {
      fault = e;
    } catch (RuntimeException e) {
      fault = Answers.unexpected(e);
    }
    finishing.slice(worker, fault, runNanos, ran);
  }

  private static float[][] newScores(RankTask task) {
    List<Output> outputs = task.version.signature().outputs();
    float[][] scores = new float[outputs.size()][];
    for (int o = 0; o < scores.length; o++) {
      scores[o] = new float[Math.multiplyExact(task.rows, outputs.get(o).width())];
    }
    return scores;
  }
}
