package dev.podium.server.schedule;

import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The tile queue by itself, without threads: one request comes with a deadline, the next tile is
 * formed and done, while some others wait. Its lock is held for about so long. The heap allocated
 * is that of the request's task.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class TileQueueBenchmark {
  /** More than half a tile, so that each tile holds one request. */
  private static final int ROWS = 40;

  private static final long FURTHEST_DEADLINE_NANOS = 1_000_000_000L;

  /** Requests that wait all the time. */
  @Param({"0", "100", "1000"})
  int waiting;

  private final ServedVersion version =
      new ServedVersion(
          "nothing", 1, SchedulerBenchmark.Nothing.SIGNATURE, new SchedulerBenchmark.Nothing());
  private final SplittableRandom random = new SplittableRandom(1);
  private final Tile tile = new Tile();
  private final List<RankTask> hopeless = new ArrayList<>();
  private TileQueue queue;
  private long now;

  /** Lets them wait. */
  @Setup
  public void fill() {
    SchedulerOptions options = SchedulerOptions.defaults();
    queue = new TileQueue(options, new RowPool(options.maxAssembledBytes()));
    now = 0;
    for (int i = 0; i < waiting; i++) {
      offer();
    }
  }

  /** One in, one out. */
  @Benchmark
  public int offerAndTake() {
    now += 1_000;
    offer();
    if (!queue.take(now, tile, hopeless) || !hopeless.isEmpty()) {
      throw new AssertionError("no tile, or one too late: " + hopeless.size());
    }
    queue.finished(tile);
    for (int i = 0; i < tile.count; i++) {
      queue.remove(tile.tasks[i]);
    }
    int taken = tile.count;
    tile.clear();
    return taken;
  }

  private void offer() {
    RankTask task =
        new RankTask(version, null, ROWS, now, 0, Priority.NORMAL, false, Ignored.INSTANCE);
    task.arrival = now;
    // Far enough that none is ever too late, and in no order.
    task.deadline = now + FURTHEST_DEADLINE_NANOS + random.nextLong(FURTHEST_DEADLINE_NANOS);
    if (queue.offer(task, now, true) != null) {
      throw new AssertionError("refused");
    }
  }

  private enum Ignored implements RankCompletion {
    INSTANCE;

    @Override
    public void succeeded(RankResult scores) {}

    @Override
    public void failed(RankException fault) {}
  }
}
