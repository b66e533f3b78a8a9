package dev.podium.server.schedule;

import java.util.List;

/**
 * What runs next. Holds the tasks that wait, forms tiles of them, and knows neither threads nor
 * clocks: every method is told the time, in nanoseconds since the scheduler was made. Not
 * thread-safe.
 *
 * <p>Between {@link Flow}s the workers' time is shared fairly ({@link ActiveFlows}). Inside a flow
 * the earliest due goes first, where a task is due at its deadline, or {@code ageBound} after its
 * arrival if that is earlier, so that a task is only ever overtaken by those that came within the
 * age bound after it. What a worker gets when a task's turn has come is {@link TileFormer}'s to
 * say.
 */
final class TileQueue {
  /** The part of the expected time that a task must have left when its turn comes. */
  private static final double HOPELESS = 0.8;

  private final SchedulerOptions options;
  private final RowPool pool;
  private final SheddingPolicy policy;
  private final long ageBound;
  private final long batchDelay;

  private final ActiveFlows flows = new ActiveFlows();
  private final TileFormer former;
  private final TaskHeap deadlines = new TaskHeap(true);
  private double runningMicros;
  private long sequence;

  TileQueue(SchedulerOptions options, RowPool pool) {
    this.options = options;
    this.pool = pool;
    this.policy = new SheddingPolicy(options.maxWaitingRows(), options.maxWait().toNanos() / 1e3);
    this.ageBound = options.ageBound().toNanos();
    this.former = new TileFormer(flows, pool, options.shareTiles());
    this.batchDelay = options.maxBatchDelay().toNanos();
  }

  /** Rows that no worker has taken yet. */
  long waitingRows() {
    return flows.waitingRows();
  }

  /** Tasks with rows that no worker has taken yet. */
  int waitingTasks() {
    return flows.waitingTasks();
  }

  /** Expected time to work off what waits, in microseconds on one worker. */
  double waitingMicros() {
    return flows.waitingMicros();
  }

  List<Flow> active() {
    return flows.all();
  }

  /** Adds every task that waits to a list, but for those that are being assembled. */
  void addAllTo(List<RankTask> all) {
    for (Flow flow : flows.all()) {
      flow.fresh.addTo(all);
      flow.sliced.addTo(all);
    }
  }

  /** The time of the earliest deadline of all tasks that have not ended, or Long.MAX_VALUE. */
  long earliestDeadline() {
    RankTask task = deadlines.peek();
    return task == null ? Long.MAX_VALUE : task.deadline;
  }

  /**
   * Takes in a task whose arrival and deadline are set, unless that would do no good.
   *
   * @param workerFree whether a worker has nothing to do
   * @return null if it was taken in
   */
  Refusal offer(RankTask task, long now, boolean workerFree) {
    VersionQueue version = task.version.queue;
    task.plan(version.plan());
    task.due = Math.min(task.deadline, task.arrival + ageBound);
    task.flow = version.flow(task.priority, task.tiles);
    if (!workerFree || flows.waitingTasks() > 0) {
      double micros = task.micros * version.stretch();
      double budget =
          task.deadline == RankTask.NO_DEADLINE
              ? Double.POSITIVE_INFINITY
              : (task.deadline - now) / 1e3;
      Refusal refusal =
          policy.check(
              task.priority,
              task.rows,
              flows.waitingRows(),
              WaitEstimate.micros(
                  flows.all(), task.flow, task.due, micros, runningMicros, options.workers()),
              micros / Math.min(task.tiles, options.workers()),
              budget);
      if (refusal != null) {
        return refusal;
      }
    }
    task.sequence = sequence++;
    if (task.deadline != RankTask.NO_DEADLINE) {
      deadlines.add(task);
    }
    flows.enqueue(task, now);
    return null;
  }

  /** Puts a task back that failed in a shared tile, to be run by itself. */
  void addAlone(RankTask task, long now) {
    task.alone = true;
    task.waitingMicros = task.micros;
    flows.enqueue(task, now);
  }

  /** Lets the tiles of a large task run, now that it is assembled. */
  void prepared(RankTask task, long now) {
    flows.enqueueSliced(task, now);
  }

  /** Forgets a task that has ended. Tiles of it that run are not this class's concern. */
  void remove(RankTask task) {
    deadlines.remove(task);
    flows.remove(task);
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
      if (head.takenAt < 0 && flows.waitingTasks() > 1 && isHopeless(head, now)) {
        hopeless.add(head);
        remove(head);
        continue;
      }
      flows.advanceTo(flow);
      former.form(flow, head, now, tile);
      tile.runningMicros = tile.waitingMicros * flow.version.stretch();
      runningMicros += tile.runningMicros;
      return true;
    }
  }

  /** Counts a tile out that was taken. */
  void finished(Tile tile) {
    runningMicros = Math.max(0, runningMicros - tile.runningMicros);
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
    List<Flow> active = flows.all();
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
      List<Flow> active = flows.all();
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
        && flow.version.plan().mixing().sharesTiles()
        && !fresh.isLarge()
        && !fresh.alone
        && now - flow.waitingSince < batchDelay
        && flow.waitingRows < flow.version.plan().tileRows();
  }
}
