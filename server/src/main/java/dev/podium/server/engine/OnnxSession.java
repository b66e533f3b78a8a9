package dev.podium.server.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.feature.signature.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A model in ONNX Runtime sessions: the exported graph, and its halves if it is split. */
final class OnnxSession implements RankingSession {

  private final OrtEnvironment environment;
  private final Sessions exported;
  private final Halves halves;
  private final Histories histories;
  private final ContextCache contexts;
  private final List<TensorSpec> inputs;
  private final List<TensorSpec> outputs;
  private final ExecutionPlan plan;
  private final ExecutionReport report;

  /**
   * @param halves null if it isn't split
   */
  OnnxSession(
      OrtEnvironment environment,
      Sessions exported,
      Halves halves,
      Histories histories,
      ContextCache contexts,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      ExecutionPlan plan,
      ExecutionReport report) {
    this.environment = environment;
    this.exported = exported;
    this.halves = halves;
    this.histories = histories;
    this.contexts = contexts;
    this.inputs = inputs;
    this.outputs = outputs;
    this.plan = plan;
    this.report = report;
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
  public ExecutionReport report() {
    return report;
  }

  @Override
  public TileRunner newRunner(int capacity) {
    return runner(environment, exported, halves, histories, contexts, inputs, outputs, capacity);
  }

  @Override
  public void saveHalves(Path folder) throws IOException {
    if (halves == null) {
      throw new IllegalStateException("the session isn't split: " + report.reason());
    }
    halves.writer().write(folder);
  }

  @Override
  public ContextCacheStatus contextCache() {
    return contexts.status();
  }

  @Override
  public void close() {
    contexts.clear();
    if (halves != null) {
      halves.close();
    }
    exported.close();
  }

  static TileRunner runner(
      OrtEnvironment environment,
      Sessions exported,
      Halves halves,
      Histories histories,
      ContextCache contexts,
      List<TensorSpec> inputs,
      List<TensorSpec> outputs,
      int capacity) {
    try {
      return new OnnxRunner(
          environment, exported, halves, histories, contexts, inputs, outputs, capacity);
    } catch (OrtException e) {
      throw new IllegalStateException("run options: " + OnnxEngine.oneLine(e), e);
    }
  }

  static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("closing a session: " + OnnxEngine.oneLine(e), e);
    }
  }
}
