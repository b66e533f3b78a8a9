package dev.podium.server.schedule;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.fault.Priority;
import dev.podium.server.schedule.SheddingPolicy.Refused;
import java.util.ArrayList;
import java.util.List;

/**
 * What runs next. Holds the tasks that wait, forms tiles of them, and knows neither threads nor
 * clocks: every method is told the time, in nanoseconds since the scheduler was made. Not
 * thread-safe.
 *
 * <p>Between {@link Flow}s the workers' time is shared by start-time fair queueing (Goyal, Vin and
 * Cheng, SIGCOMM 1996): a tile is stamped with the virtual time at which its flow may have it, and
 * the lowest stamp goes first. Inside a flow the earliest due goes first, where a task is due at
 * its deadline, or {@code ageBound} after its arrival if that is earlier, so that a task is only
 * ever overtaken by those that came within the age bound after it.
 */
final class TileQueue {
  private static final Priority[] PRIORITIES = Priority.values();

  /** The part of the expected time that a task must have left when its turn comes. */
  private static final double HOPELESS = 0.8;

  private final SchedulerOptions options;
  private final RowPool pool;
  private final SheddingPolicy policy;
  private final long ageBound;
  private final long batchDelay;

  private final List<Flow> active = new ArrayList<>();
  private final TaskHeap deadlines = new TaskHeap(true);
  private double virtualTime;
  private double runningMicros;
  private long sequence;
  private long waitingRows;
  private int waitingTasks;

  TileQueue(SchedulerOptions options, RowPool pool) {
    this.options = options;
    this.pool = pool;
    this.policy = new SheddingPolicy(options.maxWaitingRows(), options.maxWait().toNanos() / 1e3);
    this.ageBound = options.ageBound().toNanos();
    this.batchDelay = options.maxBatchDelay().toNanos();
  }

  /** Rows that no worker has taken yet. */
  long waitingRows() {
    return waitingRows;
  }

  /** Tasks with rows that no worker has taken yet. */
  int waitingTasks() {
    return waitingTasks;
  }

  List<Flow> active() {
    return active;
  }

  /** The time of the earliest deadline of all tasks that have not ended, or Long.MAX_VALUE. */
  long earliestDeadline() {
    RankTask task = deadlines.peek();
    return task == null ? Long.MAX_VALUE : task.deadline;
  }

  /** Expected time to work off what waits, in microseconds on one worker. */
  double waitingMicros() {
    double sum = 0;
    for (Flow flow : active) {
      sum += flow.waitingMicros * flow.version.stretch();
    }
    return sum;
  }

  /**
   * Takes in a task whose arrival and deadline are set, unless that would do no good.
   *
   * @param workerFree whether a worker has nothing to do
   * @return null if it was taken in
   */
  Refused offer(RankTask task, long now, boolean workerFree) {
    VersionQueue version = task.version.queue;
    task.plan(version.plan());
    task.due = Math.min(task.deadline, task.arrival + ageBound);
    task.flow = version.flow(task.priority, task.tiles);
    if (!workerFree || waitingTasks > 0) {
      double micros = task.micros * version.stretch();
      double budget =
          task.deadline == RankTask.NO_DEADLINE
              ? Double.POSITIVE_INFINITY
              : (task.deadline - now) / 1e3;
      Refused refused =
          policy.check(
              task.priority,
              task.rows,
              waitingRows,
              WaitEstimate.micros(
                  active, task.flow, task.due, micros, runningMicros, options.workers()),
              micros / Math.min(task.tiles, options.workers()),
              budget);
      if (refused != null) {
        return refused;
      }
    }
    task.sequence = sequence++;
    if (task.deadline != RankTask.NO_DEADLINE) {
      deadlines.add(task);
    }
    enqueue(task, now);
    return null;
  }

  /** Puts a task back that failed in a shared tile, to be run by itself. */
  void addAlone(RankTask task, long now) {
    task.alone = true;
    task.waitingMicros = task.micros;
    enqueue(task, now);
  }

  /** Lets the tiles of a large task run, now that it is assembled. */
  void prepared(RankTask task, long now) {
    activate(task.flow, now);
    task.flow.sliced.add(task);
  }

  /** Forgets a task that has ended. Tiles of it that run are not this class's concern. */
  void remove(RankTask task) {
    deadlines.remove(task);
    Flow flow = task.flow;
    if (flow == null) {
      return;
    }
    flow.fresh.remove(task);
    flow.sliced.remove(task);
    int waiting = waitingRowsOf(task);
    if (waiting > 0) {
      waitingTasks--;
      took(task, waiting, task.waitingMicros);
      task.nextTile = task.tiles;
    }
    deactivateIfEmpty(flow);
  }

  /** A task whose deadline has come and that has not been removed yet, or null. */
  RankTask expired(long now) {
    RankTask task = deadlines.peek();
    return task == null || task.deadline > now ? null : task;
  }

  /**
   * Forms the tile that should run next.
   *
   * @param tile is empty; receives the work
   * @param hopeless receives tasks that came to their turn but can't be done by their deadline; the
   *     queue has forgotten them
   * @return false if nothing may run now
   */
  boolean take(long now, Tile tile, List<RankTask> hopeless) {
    while (true) {
      Flow flow = nextFlow(now);
      if (flow == null) {
        return false;
      }
      RankTask head = head(flow, now);
      if (head.takenAt < 0 && waitingTasks > 1 && isHopeless(head, now)) {
        remove(head);
        hopeless.add(head);
        continue;
      }
      virtualTime = Math.max(virtualTime, flow.tag);
      take(flow, head, now, tile);
      tile.runningMicros = tile.waitingMicros * flow.version.stretch();
      runningMicros += tile.runningMicros;
      return true;
    }
  }

  /** Counts a tile out that was taken. */
  void finished(Tile tile) {
    runningMicros = Math.max(0, runningMicros - tile.runningMicros);
  }

  private void take(Flow flow, RankTask head, long now, Tile tile) {
    tile.version = head.version;
    tile.takenAt = now;
    tile.running = true;
    if (head.takenAt < 0) {
      head.takenAt = now;
    }
    ExecutionPlan plan = flow.version.plan();
    if (flow.sliced.contains(head)) {
      takeSlice(plan, head, tile);
    } else if (head.isLarge()) {
      takeLarge(plan, head, tile);
    } else {
      takeSmall(plan, head, now, tile);
    }
  }

  /**
   * Whether a task can't be done in time even if all goes well: then others that wait are better
   * served. The expected time is cut a little, since it is only expected.
   */
  private boolean isHopeless(RankTask task, long now) {
    if (task.deadline == RankTask.NO_DEADLINE || task.allowPartial) {
      return false;
    }
    double stretch = Math.min(1, task.version.queue.stretch());
    double micros = HOPELESS * stretch * task.micros / Math.min(task.tiles, options.workers());
    return now + micros * 1e3 > task.deadline;
  }

  private Flow nextFlow(long now) {
    Flow best = null;
    RankTask head = null;
    for (int i = 0; i < active.size(); i++) {
      Flow flow = active.get(i);
      RankTask candidate = head(flow, now);
      if (candidate != null && (best == null || goesFirst(flow, candidate, best, head))) {
        best = flow;
        head = candidate;
      }
    }
    return best;
  }

  /**
   * When a worker that found nothing should look again if nobody wakes it: when something that is
   * held back may run, which can be now; Long.MAX_VALUE if nothing is held back.
   */
  long nextEligible(long now) {
    long next = Long.MAX_VALUE;
    if (batchDelay > 0) {
      for (int i = 0; i < active.size(); i++) {
        Flow flow = active.get(i);
        if (isHeld(flow, now)) {
          next = Math.min(next, flow.waitingSince + batchDelay);
        } else if (head(flow, now) != null) {
          return now;
        }
      }
    }
    return next;
  }

  private static boolean goesFirst(Flow a, RankTask headA, Flow b, RankTask headB) {
    if (a.tag != b.tag) {
      return a.tag < b.tag;
    }
    return headA.due != headB.due ? headA.due < headB.due : headA.sequence < headB.sequence;
  }

  /** The flow's first task that may run now, or null. */
  private RankTask head(Flow flow, long now) {
    RankTask fresh = flow.fresh.peek();
    RankTask sliced = flow.sliced.peek();
    if (fresh != null && fresh.isLarge() && !pool.hasRoomFor(fresh)) {
      fresh = null;
    }
    if (fresh != null && isHeld(flow, now)) {
      fresh = null;
    }
    if (fresh == null || (sliced != null && sliced.due <= fresh.due)) {
      return sliced;
    }
    return fresh;
  }

  private boolean isHeld(Flow flow, long now) {
    RankTask fresh = flow.fresh.peek();
    return batchDelay > 0
        && fresh != null
        && options.shareTiles()
        && !fresh.isLarge()
        && !fresh.alone
        && now - flow.waitingSince < batchDelay
        && flow.waitingRows < flow.version.plan().tileRows();
  }

  private void takeSlice(ExecutionPlan plan, RankTask task, Tile tile) {
    int slice = task.nextTile++;
    tile.work = Tile.Work.SLICE;
    tile.add(task);
    tile.slice = slice;
    tile.firstRow = Slices.start(task.rows, task.tiles, slice);
    tile.rows = Slices.start(task.rows, task.tiles, slice + 1) - tile.firstRow;
    tile.micros = task.tileMicros(plan);
    tile.waitingMicros = tile.micros;
    if (task.nextTile == task.tiles) {
      task.flow.sliced.remove(task);
      waitingTasks--;
    }
    serve(task, tile.rows, tile.waitingMicros, tile.takenAt);
    charge(task.flow, tile.micros);
    deactivateIfEmpty(task.flow);
  }

  private void takeLarge(ExecutionPlan plan, RankTask task, Tile tile) {
    pool.reserve(task);
    task.flow.fresh.remove(task);
    tile.work = Tile.Work.PREPARE;
    tile.add(task);
    tile.micros = plan.contextMicros(task.form);
    tile.waitingMicros = tile.micros;
    serve(task, 0, tile.waitingMicros, tile.takenAt);
    charge(task.flow, tile.micros);
    deactivateIfEmpty(task.flow);
  }

  private void takeSmall(ExecutionPlan plan, RankTask head, long now, Tile tile) {
    tile.work = Tile.Work.SMALL;
    tile.micros = head.micros;
    addSmall(head, now, tile);
    if (options.shareTiles() && !head.alone) {
      for (RankTask next = partner(head.version.queue); next != null; ) {
        if (!SharingRule.joins(plan, tile.rows, tile.micros, next.rows, next.micros)) {
          break;
        }
        tile.micros = Math.max(1, plan.rowsCost().micros(tile.rows + next.rows));
        addSmall(next, now, tile);
        next = partner(head.version.queue);
      }
    }
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      charge(task.flow, tile.micros * task.rows / tile.rows);
      deactivateIfEmpty(task.flow);
    }
  }

  private void addSmall(RankTask task, long now, Tile tile) {
    task.flow.fresh.remove(task);
    task.nextTile = 1;
    if (task.takenAt < 0) {
      task.takenAt = now;
    }
    tile.add(task);
    tile.rows += task.rows;
    tile.waitingMicros += task.waitingMicros;
    waitingTasks--;
    serve(task, task.rows, task.waitingMicros, now);
  }

  /**
   * The task of one tile that is due first in a version, of any priority; null if none may share.
   */
  private static RankTask partner(VersionQueue version) {
    RankTask best = null;
    for (Priority priority : PRIORITIES) {
      Flow flow = version.singles(priority);
      RankTask task = flow == null ? null : flow.fresh.peek();
      if (task != null && (best == null || task.due < best.due)) {
        best = task;
      }
    }
    return best == null || best.alone ? null : best;
  }

  private void enqueue(RankTask task, long now) {
    Flow flow = task.flow;
    activate(flow, now);
    task.nextTile = 0;
    flow.fresh.add(task);
    flow.latestDue = Math.max(flow.latestDue, task.due);
    flow.waitingRows += task.rows;
    flow.waitingMicros += task.waitingMicros;
    waitingTasks++;
    waitingRows += task.rows;
  }

  private void activate(Flow flow, long now) {
    if (flow.activeIndex < 0) {
      flow.activeIndex = active.size();
      active.add(flow);
      flow.tag = Math.max(flow.tag, virtualTime);
      flow.activated(now);
    }
  }

  private void deactivateIfEmpty(Flow flow) {
    if (flow.activeIndex >= 0 && flow.isEmpty()) {
      Flow last = active.remove(active.size() - 1);
      if (last != flow) {
        active.set(flow.activeIndex, last);
        last.activeIndex = flow.activeIndex;
      }
      flow.activeIndex = -1;
    }
  }

  private static void charge(Flow flow, double micros) {
    flow.tag += micros / flow.weight;
  }

  /** Counts out what a worker takes. */
  private void serve(RankTask task, int rows, double micros, long now) {
    task.flow.served(micros, now);
    took(task, rows, micros);
  }

  private void took(RankTask task, int rows, double micros) {
    waitingRows -= rows;
    task.flow.waitingRows -= rows;
    task.flow.waitingMicros -= micros;
    task.waitingMicros -= micros;
  }

  private static int waitingRowsOf(RankTask task) {
    return task.nextTile >= task.tiles
        ? 0
        : task.rows - Slices.start(task.rows, task.tiles, task.nextTile);
  }
}
