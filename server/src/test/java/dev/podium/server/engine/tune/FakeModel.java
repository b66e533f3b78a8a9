package dev.podium.server.engine.tune;

import dev.podium.graph.Compilation;
import dev.podium.graph.Report;
import dev.podium.graph.pass.Passes;
import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.SequenceRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.signature.WireType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A model without a runtime: its score is ten times the user plus the item plus the history's sum.
 * It can be split, knows what of it is open, and fails where a test says.
 */
final class FakeModel implements Splitter {
  private static final int POSITIONS = 16;

  static final Signature SIGNATURE =
      new Signature(
          List.of(
              feature("user", 0, 1, FeatureRole.CONTEXT, FeatureKind.DENSE),
              feature("item", 1, 1, FeatureRole.CANDIDATE, FeatureKind.DENSE),
              feature("history", 2, POSITIONS, FeatureRole.CONTEXT, FeatureKind.SEQUENCE)),
          List.of(
              new TensorSpec("user", TensorDtype.FLOAT, List.of()),
              new TensorSpec("item", TensorDtype.FLOAT, List.of()),
              new TensorSpec("history", TensorDtype.INT64, List.of(POSITIONS))),
          List.of(new Output("score", 0, 0, 1)));

  static final List<TensorSpec> OUTPUTS =
      List.of(new TensorSpec("score", TensorDtype.FLOAT, List.of()));

  /** Everything that is open now: forms, runners, results of context halves. */
  final Set<Object> open = new HashSet<>();

  /** Whether a row's score depends on its neighbours. */
  boolean mixesRows;

  /** Passes with which scores are wrong; and by what all forms but the exported one are. */
  final Set<String> broken = new HashSet<>();

  /** How many calls of this model still succeed. */
  int callsLeft = Integer.MAX_VALUE;

  final Graph exported = new Graph(List.of(new Object()), List.of(), Form.EXPORTED, true);

  private static Feature feature(
      String name, int input, int width, FeatureRole role, FeatureKind kind) {
    return new Feature(
        name,
        input,
        0,
        width,
        role,
        kind,
        WireType.FLOAT,
        IdRule.NONE,
        kind == FeatureKind.SEQUENCE ? new SequenceRule(0, false, false) : null,
        null,
        true);
  }

  private void call(String what) {
    if (callsLeft-- <= 0) {
      throw new IllegalStateException("told to fail: " + what);
    }
  }

  private void callRuntime(String what) throws RankException {
    if (callsLeft-- <= 0) {
      throw new RankException(FaultCode.INTERNAL, "told to fail: " + what);
    }
  }

  private Object opened() {
    Object one = new Object();
    open.add(one);
    return one;
  }

  private void closed(Object one) {
    if (!open.remove(one)) {
      throw new AssertionError("closed twice");
    }
  }

  @Override
  public boolean hasContext() {
    return true;
  }

  @Override
  public boolean isSmall() {
    return true;
  }

  @Override
  public boolean takes(List<TensorSpec> inputs) {
    return true;
  }

  @Override
  public Compilation compile(List<String> without, List<TensorSpec> inputs) {
    List<Report.Applied> applied =
        Passes.names().stream()
            .filter(pass -> !without.contains(pass))
            .map(pass -> new Report.Applied(pass, 1))
            .toList();
    Report report = new Report(applied, List.of(), List.of(), null, null, true);
    return new Compilation.Split(null, null, List.of(), List.of(), report);
  }

  @Override
  public SplitGraph load(Compilation.Split split, List<String> without) throws ModelException {
    call("load");
    return new Graph(List.of(opened()), without, Form.EXPORTED, false);
  }

  @Override
  public SplitGraph shorter(SplitGraph graph, Compilation.Split split, List<TensorSpec> inputs)
      throws ModelException {
    call("shorter");
    Graph given = (Graph) graph;
    List<Object> forms = new ArrayList<>(given.forms);
    forms.add(0, opened());
    Graph more = new Graph(forms, given.without, given.rowsForm, false);
    more.shortest = inputs;
    return more;
  }

  /** The exported graph, or halves. */
  final class Graph implements SplitGraph {
    private final List<Object> forms;
    private final List<String> without;
    private final Form rowsForm;
    private final boolean whole;
    private List<TensorSpec> shortest = SIGNATURE.inputs();
    int sessions = 1;
    long copiedBytes;

    private Graph(List<Object> forms, List<String> without, Form rowsForm, boolean whole) {
      this.forms = forms;
      this.without = without;
      this.rowsForm = rowsForm;
      this.whole = whole;
    }

    @Override
    public Form rowsForm() {
      return rowsForm;
    }

    @Override
    public TileRunner newRunner(int capacity) {
      call("runner");
      boolean right = whole || without.containsAll(broken);
      return new Runner(capacity, right ? 0 : 0.5f, opened());
    }

    @Override
    public long copiedBytes() {
      return copiedBytes;
    }

    @Override
    public void complete(int count) throws ModelException {
      sessions = count;
    }

    @Override
    public List<LoadedBag> bags() {
      return List.of();
    }

    @Override
    public List<TensorSpec> shortestInputs() {
      return shortest;
    }

    @Override
    public TensorBuffers candidateBuffers(int capacity) {
      return new TensorBuffers(SIGNATURE.inputs(), capacity);
    }

    @Override
    public boolean canTakeWholeRows() {
      return true;
    }

    @Override
    public SplitGraph withWholeRows() {
      return new Graph(forms, without, Form.WHOLE, false);
    }

    @Override
    public void closeShortest() {
      closed(forms.get(0));
    }

    @Override
    public void close() {
      forms.forEach(FakeModel.this::closed);
    }
  }

  private final class Runner implements TileRunner {
    private final TensorBuffers rows;
    private final TensorBuffers candidates;
    private final TensorBuffers context;
    private final float[] scores;
    private final float error;
    private final Object handle;

    Runner(int capacity, float error, Object handle) {
      rows = new TensorBuffers(SIGNATURE.inputs(), capacity);
      candidates = new TensorBuffers(SIGNATURE.inputs(), capacity);
      context = new TensorBuffers(SIGNATURE.inputs(), 1);
      scores = new float[capacity];
      this.error = error;
      this.handle = handle;
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

    private double ofContext(TensorBuffers buffers, int row) {
      double sum = 10 * buffers.number(0, row);
      for (int i = 0; i < POSITIONS; i++) {
        sum += buffers.number(2, row * POSITIONS + i);
      }
      return sum;
    }

    @Override
    public void run(int count) throws RankException {
      callRuntime("run");
      for (int row = 0; row < count; row++) {
        double neighbours = mixesRows ? count : 0;
        scores[row] = (float) (ofContext(rows, row) + rows.number(1, row) + neighbours + error);
      }
    }

    @Override
    public ContextTensors runContext() throws RankException {
      callRuntime("context");
      return new Context(ofContext(context, 0), opened());
    }

    @Override
    public void runCandidates(ContextTensors tensors, int count) throws RankException {
      callRuntime("candidates");
      for (int row = 0; row < count; row++) {
        scores[row] = (float) (((Context) tensors).value + candidates.number(1, row) + error);
      }
    }

    @Override
    public void readScores(int output, int row, int count, float[] target, int offset) {
      System.arraycopy(scores, row, target, offset, count);
    }

    @Override
    public void terminate() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void rearm() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      closed(handle);
    }
  }

  private final class Context implements ContextTensors {
    private final double value;
    private final Object handle;

    Context(double value, Object handle) {
      this.value = value;
      this.handle = handle;
    }

    @Override
    public long bytes() {
      return 0;
    }

    @Override
    public void close() {
      closed(handle);
    }
  }
}
