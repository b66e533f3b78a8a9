package dev.podium.server.schedule;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.schedule.Retirement.Collected;
import dev.podium.server.schedule.SchedulerListener.Refusal;
import dev.podium.server.schedule.SheddingPolicy.Refused;
import dev.podium.server.schedule.Worker.State;
import java.io.IOException;
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
 * worker; nothing spins. One lock guards the queue; it is held to look at the queue and to change
 * it, never while a tile is assembled, run or answered.
 */
public final class TileScheduler implements AutoCloseable {
  private final SchedulerOptions options;
  private final long callerRunsMicros;
  private final LongSupplier clock;
  private final long origin;
  private final SchedulerListener listener;
  private final RowPool pool;
  private final Answers answers;
  private final Worker[] workers;
  private final Thread deadlineThread;
  private final Runnable callerRun = this::runOnCaller;
  private final LongAdder ranAbandoned = new LongAdder();
  private final LongAdder workersReplaced = new LongAdder();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition quiet = lock.newCondition();
  private final Retirement retirement;
  // All below is guarded by the lock.
  private final TileQueue queue;
  private final ArrayDeque<Worker> idle = new ArrayDeque<>();
  private int live;
  private int callersToCome;
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
    this.callerRunsMicros = options.callerRunsTile().toNanos() / 1_000;
    this.clock = clock;
    this.origin = clock.getAsLong();
    this.listener = listener;
    this.pool = new RowPool(options.maxAssembledBytes());
    this.answers = new Answers(this::now, listener);
    this.queue = new TileQueue(options, pool);
    this.workers = new Worker[options.workers()];
    this.retirement = new Retirement(lock, workers, pool);
    this.deadlineThread = new Thread(this::watchDeadlines, "podium-deadlines");
    deadlineThread.setDaemon(true);
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i, this);
      idle.push(workers[i]);
    }
    for (Worker worker : workers) {
      startThread(worker);
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
   * worker is idle, its tile runs on the caller in the worker's place, which spares two thread
   * switches.
   *
   * @param caller runs what it is given on the calling thread, soon after the caller has returned
   *     to it: an event loop. The later, the more requests share the tile. Null if there is none
   */
  public void submit(RankTask task, Executor caller) {
    Worker woken = null;
    boolean callerRuns = false;
    boolean nearest = false;
    Refused refused;
    lock.lock();
    try {
      long now = now();
      refused = accept(task, now);
      if (refused == null) {
        callerRuns = caller != null && mayRunOnCaller(task);
        if (callerRuns) {
          callersToCome++;
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
    if (refused != null) {
      listener.refused(task.version, task.rows, refused.reason());
      if (task.tryEnd()) {
        task.completion.failed(refused.fault());
      }
      return;
    }
    if (nearest) {
      LockSupport.unpark(deadlineThread);
    }
    if (callerRuns) {
      handToCaller(caller);
    } else {
      unpark(woken);
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
    Collected collected = new Collected();
    lock.lock();
    try {
      if (version.retired != null) {
        return version.retired;
      }
      retirement.start(version);
      retirement.collect(null, collected);
    } finally {
      lock.unlock();
    }
    retirement.finish(collected);
    return version.retired;
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
        if (worker.state == State.IDLE) {
          worker.state = State.STOPPED;
        }
        LockSupport.unpark(worker.thread);
      }
      LockSupport.unpark(deadlineThread);
    } finally {
      lock.unlock();
    }
    dropped.forEach(answers::dropped);
    dropped.forEach(this::release);
    joinWorkers();
  }

  /** What the scheduler is doing at this moment. */
  public SchedulerSnapshot snapshot() {
    lock.lock();
    try {
      int busy = 0;
      for (Worker worker : workers) {
        if (worker.state == State.BUSY || worker.state == State.CALLER) {
          busy++;
        }
      }
      return new SchedulerSnapshot(
          workers.length,
          busy,
          live,
          queue.waitingTasks(),
          queue.waitingRows(),
          Math.round(queue.waitingMicros() / workers.length),
          pool.bytes(),
          ranAbandoned.sum(),
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
    answers.cancelled(task, fault);
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

  // ---- Accepting ----

  private Refused accept(RankTask task, long now) {
    if (task.scheduler != null) {
      throw new IllegalStateException("task: submitted twice (expected: once)");
    }
    task.scheduler = this;
    if (draining) {
      return unavailable("the server is shutting down");
    }
    if (task.version.retired != null) {
      return unavailable("model " + task.version + ": is being unloaded");
    }
    if (task.isEnded()) {
      return unavailable("cancelled by the caller");
    }
    task.arrival = task.arrivalNanos - origin;
    task.deadline = deadline(task);
    Refused refused = queue.offer(task, now, !idle.isEmpty());
    if (refused != null) {
      return refused;
    }
    live++;
    task.version.live++;
    return null;
  }

  private static Refused unavailable(String message) {
    return new Refused(Refusal.UNAVAILABLE, new RankException(FaultCode.UNAVAILABLE, message));
  }

  /** When the task must be answered: somewhat before its deadline if part of it is welcome. */
  private long deadline(RankTask task) {
    if (task.deadlineNanos == RankTask.NO_DEADLINE) {
      return RankTask.NO_DEADLINE;
    }
    long deadline = task.deadlineNanos - origin;
    if (!task.allowPartial) {
      return deadline;
    }
    long budget = Math.max(0, deadline - task.arrival);
    return deadline - Math.min(options.partialMargin().toNanos(), budget / 4);
  }

  // ---- Workers ----

  private boolean mayRunOnCaller(RankTask task) {
    return !idle.isEmpty() && !task.isLarge() && task.micros <= callerRunsMicros;
  }

  /** Makes an idle worker busy; the caller unparks it once the lock is released. */
  private Worker wakeOne() {
    Worker worker = idle.poll();
    if (worker != null) {
      worker.state = State.BUSY;
    }
    return worker;
  }

  private static void unpark(Worker worker) {
    if (worker != null) {
      LockSupport.unpark(worker.thread);
    }
  }

  private void startThread(Worker worker) {
    Thread thread =
        new Thread(
            () -> {
              bind(worker);
              work(worker);
            },
            "podium-worker-" + worker.index);
    thread.setDaemon(true);
    worker.thread = thread;
    thread.start();
  }

  private void bind(Worker worker) {
    List<Integer> cpus = options.cpus();
    if (cpus.isEmpty()) {
      return;
    }
    try {
      CpuAffinity.bind(cpus.get(worker.index % cpus.size()));
    } catch (IOException e) {
      listener.workerNotBound(worker.index, e);
    }
  }

  private void work(Worker worker) {
    List<RankTask> expired = new ArrayList<>();
    Collected collected = new Collected();
    try {
      while (true) {
        long park = next(worker, expired, collected);
        if (!expired.isEmpty() || !collected.isEmpty()) {
          retirement.finish(collected);
          answerExpired(expired);
          if (park > 0) {
            // That took the lock, and waiting for a lock can swallow the unpark meant for here.
            continue;
          }
        }
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
  }

  /**
   * What a worker's thread does next: 0 to run its tile, above 0 to park that many nanoseconds,
   * below 0 to end.
   */
  private long next(Worker worker, List<RankTask> expired, Collected collected) {
    lock.lock();
    try {
      long now = now();
      if (worker.state == State.CALLER) {
        return Long.MAX_VALUE;
      }
      if (worker.state == State.IDLE) {
        long eligible = queue.nextEligible(now);
        if (eligible > now) {
          return eligible == Long.MAX_VALUE ? eligible : eligible - now;
        }
        idle.remove(worker);
        worker.state = State.BUSY;
      }
      if (worker.tile.count > 0) {
        return 0; // handed over by a caller
      }
      if (worker.state == State.STOPPED || closed) {
        worker.state = State.STOPPED;
        retirement.collectAll(worker, collected);
        return -1;
      }
      retirement.collect(worker, collected);
      if (take(worker, now, expired)) {
        return 0;
      }
      worker.state = State.IDLE;
      idle.push(worker);
      long eligible = queue.nextEligible(now);
      return eligible == Long.MAX_VALUE ? eligible : Math.max(1, eligible - now);
    } finally {
      lock.unlock();
    }
  }

  /** Fills a worker's tile; false if nothing may run. Tasks that are too late go to the list. */
  private boolean take(Worker worker, long now, List<RankTask> expired) {
    expireInto(expired, now);
    int before = expired.size();
    boolean taken = queue.take(now, worker.tile, expired);
    for (int i = expired.size() - 1; i >= before; i--) {
      if (!end(expired.get(i))) {
        expired.remove(i);
      }
    }
    for (int i = 0; i < worker.tile.count; i++) {
      worker.tile.tasks[i].runningTiles++;
    }
    return taken;
  }

  private void handToCaller(Executor caller) {
    try {
      caller.execute(callerRun);
    } catch (RejectedExecutionException e) {
      Worker woken;
      lock.lock();
      try {
        callersToCome--;
        woken = wakeOne();
      } finally {
        lock.unlock();
      }
      unpark(woken);
    }
  }

  /** Runs one tile on the thread that calls, in the place of an idle worker. */
  private void runOnCaller() {
    List<RankTask> expired = new ArrayList<>(0);
    Worker worker;
    boolean taken;
    boolean handedOver;
    lock.lock();
    try {
      callersToCome--;
      worker = queue.waitingTasks() == 0 ? null : idle.poll();
      if (worker == null) {
        return;
      }
      worker.state = State.CALLER;
      taken = take(worker, now(), expired);
      handedOver = taken && worker.tile.micros > callerRunsMicros;
      if (handedOver) {
        worker.state = State.BUSY;
      }
    } finally {
      lock.unlock();
    }
    answerExpired(expired);
    if (handedOver) {
      unpark(worker);
      return;
    }
    if (taken) {
      try {
        worker.runTile();
      } catch (Throwable e) {
        abandon(worker, e);
      }
    }
    giveBack(worker);
  }

  /** Ends a loan: the worker's own thread goes on if there is more to do and no other caller. */
  private void giveBack(Worker worker) {
    Collected collected = new Collected();
    boolean wake;
    lock.lock();
    try {
      retirement.collect(worker, collected);
      wake = closed || (queue.waitingTasks() > 0 && callersToCome == 0);
      worker.state = wake ? State.BUSY : State.IDLE;
      if (!wake) {
        idle.push(worker);
      }
    } finally {
      lock.unlock();
    }
    retirement.finish(collected);
    if (wake) {
      unpark(worker);
    }
  }

  /** A worker's thread is dying: answers what it was at, and starts another in its place. */
  private void replace(Worker worker, Throwable cause) {
    abandon(worker, cause);
    lock.lock();
    try {
      if (closed) {
        worker.state = State.STOPPED;
      } else {
        worker.state = State.BUSY;
        startThread(worker);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Fails a worker's tile and frees its buffers, of which nobody knows what state they are in. */
  private void abandon(Worker worker, Throwable cause) {
    workersReplaced.increment();
    List<RankTask> failed = new ArrayList<>();
    List<RankTask> held = new ArrayList<>();
    Collected collected = new Collected();
    lock.lock();
    try {
      Tile tile = worker.tile;
      if (tile.running) {
        queue.finished(tile);
        tile.running = false;
        for (int i = 0; i < tile.count; i++) {
          RankTask task = tile.tasks[i];
          task.runningTiles--;
          held.add(task);
          if (end(task)) {
            failed.add(task);
          }
        }
      }
      worker.running = null;
      tile.clear();
      retirement.collectAll(worker, collected);
    } finally {
      lock.unlock();
    }
    retirement.finish(collected);
    RankException fault =
        new RankException(
            FaultCode.INTERNAL, "a worker died while it scored this: " + cause, cause);
    failed.forEach(task -> answers.failed(task, fault));
    held.forEach(this::release);
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
        thread = worker.thread;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- Finishing tiles ----

  void finishSmall(Worker worker, RankException tileFault, int rows) {
    Tile tile = worker.tile;
    int count = tile.count;
    int alone = 0;
    int abandoned = 0;
    ServedVersion version = tile.version;
    lock.lock();
    try {
      long now = now();
      finishRun(worker, tileFault == null && rows > 0, now);
      for (int i = 0; i < count; i++) {
        RankTask task = tile.tasks[i];
        task.runningTiles--;
        worker.ended[i] = false;
        if (task.isEnded()) {
          abandoned += rows > 0 ? task.rows : 0;
        } else if (tileFault != null && worker.faults[i] == null && count > 1) {
          queue.addAlone(task, now);
          alone++;
        } else {
          worker.ended[i] = end(task);
        }
      }
    } finally {
      lock.unlock();
    }
    for (int i = 0; i < count; i++) {
      RankTask task = tile.tasks[i];
      if (worker.ended[i]) {
        RankException fault = worker.faults[i] != null ? worker.faults[i] : tileFault;
        if (fault == null) {
          answers.scored(task);
        } else {
          answers.failed(task, fault);
        }
      }
      release(task);
    }
    countAbandoned(version, abandoned);
    if (alone > 0) {
      listener.rerunAlone(version, alone);
    }
    tile.clear();
  }

  void finishPrepare(Worker worker, RankException fault) {
    RankTask task = worker.tile.tasks[0];
    Worker[] woken = new Worker[0];
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
          woken = wakeUpTo(task.tiles - 1);
        }
      }
    } finally {
      lock.unlock();
    }
    worker.tile.clear();
    for (Worker other : woken) {
      unpark(other);
    }
    if (failed) {
      answers.failed(task, fault);
    }
    release(task);
  }

  void finishSlice(Worker worker, RankException fault, long runNanos, boolean ran) {
    Tile tile = worker.tile;
    RankTask task = tile.tasks[0];
    int abandoned = 0;
    boolean ended = false;
    lock.lock();
    try {
      finishRun(worker, fault == null && ran, now());
      task.runningTiles--;
      if (task.isEnded()) {
        abandoned = ran ? tile.rows : 0;
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
      answers.scored(task);
    } else if (ended) {
      answers.failed(task, fault);
    }
    release(task);
    countAbandoned(task.version, abandoned);
  }

  private void finishRun(Worker worker, boolean learn, long now) {
    Tile tile = worker.tile;
    TileRunner runner = worker.running;
    worker.running = null;
    tile.running = false;
    queue.finished(tile);
    if (tile.terminated) {
      runner.rearm();
    } else if (learn) {
      tile.version.queue.learn(tile.waitingMicros, (now - tile.takenAt) / 1e3);
    }
  }

  private Worker[] wakeUpTo(int count) {
    Worker[] woken = new Worker[Math.min(count, idle.size())];
    for (int i = 0; i < woken.length; i++) {
      woken[i] = wakeOne();
    }
    return woken;
  }

  private void countAbandoned(ServedVersion version, int rows) {
    if (rows > 0) {
      ranAbandoned.add(rows);
      listener.ranAbandoned(version, rows);
    }
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
        Tile tile = worker.tile;
        if (runner != null && !tile.terminated && tile.contains(task) && tile.isAbandoned()) {
          tile.terminated = true;
          runner.terminate();
        }
      }
    }
    return true;
  }

  private void expireInto(List<RankTask> expired, long now) {
    for (RankTask task = queue.expired(now); task != null; task = queue.expired(now)) {
      if (end(task)) {
        expired.add(task);
      }
    }
  }

  private void answerExpired(List<RankTask> expired) {
    if (!expired.isEmpty()) {
      answers.expired(expired);
      expired.forEach(this::release);
      expired.clear();
    }
  }

  /** Frees what a task holds, if it has ended and nothing runs for it any more. */
  private void release(RankTask task) {
    ContextTensors context;
    Worker woken = null;
    Collected collected = null;
    lock.lock();
    try {
      if (!task.isEnded() || task.runningTiles > 0 || task.released) {
        return;
      }
      task.released = true;
      queue.remove(task);
      context = task.context;
      task.context = null;
      if (task.isLarge() && task.takenAt >= 0) {
        TensorBuffers buffers = task.assembled;
        task.assembled = null;
        pool.release(task, buffers);
        woken = queue.waitingTasks() > 0 ? wakeOne() : null;
      }
      live--;
      task.version.live--;
      if (live == 0) {
        quiet.signalAll();
      }
      if (task.version.retired != null && task.version.live == 0) {
        collected = new Collected();
        retirement.collect(null, collected);
      }
    } finally {
      lock.unlock();
    }
    unpark(woken);
    if (context != null) {
      context.close();
    }
    if (collected != null) {
      retirement.finish(collected);
    }
  }

  private List<RankTask> everyTask() {
    List<RankTask> all = new ArrayList<>();
    for (Flow flow : queue.active()) {
      flow.fresh.addTo(all);
      flow.sliced.addTo(all);
    }
    for (Worker worker : workers) {
      if (worker.tile.running) {
        for (int i = 0; i < worker.tile.count; i++) {
          all.add(worker.tile.tasks[i]);
        }
      }
    }
    return all;
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
      if (!expired.isEmpty()) {
        answerExpired(expired);
        continue; // for the reason given in work()
      }
      if (wait == Long.MAX_VALUE) {
        LockSupport.park(this);
      } else {
        LockSupport.parkNanos(this, Math.max(1, wait));
      }
    }
  }
}
