package dev.podium.server.schedule;

import dev.podium.server.engine.ContextCacheStatus;
import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.AssemblyTally;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.assembly.FeatureAssembler;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the scheduler itself costs a request: a model that does nothing, ten rows, one request at a
 * time. Caller runs: the submitting thread runs the tile. Handed over: a worker's thread does, and
 * the submitter waits for it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SchedulerBenchmark {
  private static final int ROWS = 10;

  private final ServedVersion version =
      new ServedVersion("nothing", 1, Nothing.SIGNATURE, new Nothing());
  private TileScheduler scheduler;

  /** Starts the workers. */
  @Setup
  public void start() {
    scheduler =
        new TileScheduler(SchedulerOptions.defaults(), System::nanoTime, SchedulerListener.NONE);
  }

  /** Stops them. */
  @TearDown
  public void stop() {
    scheduler.close();
  }

  /** The submitting thread runs the tile. */
  @Benchmark
  public RankResult callerRuns() {
    Kept kept = new Kept();
    Runnable[] work = new Runnable[1];
    Executor caller = task -> work[0] = task;
    scheduler.submit(task(kept), caller);
    if (work[0] != null) {
      work[0].run();
    }
    return kept.await();
  }

  /** A worker's thread runs the tile. */
  @Benchmark
  public RankResult handedOver() {
    Kept kept = new Kept();
    scheduler.submit(task(kept));
    return kept.await();
  }

  private RankTask task(Kept kept) {
    return new RankTask(
        version, Rows.TEN, System.nanoTime(), RankTask.NO_DEADLINE, Priority.NORMAL, false, kept);
  }

  private static final class Kept implements RankCompletion {
    private final CountDownLatch done = new CountDownLatch(1);
    private RankResult result;

    @Override
    public void succeeded(RankResult scores) {
      result = scores;
      done.countDown();
    }

    @Override
    public void failed(RankException fault) {
      throw new AssertionError(fault);
    }

    RankResult await() {
      try {
        done.await();
        return result;
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private enum Rows implements Binding {
    TEN;

    @Override
    public int rows() {
      return ROWS;
    }

    @Override
    public boolean sharesContext() {
      return true;
    }

    @Override
    public void fill(
        FeatureAssembler assembler,
        TensorBuffers contextRow,
        TensorBuffers rows,
        int firstRow,
        AssemblyTally tally) {}
  }

  static final class Nothing implements RankingSession {
    static final List<TensorSpec> OUTPUTS =
        List.of(new TensorSpec("score", TensorDtype.FLOAT, List.of()));
    static final Signature SIGNATURE =
        new Signature(List.of(), List.of(), List.of(new Output("score", 0, 0, 1)));

    @Override
    public List<TensorSpec> inputs() {
      return List.of();
    }

    @Override
    public List<TensorSpec> outputs() {
      return OUTPUTS;
    }

    @Override
    public ExecutionPlan plan() {
      return new ExecutionPlan(
          64, RowMixing.NONE, Form.EXPORTED, new CostCurve(new int[] {1}, new double[] {1}), null);
    }

    @Override
    public ContextCacheStatus contextCache() {
      return new ContextCacheStatus(0, 0, 0, 0);
    }

    @Override
    public ExecutionReport report() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void saveHalves(Path folder) {
      throw new UnsupportedOperationException();
    }

    @Override
    public TileRunner newRunner(int capacity) {
      return new Idle(capacity);
    }

    @Override
    public void close() {}
  }

  private record Idle(TensorBuffers rows) implements TileRunner {
    Idle(int capacity) {
      this(new TensorBuffers(List.of(), capacity));
    }

    @Override
    public TensorBuffers contextRow() {
      return null;
    }

    @Override
    public TensorBuffers candidateRows() {
      return null;
    }

    @Override
    public void run(int count) {}

    @Override
    public ContextTensors runContext() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void runCandidates(ContextTensors context, int count) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void readScores(int output, int row, int count, float[] target, int offset) {
      Arrays.fill(target, offset, offset + count, 0.5f);
    }

    @Override
    public void terminate() {}

    @Override
    public void rearm() {}

    @Override
    public void close() {}
  }
}
