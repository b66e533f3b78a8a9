package dev.podium.server.schedule;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.TensorBuffers;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import dev.podium.server.schedule.SchedulerListener.Refusal;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Scores requests on a fixed number of workers, tile by tile. Thread-safe.
 *
 * <p>A worker that has finished takes the next tile itself; a submit wakes at most one parked
 * worker; nothing spins. One lock guards the queue; it is held to look at and change the queue,
 * never while a tile is assembled, run or answered.
 */
public final class TileScheduler implements AutoCloseable {
  private final SchedulerOptions options;
  private final LongSupplier clock;
  private final long origin;
  private final SchedulerListener listener;
  private final RowPool pool;
  private final Worker[] workers;
  private final Thread deadlineThread;
  private final Runnable lent = this::runLent;
  private final LongAdder ranForNobody = new LongAdder();
  private final LongAdder workersReplaced = new LongAdder();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition quiet = lock.newCondition();
  // All below is guarded by the lock.
  private final TileQueue queue;
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();
  private final List<ServedVersion> retiring = new ArrayList<>();
  private int live;
  private int pendingLoans;
  private boolean draining;
  private boolean closed;
  private long deadlineWake = Long.MAX_VALUE;

  /**
   * Starts the workers.
   *
   * @param clock nanoseconds, as {@link System#nanoTime}
   */
  public TileScheduler(SchedulerOptions options, LongSupplier clock, SchedulerListener listener) {
    this.options = options;
    this.clock = clock;
    this.origin = clock.getAsLong();
    this.listener = listener;
    this.pool = new RowPool(options.maxAssembledBytes());
    this.queue = new TileQueue(options, pool);
    this.workers = new Worker[options.workers()];
    this.deadlineThread = new Thread(this::watchDeadlines, "podium-deadlines");
    deadlineThread.setDaemon(true);
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i, this);
      startThread(workers[i]);
    }
    deadlineThread.start();
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
   * As {@link #submit(RankTask)}, from a thread that can lend itself: if the task is small and a
   * worker is idle, its tile runs on the lender instead of the worker's thread, which spares two
   * thread switches.
   *
   * @param lender runs what it is given on the calling thread, soon after the caller has returned
   *     to it: an event loop. Null if there is none
   */
  public void submit(RankTask task, Executor lender) {
    Worker woken = null;
    boolean loan = false;
    boolean nearest = false;
    RankException refusal;
    lock.lock();
    try {
      long now = now();
      refusal = accept(task, now);
      if (refusal == null) {
        loan = lender != null && mayRunLent(task);
        if (loan) {
          pendingLoans++;
        } else {
          woken = wakeOne();
        }
        nearest = task.deadline < deadlineWake;
        if (nearest) {
          deadlineWake = task.deadline;
        }
      }
    } finally {
      lock.unlock();
    }
    if (refusal != null) {
      if (task.tryEnd()) {
        task.completion.failed(refusal);
      }
      return;
    }
    if (nearest) {
      LockSupport.unpark(deadlineThread);
    }
    if (loan) {
      lend(lender);
    } else if (woken != null) {
      LockSupport.unpark(woken.thread);
    }
  }

  /**
   * Takes no more tasks of a version, waits for those it has, and then drops all that the workers
   * keep for it.
   *
   * @return completes when no worker holds anything of the version, so that its session can be
   *     closed; the same future if called again
   */
  public CompletableFuture<Void> retire(ServedVersion version) {
    CompletableFuture<Void> future;
    Retired retired = new Retired();
    lock.lock();
    try {
      if (version.retired != null) {
        return version.retired;
      }
      future = new CompletableFuture<>();
      version.retired = future;
      retiring.add(version);
      collectRetired(null, retired);
    } finally {
      lock.unlock();
    }
    finishRetiring(retired);
    return future;
  }

  /**
   * Takes no more tasks, and waits until all that were accepted have been answered.
   *
   * @return false if the time was not enough; what is left can still finish, or is dropped by
   *     {@link #close}
   */
  public boolean drain(Duration timeout) throws InterruptedException {
    long left = timeout.toNanos();
    lock.lock();
    try {
      draining = true;
      while (live > 0 && left > 0) {
        left = quiet.awaitNanos(left);
      }
      return live == 0;
    } finally {
      lock.unlock();
    }
  }

  /** Ends what is left with UNAVAILABLE, stops the workers and frees what they hold. */
  @Override
  public void close() {
    List<RankTask> dropped = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      draining = true;
      closed = true;
      for (RankTask task : everyTask()) {
        if (end(task)) {
          dropped.add(task);
        }
      }
      idle.clear();
      for (Worker worker : workers) {
        if (worker.state == Worker.State.IDLE) {
          worker.state = Worker.State.STOPPED;
        }
        LockSupport.unpark(worker.thread);
      }
      LockSupport.unpark(deadlineThread);
    } finally {
      lock.unlock();
    }
    for (RankTask task : dropped) {
      RankException fault =
          new RankException(FaultCode.UNAVAILABLE, "the server stopped before this was scored");
      answer(task, Outcome.DROPPED, null, fault);
    }
    releaseAll(dropped);
    joinWorkers();
  }

  /** What the scheduler is doing at this moment. */
  public SchedulerSnapshot snapshot() {
    lock.lock();
    try {
      int busy = 0;
      for (Worker worker : workers) {
        if (worker.state == Worker.State.BUSY || worker.state == Worker.State.LENT) {
          busy++;
        }
      }
      double waiting = 0;
      for (Flow flow : queue.active()) {
        waiting += flow.waitingMicros * flow.version.stretch();
      }
      return new SchedulerSnapshot(
          workers.length,
          busy,
          live,
          queue.waitingTasks(),
          queue.waitingRows(),
          Math.round(waiting / workers.length),
          pool.bytes(),
          ranForNobody.sum(),
          workersReplaced.sum());
    } finally {
      lock.unlock();
    }
  }

  /** Nanoseconds since the scheduler was made. */
  long now() {
    return clock.getAsLong() - origin;
  }

  SchedulerListener listener() {
    return listener;
  }

  RowPool pool() {
    return pool;
  }

  boolean cancel(RankTask task, RankException fault) {
    lock.lock();
    try {
      if (!end(task)) {
        return false;
      }
    } finally {
      lock.unlock();
    }
    answer(task, Outcome.CANCELLED, null, fault);
    release(task);
    return true;
  }

  void runnerMade(ServedVersion version) {
    lock.lock();
    try {
      version.runners++;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the tasks whose deadline has come. Called by the timer thread, and by tests. */
  void expire() {
    List<RankTask> expired = new ArrayList<>();
    lock.lock();
    try {
      expireInto(expired, now());
    } finally {
      lock.unlock();
    }
    answerExpired(expired);
  }

  // ---- Accepting ----

  private RankException accept(RankTask task, long now) {
    if (task.scheduler != null) {
      throw new IllegalStateException("task: submitted twice (expected: once)");
    }
    task.scheduler = this;
    task.arrival = task.arrivalNanos - origin;
    task.deadline =
        task.deadlineNanos == RankTask.NO_DEADLINE
            ? RankTask.NO_DEADLINE
            : partialDeadline(task, task.deadlineNanos - origin);
    if (draining) {
      listener.refused(task.version, task.rows, Refusal.UNAVAILABLE);
      return new RankException(FaultCode.UNAVAILABLE, "the server is shutting down");
    }
    if (task.version.retired != null) {
      listener.refused(task.version, task.rows, Refusal.UNAVAILABLE);
      return new RankException(
          FaultCode.UNAVAILABLE, "model " + task.version + ": is being unloaded");
    }
    if (task.isEnded()) {
      return new RankException(FaultCode.CANCELLED, "cancelled by the caller");
    }
    if (queue.waitingRows() + task.rows > options.maxWaitingRows() && queue.waitingTasks() > 0) {
      listener.refused(task.version, task.rows, Refusal.QUEUE_FULL);
      return RankException.overloaded(
          "queue: "
              + queue.waitingRows()
              + " rows wait (expected: at most "
              + options.maxWaitingRows()
              + ")",
          1);
    }
    queue.add(task, now);
    live++;
    task.version.live++;
    return null;
  }

  private long partialDeadline(RankTask task, long deadline) {
    if (!task.allowPartial) {
      return deadline;
    }
    long budget = Math.max(0, deadline - task.arrival);
    return deadline - Math.min(options.partialMargin().toNanos(), budget / 4);
  }

  private boolean mayRunLent(RankTask task) {
    return !idle.isEmpty()
        && !task.isLarge()
        && options.lentMicros() > 0
        && task.micros <= options.lentMicros();
  }

  // ---- Workers ----

  private Worker wakeOne() {
    Worker worker = idle.poll();
    if (worker != null) {
      worker.state = Worker.State.BUSY;
    }
    return worker;
  }

  private void startThread(Worker worker) {
    Thread thread = new Thread(() -> work(worker), "podium-worker-" + worker.index);
    thread.setDaemon(true);
    worker.thread = thread;
    thread.start();
  }

  private void work(Worker worker) {
    List<RankTask> expired = new ArrayList<>();
    Retired retired = new Retired();
    try {
      while (true) {
        long park = next(worker, expired, retired);
        finishRetiring(retired);
        answerExpired(expired);
        if (park < 0) {
          break;
        } else if (park == 0) {
          worker.runTile();
        } else if (park == Long.MAX_VALUE) {
          LockSupport.park(this);
        } else {
          LockSupport.parkNanos(this, park);
        }
      }
    } catch (Throwable e) {
      replace(worker, e);
      return;
    }
    worker.removeAll().forEach(VersionRunner::close);
  }

  /**
   * What a worker's thread does next: 0 to run its tile, above 0 to park that many nanoseconds,
   * below 0 to end.
   */
  private long next(Worker worker, List<RankTask> expired, Retired retired) {
    lock.lock();
    try {
      long now = now();
      if (worker.state == Worker.State.IDLE && queue.nextEligible(now) > now) {
        return parkTime(now);
      }
      if (worker.state == Worker.State.LENT) {
        return Long.MAX_VALUE;
      }
      if (worker.tile.count > 0) {
        return 0;
      }
      if (worker.state == Worker.State.IDLE) {
        idle.remove(worker);
        worker.state = Worker.State.BUSY;
      }
      collectRetired(worker, retired);
      if (worker.state == Worker.State.STOPPED || closed) {
        worker.state = Worker.State.STOPPED;
        return -1;
      }
      expireInto(expired, now);
      if (take(worker, now)) {
        return 0;
      }
      worker.state = Worker.State.IDLE;
      idle.push(worker);
      return expired.isEmpty() && retired.isEmpty() ? parkTime(now) : 1;
    } finally {
      lock.unlock();
    }
  }

  private long parkTime(long now) {
    long next = queue.nextEligible(now);
    return next == Long.MAX_VALUE ? next : Math.max(1, next - now);
  }

  private boolean take(Worker worker, long now) {
    if (!queue.take(now, worker.tile)) {
      return false;
    }
    for (int i = 0; i < worker.tile.count; i++) {
      worker.tile.tasks[i].runningTiles++;
    }
    return true;
  }

  private void lend(Executor lender) {
    try {
      lender.execute(lent);
    } catch (RejectedExecutionException e) {
      Worker woken;
      lock.lock();
      try {
        pendingLoans--;
        woken = wakeOne();
      } finally {
        lock.unlock();
      }
      if (woken != null) {
        LockSupport.unpark(woken.thread);
      }
    }
  }

  /** Runs one tile on the thread that calls, in the place of an idle worker. */
  private void runLent() {
    List<RankTask> expired = new ArrayList<>(0);
    Worker worker;
    boolean taken = false;
    boolean handedOver = false;
    lock.lock();
    try {
      pendingLoans--;
      worker = idle.poll();
      if (worker == null) {
        return;
      }
      worker.state = Worker.State.LENT;
      long now = now();
      expireInto(expired, now);
      taken = take(worker, now);
      handedOver = taken && worker.tile.micros > options.lentMicros();
      if (handedOver) {
        worker.state = Worker.State.BUSY;
      }
    } finally {
      lock.unlock();
    }
    answerExpired(expired);
    if (handedOver) {
      LockSupport.unpark(worker.thread);
      return;
    }
    if (taken) {
      try {
        worker.runTile();
      } catch (Throwable e) {
        abandon(worker, e);
      }
    }
    returnWorker(worker);
  }

  private void returnWorker(Worker worker) {
    Retired retired = new Retired();
    boolean wake = false;
    lock.lock();
    try {
      collectRetired(worker, retired);
      wake = closed || (queue.waitingTasks() > 0 && pendingLoans == 0);
      if (wake) {
        worker.state = Worker.State.BUSY;
      } else {
        worker.state = Worker.State.IDLE;
        idle.push(worker);
      }
    } finally {
      lock.unlock();
    }
    finishRetiring(retired);
    if (wake) {
      LockSupport.unpark(worker.thread);
    }
  }

  /** A worker's thread is dying: answers what it was at, and starts another in its place. */
  private void replace(Worker worker, Throwable cause) {
    abandon(worker, cause);
    lock.lock();
    try {
      if (!closed) {
        worker.state = Worker.State.BUSY;
        startThread(worker);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Fails a worker's tile and frees its buffers, of which nobody knows what state they are in. */
  private void abandon(Worker worker, Throwable cause) {
    workersReplaced.increment();
    RankException fault =
        new RankException(
            FaultCode.INTERNAL, "a worker died while it scored this: " + cause, cause);
    List<RankTask> failed = new ArrayList<>();
    List<RankTask> held = new ArrayList<>();
    List<VersionRunner> runners;
    lock.lock();
    try {
      worker.running = null;
      Tile tile = worker.tile;
      for (int i = 0; i < tile.count; i++) {
        RankTask task = tile.tasks[i];
        if (task == null) {
          continue;
        }
        task.runningTiles--;
        held.add(task);
        if (end(task)) {
          failed.add(task);
        }
      }
      tile.clear();
      runners = worker.removeAll();
      runners.forEach(runner -> runner.version.runners--);
    } finally {
      lock.unlock();
    }
    runners.forEach(VersionRunner::close);
    failed.forEach(task -> answer(task, Outcome.FAILED, null, fault));
    releaseAll(held);
    listener.workerReplaced(cause);
  }

  private void joinWorkers() {
    boolean interrupted = false;
    for (Worker worker : workers) {
      Thread thread = worker.thread;
      while (thread != Thread.currentThread() && thread.isAlive()) {
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

  // ---- Finishing tiles ----

  void finishSmall(Worker worker, RankException tileFault, int rows) {
    RankException[] faults = worker.faults;
    Tile tile = worker.tile;
    int count = tile.count;
    int apart = 0;
    int nobody = 0;
    ServedVersion version = tile.version;
    lock.lock();
    try {
      long now = now();
      boolean shared = count > 1;
      finishRun(worker, tileFault == null && rows > 0, now);
      for (int i = 0; i < count; i++) {
        RankTask task = tile.tasks[i];
        task.runningTiles--;
        worker.ended[i] = false;
        if (task.isEnded()) {
          nobody += rows > 0 ? task.rows : 0;
          continue;
        }
        if (faults[i] == null && tileFault != null) {
          if (shared) {
            queue.addApart(task, now);
            apart++;
            tile.tasks[i] = null;
            continue;
          }
          faults[i] = tileFault;
        }
        worker.ended[i] = end(task);
      }
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < count; i++) {
      RankTask task = tile.tasks[i];
      if (task == null) {
        continue;
      }
      if (worker.ended[i] && faults[i] == null) {
        answer(task, Outcome.SCORED, result(task), null);
      } else if (worker.ended[i]) {
        answer(task, Outcome.FAILED, null, faults[i]);
      }
      release(task);
    }
    countForNobody(version, nobody);
    if (apart > 0) {
      listener.rerunApart(version, apart);
    }
    tile.clear();
  }

  void finishPrepare(Worker worker, RankException fault) {
    RankTask task = worker.tile.tasks[0];
    Worker[] woken = null;
    boolean failed = false;
    lock.lock();
    try {
      long now = now();
      finishRun(worker, false, now);
      task.runningTiles--;
      if (!task.isEnded()) {
        if (fault != null) {
          failed = end(task);
        } else {
          queue.prepared(task, now);
          woken = wakeFor(task.tiles - 1);
        }
      }
    } finally {
      lock.unlock();
    }
    worker.tile.clear();
    if (woken != null) {
      for (Worker other : woken) {
        LockSupport.unpark(other.thread);
      }
    }
    if (failed) {
      answer(task, Outcome.FAILED, null, fault);
    }
    release(task);
  }

  void finishSlice(Worker worker, RankException fault, long runNanos, boolean ran) {
    Tile tile = worker.tile;
    RankTask task = tile.tasks[0];
    int nobody = 0;
    boolean ended = false;
    lock.lock();
    try {
      finishRun(worker, fault == null && ran, now());
      task.runningTiles--;
      if (task.isEnded()) {
        nobody = ran ? tile.rows : 0;
      } else if (fault != null) {
        ended = end(task);
      } else {
        task.done[tile.slice] = true;
        task.doneTiles++;
        task.tilesRun++;
        task.inferNanos += runNanos;
        ended = task.doneTiles == task.tiles && end(task);
      }
    } finally {
      lock.unlock();
    }
    tile.clear();
    if (ended && fault == null) {
      answer(task, Outcome.SCORED, result(task), null);
    } else if (ended) {
      answer(task, Outcome.FAILED, null, fault);
    }
    release(task);
    countForNobody(task.version, nobody);
  }

  private static void finishRun(Worker worker, boolean learn, long now) {
    Tile tile = worker.tile;
    TileRunner runner = worker.running;
    worker.running = null;
    if (tile.terminated) {
      runner.rearm();
    } else if (learn) {
      tile.version.queue.learn(tile.waitingMicros, (now - tile.takenAt) / 1e3);
    }
  }

  private void countForNobody(ServedVersion version, int rows) {
    if (rows > 0) {
      ranForNobody.add(rows);
      listener.ranForNobody(version, rows);
    }
  }

  private Worker[] wakeFor(int more) {
    Worker[] woken = new Worker[Math.min(more, idle.size())];
    for (int i = 0; i < woken.length; i++) {
      woken[i] = wakeOne();
    }
    return woken;
  }

  // ---- Ending tasks ----

  /** Ends a task under the lock; whoever gets true answers it, and then releases it. */
  private boolean end(RankTask task) {
    if (!task.tryEnd()) {
      return false;
    }
    queue.remove(task);
    if (task.runningTiles > 0) {
      for (Worker worker : workers) {
        TileRunner runner = worker.running;
        if (runner != null && worker.tile.contains(task) && worker.tile.isForNobody()) {
          worker.tile.terminated = true;
          runner.terminate();
        }
      }
    }
    return true;
  }

  private void expireInto(List<RankTask> expired, long now) {
    for (RankTask task = queue.nextExpired(now); task != null; task = queue.nextExpired(now)) {
      if (end(task)) {
        expired.add(task);
      }
    }
  }

  private void answerExpired(List<RankTask> expired) {
    if (expired.isEmpty()) {
      return;
    }
    for (RankTask task : expired) {
      RankResult partial = task.allowPartial ? partial(task) : null;
      if (partial != null) {
        answer(task, Outcome.PARTIAL, partial, null);
      } else {
        String where = task.takenAt < 0 ? "while it waited" : "while it ran";
        RankException fault =
            new RankException(
                FaultCode.DEADLINE_EXCEEDED,
                "deadline: passed " + where + ", " + task.rows + " rows");
        answer(task, Outcome.EXPIRED, null, fault);
      }
    }
    releaseAll(expired);
    expired.clear();
  }

  private void answer(RankTask task, Outcome outcome, RankResult result, RankException fault) {
    long now = now();
    long wait = (task.takenAt < 0 ? now : task.takenAt) - task.arrival;
    try {
      listener.ended(task.version, task.rows, outcome, wait, now - task.arrival, result, fault);
      if (result != null) {
        task.completion.succeeded(result);
      } else {
        task.completion.failed(fault);
      }
    } catch (Throwable e) {
      // One caller's broken completion must not keep the others of its tile from theirs.
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  private RankResult result(RankTask task) {
    return new RankResult(
        task.scores,
        null,
        micros(task.takenAt - task.arrival),
        micros(task.assembleNanos),
        micros(task.inferNanos),
        task.tilesRun,
        task.warnings);
  }

  private static RankResult partial(RankTask task) {
    return PartialScores.of(task);
  }

  static int micros(long nanos) {
    return (int) Math.min(Integer.MAX_VALUE, Math.max(0, nanos / 1000));
  }

  private void releaseAll(List<RankTask> tasks) {
    tasks.forEach(this::release);
  }

  /** Frees what a task holds, if it has ended and nothing runs for it any more. */
  private void release(RankTask task) {
    ContextTensors context;
    TensorBuffers buffers;
    boolean large;
    Worker woken = null;
    Retired retired = new Retired();
    lock.lock();
    try {
      if (!task.isEnded() || task.runningTiles > 0 || task.released) {
        return;
      }
      task.released = true;
      queue.remove(task);
      live--;
      task.version.live--;
      context = task.context;
      buffers = task.assembled;
      task.context = null;
      task.assembled = null;
      large = task.isLarge() && task.takenAt >= 0;
      if (large) {
        pool.release(task, buffers);
        woken = queue.waitingTasks() > 0 ? wakeOne() : null;
      }
      if (live == 0) {
        quiet.signalAll();
      }
      if (task.version.retired != null && task.version.live == 0) {
        collectRetired(null, retired);
      }
    } finally {
      lock.unlock();
    }
    if (context != null) {
      context.close();
    }
    if (woken != null) {
      LockSupport.unpark(woken.thread);
    }
    finishRetiring(retired);
  }

  private List<RankTask> everyTask() {
    List<RankTask> all = new ArrayList<>();
    for (Flow flow : queue.active()) {
      flow.fresh.addTo(all);
      flow.sliced.addTo(all);
    }
    for (Worker worker : workers) {
      for (int i = 0; i < worker.tile.count; i++) {
        if (worker.tile.tasks[i] != null) {
          all.add(worker.tile.tasks[i]);
        }
      }
    }
    return all;
  }

  // ---- Retiring versions ----

  /** Runners to close and versions to let go of, once the lock is released. */
  private static final class Retired {
    final List<VersionRunner> runners = new ArrayList<>(0);
    final List<ServedVersion> versions = new ArrayList<>(0);

    boolean isEmpty() {
      return runners.isEmpty() && versions.isEmpty();
    }
  }

  /** Takes the retired versions' runners from all idle workers and from one in the caller's use. */
  private void collectRetired(Worker self, Retired retired) {
    for (int v = retiring.size() - 1; v >= 0; v--) {
      ServedVersion version = retiring.get(v);
      if (version.live > 0) {
        continue;
      }
      for (Worker worker : workers) {
        if (worker == self || worker.state == Worker.State.IDLE) {
          VersionRunner runner = worker.remove(version);
          if (runner != null) {
            retired.runners.add(runner);
          }
        }
      }
      if (!retired.versions.contains(version)) {
        retired.versions.add(version);
      }
    }
  }

  private void finishRetiring(Retired retired) {
    if (retired.isEmpty()) {
      return;
    }
    retired.runners.forEach(VersionRunner::close);
    List<ServedVersion> done = new ArrayList<>();
    lock.lock();
    try {
      retired.runners.forEach(runner -> runner.version.runners--);
      for (ServedVersion version : retired.versions) {
        if (version.runners == 0 && version.live == 0 && retiring.remove(version)) {
          pool.drop(version.queue);
          done.add(version);
        }
      }
    } finally {
      lock.unlock();
    }
    retired.runners.clear();
    retired.versions.clear();
    done.forEach(version -> version.retired.complete(null));
  }

  // ---- Deadlines ----

  private void watchDeadlines() {
    List<RankTask> expired = new ArrayList<>();
    while (true) {
      long wait;
      lock.lock();
      try {
        if (closed) {
          return;
        }
        long now = now();
        expireInto(expired, now);
        deadlineWake = queue.earliestDeadline();
        wait = deadlineWake == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineWake - now;
      } finally {
        lock.unlock();
      }
      answerExpired(expired);
      if (wait == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, Math.max(1, wait));
      }
    }
  }
}
