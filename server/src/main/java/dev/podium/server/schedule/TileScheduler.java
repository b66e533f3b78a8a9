package dev.podium.server.schedule;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Scores requests on a fixed number of workers, tile by tile. Thread-safe.
 *
 * <p>This class puts the parts together and is what others see of them. A task comes in by {@link
 * Intake}; a worker's thread takes its tiles in {@link WorkerLoop}, or the submitting thread does
 * in {@link CallerRuns}; {@link TileWork} runs a tile, {@link Finishing} says what follows, {@link
 * Ending} answers and gives back. {@link DeadlineWatch} ends what is late, {@link
 * WorkerReplacement} mends a worker, {@link Retirement} lets go of a version. What they share, and
 * the rules of the one lock around it, is in {@link SchedulerState}.
 */
public final class TileScheduler implements AutoCloseable {
  private final Worker[] workers;
  private final RowPool pool;
  private final SchedulerState state;
  private final Ending ending;
  private final Finishing finishing;
  private final WorkerReplacement replacement;
  private final DeadlineWatch deadlines;
  private final Intake intake;

  /**
   * Starts the workers.
   *
   * @param clock nanoseconds, as {@link System#nanoTime}
   */
  public TileScheduler(SchedulerOptions options, LongSupplier clock, SchedulerListener listener) {
    SchedulerClock time = new SchedulerClock(clock);
    SchedulerListener quiet = new QuietListener(listener);
    Answers answers = new Answers(time, quiet);
    workers = new Worker[options.workers()];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i);
    }
    pool = new RowPool(options.maxAssembledBytes());
    state = new SchedulerState(options, workers, pool);
    ending = new Ending(state, pool, answers);
    finishing = new Finishing(state, time, ending, answers, quiet);
    replacement = new WorkerReplacement(state, time, finishing, quiet);
    TileWork work = new TileWork(state, time, pool, finishing, quiet);
    WorkerLoop loop = new WorkerLoop(state, time, work, ending, replacement);
    CallerRuns callerRuns =
        new CallerRuns(
            options.callerRunsTile().toNanos() / 1e3, state, time, work, ending, replacement);
    deadlines = new DeadlineWatch(state, time, ending);
    intake =
        new Intake(
            state, time, ending, answers, callerRuns, deadlines, options.partialMargin().toNanos());
    start(options, loop, quiet);
  }

  private void start(SchedulerOptions options, WorkerLoop loop, SchedulerListener listener) {
    boolean started = false;
    try {
      for (Worker worker : workers) {
        Runnable run =
            () -> {
              WorkerLoop.bind(worker, options.cpus(), listener);
              loop.run(worker);
            };
        Thread thread = new Thread(run, "podium-worker-" + worker.index);
        thread.setDaemon(true);
        worker.start(thread);
      }
      deadlines.start();
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  /**
   * Takes a task in, or refuses it; either way its completion is called once, in case of a refusal
   * before this returns. Refused are tasks that would outgrow the queue or could not be answered in
   * time (RESOURCE_EXHAUSTED, with a time after which to try again), and all while draining or
   * while the version is being retired (UNAVAILABLE).
   */
  public void submit(RankTask task) {
    submit(task, null);
  }

  /**
   * As {@link #submit(RankTask)}, from a thread that may run tiles itself: if the task is small and
   * a worker is idle, its tile runs on the caller in the worker's place, which spares two thread
   * switches.
   *
   * @param caller runs what it is given on the calling thread, soon after the caller has returned
   *     to it: an event loop. The later, the more requests share the tile. Null if there is none
   */
  public void submit(RankTask task, Executor caller) {
    intake.submit(task, caller);
  }

  /**
   * Takes no more tasks of a version, waits for those it has, and then drops all that the workers
   * keep for it.
   *
   * @return completes when no worker holds anything of the version, so that its session can be
   *     closed; the same future if called again
   */
  public CompletableFuture<Void> retire(ServedVersion version) {
    Retirement.Collected collected = new Retirement.Collected();
    CompletableFuture<Void> retired;
    state.lock.lock();
    try {
      retired = state.retirement.retire(version);
      state.retirement.collect(null, collected);
    } finally {
      state.lock.unlock();
    }
    state.dispose(collected);
    return retired;
  }

  /**
   * Takes no more tasks, and waits until all that were accepted have been answered.
   *
   * @return false if the time was not enough; what is left can still finish, or is dropped by
   *     {@link #close}
   */
  public boolean drain(Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    state.lock.lock();
    try {
      state.draining = true;
      while (state.live > 0 && left > 0) {
        left = state.quiet.awaitNanos(left);
      }
      return state.live == 0;
    } finally {
      state.lock.unlock();
    }
  }

  /** Ends what is left with UNAVAILABLE, stops the workers and frees what they hold. */
  @Override
  public void close() {
    List<RankTask> dropped = new ArrayList<>();
    state.lock.lock();
    try {
      if (state.closed) {
        return;
      }
      state.draining = true;
      state.closed = true;
      state.endAll(dropped);
      state.table.stopIdle();
    } finally {
      state.lock.unlock();
    }
    deadlines.wake();
    for (Worker worker : workers) {
      LockSupport.unpark(worker.thread());
    }
    ending.dropped(dropped);
    joinWorkers();
  }

  /** What the scheduler is doing at this moment. */
  public SchedulerSnapshot snapshot() {
    state.lock.lock();
    try {
      return new SchedulerSnapshot(
          workers.length,
          state.table.busy(),
          state.live,
          state.queue.waitingTasks(),
          state.queue.waitingRows(),
          Math.round(state.queue.waitingMicros() / workers.length),
          pool.bytes(),
          finishing.abandonedRows(),
          replacement.count());
    } finally {
      state.lock.unlock();
    }
  }

  /** For tests. */
  RowPool pool() {
    return pool;
  }

  private void joinWorkers() {
    boolean interrupted = false;
    for (Worker worker : workers) {
      Thread thread = worker.thread();
      while (thread != null && thread != Thread.currentThread() && thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
