package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.bag.BagSums;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.engine.tune.Histories;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Runs the forms of one version for one worker: inputs and outputs stay in the same buffers for its
 * lifetime.
 */
final class OnnxRunner implements TileRunner {
  private final OrtSession.RunOptions runOptions;
  private final TensorBuffers scores;
  private final FloatBuffer[] floatScores;
  private final OnnxForm whole;
  private final TensorBuffers contextRow;
  private final TensorBuffers candidateRows;
  private final List<SplitForm> forms;
  private final List<OnnxForm> contexts = new ArrayList<>();
  private final List<OnnxForm> candidates = new ArrayList<>();
  private final List<BagSums> sums = new ArrayList<>();
  private final List<BagSums> wholeSums = new ArrayList<>();
  private final Histories histories;
  private final ContextCache kept;

  /**
   * @param split null if the exported form alone is run
   * @param kept where results of the context half are kept
   */
  OnnxRunner(RunnerMaker made, OnnxSplitGraph split, ContextCache kept, int capacity)
      throws OrtException {
    this.histories = made.histories();
    this.kept = kept;
    runOptions = new OrtSession.RunOptions();
    scores = new TensorBuffers(made.outputs(), capacity);
    forms = split == null ? List.of() : split.forms();
    boolean compiledRows = split != null && split.rowsForm() == Form.WHOLE;
    whole =
        new OnnxForm(
            made.environment(),
            compiledRows ? split.last().candidates() : made.exported(),
            runOptions,
            compiledRows
                ? split.candidateBuffers(capacity)
                : new TensorBuffers(made.inputs(), capacity),
            scores);
    if (split == null) {
      contextRow = null;
      candidateRows = null;
    } else {
      contextRow = new TensorBuffers(made.inputs(), 1);
      candidateRows = split.candidateBuffers(capacity);
      TensorBuffers nothing = new TensorBuffers(List.of(), 1);
      for (SplitForm form : forms) {
        contexts.add(
            form.context() == null
                ? null
                : new OnnxForm(
                    made.environment(),
                    form.context(),
                    runOptions,
                    contextRow.firstRow(form.inputs(), histories.starts(form.inputs())),
                    nothing));
        candidates.add(
            new OnnxForm(made.environment(), form.candidates(), runOptions, candidateRows, scores));
      }
      for (LoadedBag bag : split.bags()) {
        sums.add(new BagSums(bag, contextRow, candidateRows));
        if (compiledRows) {
          wholeSums.add(new BagSums(bag.ofWholeRows(), contextRow, whole.inputs()));
        }
      }
    }
    floatScores = new FloatBuffer[made.outputs().size()];
    for (int i = 0; i < floatScores.length; i++) {
      ByteBuffer bytes = scores.numbers(i);
      floatScores[i] =
          bytes == null ? null : bytes.duplicate().order(bytes.order()).asFloatBuffer();
    }
  }

  @Override
  public TensorBuffers rows() {
    return whole.inputs();
  }

  @Override
  public TensorBuffers contextRow() {
    return contextRow;
  }

  @Override
  public TensorBuffers candidateRows() {
    return candidateRows;
  }

  @Override
  public void run(int count) throws RankException {
    for (BagSums bag : wholeSums) {
      bag.fill(count);
    }
    try {
      whole.run(count, Map.of());
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  @Override
  public ContextTensors runContext() throws RankException {
    return kept.get(contextRow, this::computeContext);
  }

  private OnnxContext computeContext() throws RankException {
    float[][] shares = new float[sums.size()][];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = sums.get(i).shareOfContext();
    }
    int form = 0;
    while (form < forms.size() - 1 && !histories.fit(contextRow, forms.get(form).inputs())) {
      form++;
    }
    OnnxForm context = contexts.get(form);
    try {
      return new OnnxContext(context == null ? null : context.runApart(1), shares, form);
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  @Override
  public void runCandidates(ContextTensors tensors, int count) throws RankException {
    OnnxContext given = (OnnxContext) tensors;
    for (int i = 0; i < given.sums().length; i++) {
      sums.get(i).fill(given.sums()[i], count);
    }
    try {
      candidates.get(given.form()).run(count, given.values());
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  @Override
  public void readScores(int output, int row, int count, float[] target, int offset) {
    int width = scores.rowElements(output);
    int first = row * width;
    int values = count * width;
    switch (scores.specs().get(output).type()) {
      case FLOAT -> floatScores[output].get(first, target, offset, values);
      case DOUBLE -> {
        for (int i = 0; i < values; i++) {
          target[offset + i] = (float) scores.numbers(output).getDouble((first + i) * Double.BYTES);
        }
      }
      case INT64 -> {
        for (int i = 0; i < values; i++) {
          target[offset + i] = scores.numbers(output).getLong((first + i) * Long.BYTES);
        }
      }
      case INT32 -> {
        for (int i = 0; i < values; i++) {
          target[offset + i] = scores.numbers(output).getInt((first + i) * Integer.BYTES);
        }
      }
      case BOOL -> {
        for (int i = 0; i < values; i++) {
          target[offset + i] = scores.numbers(output).get(first + i);
        }
      }
      case STRING -> throw new IllegalArgumentException("a text output has no scores");
    }
  }

  @Override
  public void terminate() {
    setTerminate(true);
  }

  @Override
  public void rearm() {
    setTerminate(false);
  }

  @Override
  public void close() {
    whole.close();
    for (int form = 0; form < forms.size(); form++) {
      if (contexts.get(form) != null) {
        contexts.get(form).close();
      }
      candidates.get(form).close();
    }
    runOptions.close();
  }

  private void setTerminate(boolean terminate) {
    try {
      runOptions.setTerminate(terminate);
    } catch (OrtException e) {
      throw new IllegalStateException("run options: " + OnnxEngine.oneLine(e), e);
    }
  }

  private static RankException failure(OrtException e) {
    String message = OnnxEngine.oneLine(e);
    if (message.contains("terminate flag")) {
      return new RankException(FaultCode.CANCELLED, "run: terminated");
    }
    return new RankException(FaultCode.INTERNAL, "run: " + message, e);
  }
}
