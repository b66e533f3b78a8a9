package dev.podium.server.engine.ort;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.tune.Histories;
import dev.podium.server.engine.tune.RunnableGraph;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;

/**
 * Makes runners of the forms of one graph, bound to one signature; by itself, of the exported
 * graph. Owns no session.
 *
 * @param exported sessions of the exported graph
 * @param inputs the graph's inputs, as the signature fills them
 * @param outputs those that are served
 */
record RunnerMaker(
    OrtEnvironment environment,
    Sessions exported,
    Histories histories,
    List<TensorSpec> inputs,
    List<TensorSpec> outputs)
    implements RunnableGraph {

  /**
   * Makes a runner.
   *
   * @param split null for the exported form alone
   * @param kept where results of the context half are kept
   */
  TileRunner runner(OnnxSplitGraph split, ContextCache kept, int capacity) {
    try {
      return new OnnxRunner(this, split, kept, capacity);
    } catch (OrtException e) {
      throw new IllegalStateException("run options: " + OnnxEngine.oneLine(e), e);
    }
  }

  @Override
  public Form rowsForm() {
    return Form.EXPORTED;
  }

  @Override
  public TileRunner newRunner(int capacity) {
    return runner(null, ContextCache.NONE, capacity);
  }

  @Override
  public long copiedBytes() {
    return exported.copiedBytes();
  }

  @Override
  public void complete(int sessions) throws ModelException {
    exported.complete(sessions);
  }
}
