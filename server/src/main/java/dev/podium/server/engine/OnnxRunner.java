package dev.podium.server.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.TensorBuffers;
import dev.podium.server.feature.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Set;

/**
 * Runs the exported graph for one worker: inputs and outputs stay in the same buffers for its
 * lifetime.
 */
final class OnnxRunner implements TileRunner {
  /**
   * Row counts whose tensors are kept. Making one tensor is a call into native code; most tiles are
   * full or of the size that a caller always sends.
   */
  private static final int KEPT_ROW_COUNTS = 16;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final OrtSession.RunOptions runOptions;
  private final TensorBuffers rows;
  private final TensorBuffers scores;
  private final FloatBuffer[] floatScores;
  private final OnnxTensors[] inputs = new OnnxTensors[KEPT_ROW_COUNTS];
  private final OnnxTensors[] outputs = new OnnxTensors[KEPT_ROW_COUNTS];
  private int nextToReplace;

  OnnxRunner(
      OrtEnvironment environment,
      OrtSession session,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      int capacity)
      throws OrtException {
    this.environment = environment;
    this.session = session;
    this.runOptions = new OrtSession.RunOptions();
    this.rows = new TensorBuffers(inputs, capacity);
    this.scores = new TensorBuffers(outputs, capacity);
    this.floatScores = new FloatBuffer[outputs.size()];
    for (int i = 0; i < floatScores.length; i++) {
      ByteBuffer bytes = scores.numbers(i);
      floatScores[i] =
          bytes == null ? null : bytes.duplicate().order(bytes.order()).asFloatBuffer();
    }
  }

  @Override
  public TensorBuffers rows() {
    return rows;
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
  public void run(int count) throws RankException {
    try {
      int slot = tensorsFor(count);
      inputs[slot].refreshText();
      session.run(inputs[slot].values(), Set.of(), outputs[slot].values(), runOptions).close();
    } catch (OrtException e) {
      throw failure(e);
    }
  }

  @Override
  public ContextTensors runContext() {
    throw new UnsupportedOperationException("the session isn't split");
  }

  @Override
  public void runCandidates(ContextTensors context, int count) {
    throw new UnsupportedOperationException("the session isn't split");
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
    for (int i = 0; i < KEPT_ROW_COUNTS; i++) {
      if (inputs[i] != null) {
        inputs[i].close();
        outputs[i].close();
      }
    }
    runOptions.close();
  }

  private int tensorsFor(int count) throws OrtException {
    for (int slot = 0; slot < KEPT_ROW_COUNTS && inputs[slot] != null; slot++) {
      if (inputs[slot].rows() == count) {
        return slot;
      }
    }
    OnnxTensors freshInputs = OnnxTensors.over(environment, rows, count);
    OnnxTensors freshOutputs = OnnxTensors.over(environment, scores, count);
    int slot = nextToReplace;
    nextToReplace = (slot + 1) % KEPT_ROW_COUNTS;
    if (inputs[slot] != null) {
      inputs[slot].close();
      outputs[slot].close();
    }
    inputs[slot] = freshInputs;
    outputs[slot] = freshOutputs;
    return slot;
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
