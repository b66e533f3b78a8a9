package dev.podium.server.engine;

import ai.onnxruntime.OrtSession;
import dev.podium.graph.TensorInfo;
import dev.podium.server.feature.ElementType;
import dev.podium.server.feature.TensorBuffers;
import dev.podium.server.feature.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The two halves of a compiled graph, loaded. Thread-safe as sessions are; closed once.
 *
 * @param context null if all that the context contributes is its share of the bags' sums
 * @param bags what is added up before the candidate half runs
 * @param writer writes the halves to a folder
 */
record Halves(OrtSession context, OrtSession candidates, List<LoadedBag> bags, Writer writer)
    implements AutoCloseable {
  /** Writes halves that need nothing but the runtime. */
  @FunctionalInterface
  interface Writer {
    void write(Path folder) throws IOException;
  }

  /**
   * Memory for what the candidate half reads: the signature's inputs, then the sums of the bags.
   */
  TensorBuffers candidateBuffers(List<TensorSpec> inputs, int capacity) {
    List<TensorSpec> read = new ArrayList<>(inputs);
    for (LoadedBag loaded : bags) {
      for (TensorInfo sum : loaded.bag().sums()) {
        List<Integer> row = sum.shape().stream().skip(1).map(Math::toIntExact).toList();
        read.add(new TensorSpec(sum.name(), ElementType.FLOAT, row));
      }
    }
    return new TensorBuffers(read, capacity);
  }

  @Override
  public void close() {
    if (context != null) {
      OnnxSession.close(context);
    }
    OnnxSession.close(candidates);
  }
}
