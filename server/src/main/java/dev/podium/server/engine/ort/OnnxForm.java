package dev.podium.server.engine.ort;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.feature.assembly.TensorBuffers;
import java.util.Map;
import java.util.Set;

/**
 * One graph bound to buffers: fill the inputs, run, read the outputs. The tensors over the buffers
 * are kept for the row counts seen last, since making one is a call into native code and most runs
 * are of a few sizes.
 */
final class OnnxForm implements AutoCloseable {
  private static final int KEPT_ROW_COUNTS = 16;

  private final OrtEnvironment environment;
  private final Sessions sessions;
  private final OrtSession session;
  private final OrtSession.RunOptions runOptions;
  private final TensorBuffers inputs;
  private final TensorBuffers outputs;
  private final OnnxTensors[] boundInputs = new OnnxTensors[KEPT_ROW_COUNTS];
  private final OnnxTensors[] boundOutputs = new OnnxTensors[KEPT_ROW_COUNTS];
  private int nextToReplace;

  /**
   * @param sessions lend one of theirs until this is closed
   * @param runOptions belong to the caller
   * @param inputs at least those that the graph takes
   * @param outputs those to compute
   */
  OnnxForm(
      OrtEnvironment environment,
      Sessions sessions,
      OrtSession.RunOptions runOptions,
      TensorBuffers inputs,
      TensorBuffers outputs) {
    this.environment = environment;
    this.sessions = sessions;
    this.session = sessions.lend();
    this.runOptions = runOptions;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  TensorBuffers inputs() {
    return inputs;
  }

  /** Runs the first rows, with other tensors besides; the outputs are then in their buffers. */
  void run(int rows, Map<String, OnnxTensor> besides) throws OrtException {
    int slot = slot(rows);
    boundInputs[slot].refreshText();
    session
        .run(
            boundInputs[slot].with(besides),
            Set.of(),
            boundOutputs[slot].with(Map.of()),
            runOptions)
        .close();
  }

  /** Runs the first rows into memory of the runtime's own, which the caller closes. */
  OrtSession.Result runApart(int rows) throws OrtException {
    int slot = slot(rows);
    boundInputs[slot].refreshText();
    return session.run(boundInputs[slot].with(Map.of()), runOptions);
  }

  @Override
  public void close() {
    for (int i = 0; i < KEPT_ROW_COUNTS; i++) {
      close(boundInputs[i]);
      close(boundOutputs[i]);
    }
    sessions.giveBack(session);
  }

  private static void close(OnnxTensors tensors) {
    if (tensors != null) {
      tensors.close();
    }
  }

  private int slot(int rows) throws OrtException {
    for (int slot = 0; slot < KEPT_ROW_COUNTS && boundInputs[slot] != null; slot++) {
      if (boundInputs[slot].rows() == rows) {
        return slot;
      }
    }
    OnnxTensors freshInputs = OnnxTensors.over(environment, inputs, rows, session.getInputNames());
    OnnxTensors freshOutputs =
        OnnxTensors.over(environment, outputs, rows, session.getOutputNames());
    int slot = nextToReplace;
    nextToReplace = (slot + 1) % KEPT_ROW_COUNTS;
    close(boundInputs[slot]);
    close(boundOutputs[slot]);
    boundInputs[slot] = freshInputs;
    boundOutputs[slot] = freshOutputs;
    return slot;
  }
}
