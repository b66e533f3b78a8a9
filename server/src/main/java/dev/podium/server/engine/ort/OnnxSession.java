package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.server.engine.ContextCacheStatus;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.feature.signature.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A model in ONNX Runtime sessions: the exported graph, and its halves if it is split. */
final class OnnxSession implements RankingSession {
  private final RunnerMaker runners;
  private final OnnxSplitGraph split;
  private final ContextCache contexts;
  private final ExecutionPlan plan;
  private final ExecutionReport report;

  /**
   * Owns the sessions of all forms.
   *
   * @param split null if it isn't split
   */
  OnnxSession(
      RunnerMaker runners,
      OnnxSplitGraph split,
      ContextCache contexts,
      ExecutionPlan plan,
      ExecutionReport report) {
    this.runners = runners;
    this.split = split;
    this.contexts = contexts;
    this.plan = plan;
    this.report = report;
  }

  @Override
  public List<TensorSpec> inputs() {
    return runners.inputs();
  }

  @Override
  public List<TensorSpec> outputs() {
    return runners.outputs();
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
    return runners.runner(split, contexts, capacity);
  }

  @Override
  public void saveHalves(Path folder) throws IOException {
    if (split == null) {
      throw new IllegalStateException("the session isn't split: " + report.reason());
    }
    split.writer().write(folder);
  }

  @Override
  public ContextCacheStatus contextCache() {
    return contexts.status();
  }

  @Override
  public void close() {
    contexts.clear();
    if (split != null) {
      split.close();
    }
    runners.exported().close();
  }

  static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("closing a session: " + OnnxEngine.oneLine(e), e);
    }
  }
}
