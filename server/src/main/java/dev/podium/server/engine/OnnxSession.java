package dev.podium.server.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.feature.TensorSpec;
import java.util.List;

/** The exported graph in one shared ONNX Runtime session. */
final class OnnxSession implements RankingSession {
  /** Rows of a tile where nothing better is known. */
  private static final int DEFAULT_TILE_ROWS = 256;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final ExecutionPlan plan;

  OnnxSession(
      OrtEnvironment environment,
      OrtSession session,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      int tileRows) {
    this.environment = environment;
    this.session = session;
    this.inputs = inputs;
    this.outputs = outputs;
    CostCurve unknown = new CostCurve(new int[] {1}, new double[] {1});
    this.plan =
        new ExecutionPlan(
            tileRows == 0 ? DEFAULT_TILE_ROWS : tileRows, true, false, 0, unknown, null, 0);
  }

  @Override
  public List<TensorSpec> inputs() {
    return inputs;
  }

  @Override
  public List<TensorSpec> outputs() {
    return outputs;
  }

  @Override
  public ExecutionPlan plan() {
    return plan;
  }

  @Override
  public TileRunner newRunner(int capacity) {
    try {
      return new OnnxRunner(environment, session, inputs, outputs, capacity);
    } catch (OrtException e) {
      throw new IllegalStateException("run options: " + OnnxEngine.oneLine(e), e);
    }
  }

  @Override
  public void close() {
    close(session);
  }

  static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("closing a session: " + OnnxEngine.oneLine(e), e);
    }
  }
}
