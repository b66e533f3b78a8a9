package dev.podium.server.schedule;

import com.google.protobuf.UnsafeByteOperations;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.engine.ContextCacheStatus;
import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionPlan.Split;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.assembly.RankBinding;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.signature.WireType;
import dev.podium.server.feature.wire.RankMessage;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A session whose score is {@code 10 * user + item}, exactly, and whose second output is twice
 * that. Counts what is open, and lets a test hold a run, fail it or make its scores bad.
 */
final class FakeSession implements RankingSession {
  static final List<TensorSpec> INPUTS =
      List.of(
          new TensorSpec("user", TensorDtype.FLOAT, List.of(1)),
          new TensorSpec("item", TensorDtype.FLOAT, List.of(1)));
  static final List<TensorSpec> OUTPUTS =
      List.of(new TensorSpec("scores", TensorDtype.FLOAT, List.of(2)));
  static final Signature SIGNATURE =
      new Signature(
          List.of(number("user", 0, FeatureRole.CONTEXT), number("item", 1, FeatureRole.CANDIDATE)),
          INPUTS,
          List.of(new Output("score", 0, 0, 1), new Output("twice", 0, 1, 1)));

  /** What happens at the start of a run, on the thread that runs it. */
  interface Hook {
    void run(Runner runner, Call call, int rows) throws RankException;
  }

  enum Call {
    ROWS,
    CONTEXT,
    CANDIDATES
  }

  /** Broken promises; the one who broke them may not be the one who hears of it. */
  final Queue<String> violations = new ConcurrentLinkedQueue<>();

  final AtomicInteger openRunners = new AtomicInteger();
  final AtomicInteger openContexts = new AtomicInteger();
  final AtomicInteger runs = new AtomicInteger();
  final AtomicInteger rowsRun = new AtomicInteger();
  volatile Hook hook = (runner, form, rows) -> {};
  volatile boolean closed;

  /** Whether whole rows all take the user of the run's first row, as torch's user[:1] does. */
  volatile boolean firstUserOnly;

  private final ExecutionPlan plan;

  FakeSession(ExecutionPlan plan) {
    this.plan = plan;
  }

  /** Rows are independent, and a run costs 100 us and 1 us a row. */
  static ExecutionPlan whole(int tileRows) {
    return mixing(tileRows, RowMixing.NONE);
  }

  /** As above, and split pays from some number of rows on. */
  static ExecutionPlan split(int tileRows, int fromRows) {
    return new ExecutionPlan(
        tileRows,
        RowMixing.NONE,
        Form.EXPORTED,
        cost(100, 1),
        new Split(fromRows, cost(80, 0.5), 50));
  }

  /** A list-wise model. */
  static ExecutionPlan dependent(int tileRows) {
    return mixing(tileRows, RowMixing.WHOLE_REQUEST);
  }

  /** Whole rows, that depend on others or not. */
  static ExecutionPlan mixing(int tileRows, RowMixing mixing) {
    return new ExecutionPlan(tileRows, mixing, Form.EXPORTED, cost(100, 1), null);
  }

  static CostCurve cost(double fixed, double row) {
    return new CostCurve(new int[] {1, 1001}, new double[] {fixed + row, fixed + 1001 * row});
  }

  private static Feature number(String name, int input, FeatureRole role) {
    return new Feature(
        name, input, 0, 1, role, FeatureKind.DENSE, WireType.FLOAT, IdRule.NONE, null, null, true);
  }

  /** A request of one user whose items are 0, 1, 2 and so on. */
  static Binding request(float user, int rows) {
    return request(user, rows, rows);
  }

  /** As above, with a column of another length if {@code sent} is not {@code rows}. */
  static Binding request(float user, int rows, int sent) {
    FloatValues.Builder items = FloatValues.newBuilder();
    for (int i = 0; i < sent; i++) {
      items.addValues(i);
    }
    byte[] bytes =
        RankRequest.newBuilder()
            .addContext(column("user", FloatValues.newBuilder().addValues(user)))
            .setCandidates(
                CandidateBatch.newBuilder().setCount(rows).addColumns(column("item", items)))
            .build()
            .toByteArray();
    return parse(bytes);
  }

  /** A request whose user differs from candidate to candidate. */
  static Binding manyUsers(int rows) {
    FloatValues.Builder values = FloatValues.newBuilder();
    for (int i = 0; i < rows; i++) {
      values.addValues(i);
    }
    byte[] bytes =
        RankRequest.newBuilder()
            .setCandidates(
                CandidateBatch.newBuilder()
                    .setCount(rows)
                    .addColumns(column("user", values))
                    .addColumns(column("item", values)))
            .build()
            .toByteArray();
    return parse(bytes);
  }

  private static Binding parse(byte[] bytes) {
    try {
      return RankBinding.of(RankMessage.parse(bytes, bytes.length), SIGNATURE);
    } catch (RankException e) {
      throw new AssertionError(UnsafeByteOperations.unsafeWrap(bytes).toString(), e);
    }
  }

  private AssertionError violation(String what) {
    violations.add(what);
    return new AssertionError(what);
  }

  private static FeatureColumn column(String name, FloatValues.Builder values) {
    return FeatureColumn.newBuilder().setName(name).setFloatValues(values).build();
  }

  @Override
  public List<TensorSpec> inputs() {
    return INPUTS;
  }

  @Override
  public List<TensorSpec> outputs() {
    return OUTPUTS;
  }

  @Override
  public ExecutionPlan plan() {
    return plan;
  }

  @Override
  public ContextCacheStatus contextCache() {
    return new ContextCacheStatus(0, 0, 0, 0);
  }

  @Override
  public ExecutionReport report() {
    throw new UnsupportedOperationException("a fake has nothing to report");
  }

  @Override
  public void saveHalves(Path folder) {
    throw new UnsupportedOperationException("a fake has no halves");
  }

  @Override
  public TileRunner newRunner(int capacity) {
    openRunners.incrementAndGet();
    return new Runner(capacity);
  }

  @Override
  public void close() {
    closed = true;
  }

  private final class Context implements ContextTensors {
    final float user;
    private boolean open = true;

    Context(float user) {
      this.user = user;
      openContexts.incrementAndGet();
    }

    @Override
    public long bytes() {
      return Float.BYTES;
    }

    @Override
    public synchronized void close() {
      if (!open) {
        throw violation("context closed twice");
      }
      open = false;
      openContexts.decrementAndGet();
    }

    synchronized boolean isOpen() {
      return open;
    }
  }

  final class Runner implements TileRunner {
    private final TensorBuffers rows;
    private final TensorBuffers candidates;
    private final TensorBuffers context;
    private final float[] scores;
    private final Object monitor = new Object();
    private boolean terminated;
    private boolean open = true;
    private Thread user;

    Runner(int capacity) {
      rows = new TensorBuffers(INPUTS, capacity);
      candidates = plan.splits() ? new TensorBuffers(INPUTS, capacity) : null;
      context = plan.splits() ? new TensorBuffers(INPUTS, 1) : null;
      scores = new float[capacity];
    }

    @Override
    public TensorBuffers rows() {
      return rows;
    }

    @Override
    public TensorBuffers contextRow() {
      return context;
    }

    @Override
    public TensorBuffers candidateRows() {
      return candidates;
    }

    @Override
    public void run(int count) throws RankException {
      start(Call.ROWS, count);
      for (int i = 0; i < count; i++) {
        int userRow = firstUserOnly ? 0 : i;
        scores[i] =
            10 * rows.numbers(0).getFloat(userRow * Float.BYTES)
                + rows.numbers(1).getFloat(i * Float.BYTES);
      }
      end();
    }

    @Override
    public ContextTensors runContext() throws RankException {
      start(Call.CONTEXT, 1);
      end();
      return new Context(context.numbers(0).getFloat(0));
    }

    @Override
    public void runCandidates(ContextTensors tensors, int count) throws RankException {
      Context made = (Context) tensors;
      if (!made.isOpen()) {
        throw violation("context used after it was closed");
      }
      start(Call.CANDIDATES, count);
      for (int i = 0; i < count; i++) {
        scores[i] = 10 * made.user + candidates.numbers(1).getFloat(i * Float.BYTES);
      }
      end();
      if (!made.isOpen()) {
        throw violation("context closed while it was used");
      }
    }

    @Override
    public void readScores(int output, int row, int count, float[] target, int offset) {
      for (int i = 0; i < count; i++) {
        target[offset + 2 * i] = scores[row + i];
        target[offset + 2 * i + 1] = 2 * scores[row + i];
      }
    }

    @Override
    public void terminate() {
      synchronized (monitor) {
        terminated = true;
        monitor.notifyAll();
      }
    }

    @Override
    public void rearm() {
      synchronized (monitor) {
        terminated = false;
      }
    }

    @Override
    public void close() {
      synchronized (monitor) {
        if (!open) {
          throw violation("runner closed twice");
        }
        if (user != null) {
          throw violation("runner closed while " + user + " runs it");
        }
        if (closed) {
          throw violation("runner closed after its session");
        }
        open = false;
      }
      openRunners.decrementAndGet();
    }

    /** Waits until the run is stopped from outside. */
    void awaitTermination() {
      synchronized (monitor) {
        while (!terminated) {
          try {
            monitor.wait();
          } catch (InterruptedException e) {
            throw new AssertionError(e);
          }
        }
      }
    }

    private void start(Call call, int count) throws RankException {
      synchronized (monitor) {
        if (!open || user != null) {
          throw violation(open ? "runner used by " + user + " too" : "runner is closed");
        }
        user = Thread.currentThread();
      }
      runs.incrementAndGet();
      rowsRun.addAndGet(count);
      try {
        hook.run(this, call, count);
        synchronized (monitor) {
          if (terminated) {
            throw new RankException(FaultCode.CANCELLED, "terminated");
          }
        }
      } catch (RankException | RuntimeException | Error e) {
        end();
        throw e;
      }
    }

    private void end() {
      synchronized (monitor) {
        user = null;
      }
    }

    /** Overwrites a score of the run that is about to be read. */
    void spoil(int row, float score) {
      scores[row] = score;
    }
  }
}
