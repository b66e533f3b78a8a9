package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * Drives a {@link TileQueue} with a virtual clock: workers are busy for as long as the cost curve
 * and a factor say, and nothing really runs. Checks after each step what must always hold.
 */
final class Simulation {
  /** Makes the next request. */
  interface Source {
    /** Nanoseconds until it comes. */
    long gap();

    Request next();
  }

  record Request(ServedVersion version, int rows, long budgetNanos, Priority priority) {}

  /** What became of the requests of one kind. */
  static final class Tally {
    long offered;
    long refused;
    long expired;
    long scored;
    long late;
    long offeredRows;
    long scoredRows;
    private long[] waits = new long[1024];

    double p99Micros() {
      long[] sorted = Arrays.copyOf(waits, (int) scored);
      Arrays.sort(sorted);
      return scored == 0 ? 0 : sorted[(int) (0.99 * (scored - 1))] / 1e3;
    }

    private void scored(RankTask task, long now) {
      if (scored == waits.length) {
        waits = Arrays.copyOf(waits, waits.length * 2);
      }
      waits[(int) scored++] = now - task.arrival;
      scoredRows += task.rows;
      late += now > task.deadline ? 1 : 0;
    }
  }

  /** An accepted task tells its tally how it ended. */
  private static final class Fate implements RankCompletion {
    final Tally tally;
    int runningTiles;
    int doneTiles;
    boolean released;

    Fate(Tally tally) {
      this.tally = tally;
    }

    @Override
    public void succeeded(RankResult result) {}

    @Override
    public void failed(RankException fault) {}
  }

  private static final class Slot {
    final Tile tile = new Tile();
    long freeAt;
  }

  final SchedulerOptions options;
  final RowPool pool;
  final TileQueue queue;
  final Tally all = new Tally();
  private final RandomGenerator random;
  private final PriorityQueue<Slot> busy =
      new PriorityQueue<>((a, b) -> Long.compare(a.freeAt, b.freeAt));
  private final List<Slot> idle = new ArrayList<>();
  private final List<RankTask> hopeless = new ArrayList<>();
  long now;
  long busyNanos;
  long steps;

  /** Stands before the queue; what it turns away counts as refused. */
  Predicate<RankTask> gate = task -> true;

  /** Hears of every task that was scored, and when. */
  ObjLongConsumer<RankTask> scored = (task, at) -> {};

  /** What a tile really takes, as a multiple of what the curve says. */
  double slowness = 1;

  Simulation(SchedulerOptions options, RandomGenerator random) {
    this.options = options;
    this.random = random;
    this.pool = new RowPool(options.maxAssembledBytes());
    this.queue = new TileQueue(options, pool);
    for (int i = 0; i < options.workers(); i++) {
      idle.add(new Slot());
    }
  }

  /** Offers requests until a time, then works off what is left. */
  void run(Source source, long untilNanos) {
    runUntil(source, untilNanos);
    finish();
  }

  void runUntil(Source source, long untilNanos) {
    long arrival = now + source.gap();
    while (arrival < untilNanos) {
      advance(arrival);
      offer(source.next(), all);
      arrival += source.gap();
    }
  }

  /** Works off what is left. */
  void finish() {
    advance(Long.MAX_VALUE);
    assertThat(queue.waitingTasks()).isZero();
    assertThat(queue.waitingRows()).isZero();
    assertThat(pool.reserved()).isZero();
    assertThat(queue.earliestDeadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(all.offered).isEqualTo(all.refused + all.expired + all.scored);
  }

  RankTask offer(Request request, Tally... tallies) {
    long deadline = request.budgetNanos == 0 ? RankTask.NO_DEADLINE : now + request.budgetNanos;
    Tally tally = tallies[tallies.length - 1];
    RankTask task =
        new RankTask(
            request.version,
            null,
            request.rows,
            now,
            deadline,
            request.priority,
            false,
            new Fate(tally));
    task.arrival = now;
    task.deadline = deadline;
    count(tally, t -> t.offered++);
    count(tally, t -> t.offeredRows += task.rows);
    if (!gate.test(task)) {
      count(tally, t -> t.refused++);
      return task;
    }
    Refusal refusal = queue.offer(task, now, !idle.isEmpty());
    if (refusal != null) {
      assertThat(refusal.fault().retryAfterMillis()).isPositive();
      count(tally, t -> t.refused++);
    }
    step();
    return task;
  }

  /** Lets tiles finish and start until a time. */
  void advance(long until) {
    while (true) {
      long next = busy.isEmpty() ? Long.MAX_VALUE : busy.peek().freeAt;
      next = Math.min(next, queue.earliestDeadline());
      if (!idle.isEmpty()) {
        next = Math.min(next, Math.max(now, queue.nextEligible(now)));
      }
      if (next > until || next == Long.MAX_VALUE) {
        break;
      }
      now = Math.max(now, next);
      while (!busy.isEmpty() && busy.peek().freeAt <= now) {
        Slot slot = busy.poll();
        finish(slot);
        idle.add(slot);
      }
      step();
    }
    now = until == Long.MAX_VALUE ? now : until;
  }

  private void step() {
    steps++;
    expire();
    while (!idle.isEmpty()) {
      Slot slot = idle.get(idle.size() - 1);
      hopeless.clear();
      boolean taken = queue.take(now, slot.tile, hopeless);
      hopeless.forEach(this::expired);
      if (!taken) {
        break;
      }
      idle.remove(idle.size() - 1);
      start(slot);
    }
    check();
  }

  private void expire() {
    for (RankTask task = queue.expired(now); task != null; task = queue.expired(now)) {
      queue.remove(task);
      expired(task);
    }
  }

  private void expired(RankTask task) {
    if (task.tryEnd()) {
      count(tally(task), t -> t.expired++);
      release(task);
    }
  }

  private void start(Slot slot) {
    Tile tile = slot.tile;
    double noise = 1 + 0.1 * random.nextGaussian();
    double micros = Math.max(0.2, noise) * slowness * tile.micros;
    slot.freeAt = now + Math.max(1, (long) (micros * 1e3));
    busyNanos += slot.freeAt - now;
    busy.add(slot);
    for (int i = 0; i < tile.count; i++) {
      fate(tile.tasks[i]).runningTiles++;
    }
    checkOrder(tile);
  }

  private void finish(Slot slot) {
    Tile tile = slot.tile;
    tile.running = false;
    queue.finished(tile);
    if (tile.work != Tile.Work.PREPARE) {
      tile.version.queue.learn(tile.waitingMicros, (now - tile.takenAt) / 1e3);
    }
    for (int i = 0; i < tile.count; i++) {
      RankTask task = tile.tasks[i];
      fate(task).runningTiles--;
      if (!task.isEnded()) {
        if (tile.work == Tile.Work.PREPARE) {
          queue.prepared(task, now);
        } else if (++fate(task).doneTiles == task.tiles) {
          assertThat(task.tryEnd()).isTrue();
          queue.remove(task);
          scored.accept(task, now);
          tally(task).scored(task, now);
          if (tally(task) != all) {
            all.scored(task, now);
          }
        }
      }
      release(task);
    }
    tile.clear();
  }

  private void release(RankTask task) {
    Fate fate = fate(task);
    if (task.isEnded() && fate.runningTiles == 0 && !fate.released) {
      fate.released = true;
      if (task.isLarge() && task.takenAt >= 0) {
        pool.release(task, null);
      }
    }
  }

  private void count(Tally tally, Consumer<Tally> change) {
    change.accept(tally);
    if (tally != all) {
      change.accept(all);
    }
  }

  private static Fate fate(RankTask task) {
    return (Fate) task.completion;
  }

  private static Tally tally(RankTask task) {
    return fate(task).tally;
  }

  // ---- What must always hold ----

  /** Bounds hold, and no worker idles while something may run. */
  private void check() {
    if (queue.waitingRows() < 0 || queue.waitingRows() > options.maxWaitingRows() + 10_000) {
      throw new AssertionError(queue.waitingRows() + " rows wait");
    }
    if (pool.reserved() > 1 && pool.bytes() > options.maxAssembledBytes()) {
      throw new AssertionError(pool.bytes() + " bytes are reserved");
    }
    if (queue.earliestDeadline() <= now) {
      throw new AssertionError("a task outlives its deadline");
    }
    if (steps % 64 == 0) {
      checkCounts();
    }
  }

  private void checkCounts() {
    long rows = 0;
    double micros = 0;
    for (Flow flow : queue.active()) {
      if (flow.isEmpty()) {
        throw new AssertionError("an empty flow is active");
      }
      rows += flow.waitingRows;
      micros += flow.waitingMicros;
    }
    // Tasks that are being assembled wait, too, in flows that may have nothing else.
    if (rows > queue.waitingRows() || micros < -1e-3) {
      throw new AssertionError(
          rows + " rows wait in flows, " + queue.waitingRows() + " in all; " + micros + " us");
    }
  }

  /** The task that was taken is due before all others of its flow, and overtook none too old. */
  private void checkOrder(Tile tile) {
    RankTask task = tile.tasks[0];
    Flow flow = task.flow;
    RankTask left =
        tile.work == Tile.Work.SLICE && flow.sliced.contains(task) ? null : flow.sliced.peek();
    if (tile.work == Tile.Work.SMALL) {
      left = flow.fresh.peek();
    }
    if (left != null && left.due < task.due) {
      throw new AssertionError("due at " + left.due + " waits while " + task.due + " runs");
    }
    long bound = options.ageBound().toNanos();
    if (left != null && left.arrival + bound < task.arrival) {
      throw new AssertionError("overtaken by one that came " + (task.arrival - left.arrival));
    }
  }
}
