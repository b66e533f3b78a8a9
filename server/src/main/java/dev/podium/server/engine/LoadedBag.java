package dev.podium.server.engine;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.EmbeddingBag;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/**
 * A bag with its table in memory, one array a row: the compiler turns sums of whole arrays into
 * vector instructions, but not sums of stretches of one array. Shared by all workers.
 */
record LoadedBag(EmbeddingBag bag, float[][] table) {
  /**
   * Has the runtime compute the table.
   *
   * @param session of the bag's table graph
   */
  static LoadedBag of(EmbeddingBag bag, OrtSession session) throws OrtException {
    try (OrtSession.Result result = session.run(Map.of())) {
      OnnxTensor tensor = (OnnxTensor) result.get(0);
      long[] shape = tensor.getInfo().getShape();
      FloatBuffer values = tensor.getFloatBuffer();
      float[][] table = new float[Math.toIntExact(shape[0])][Math.toIntExact(shape[1])];
      for (float[] row : table) {
        values.get(row);
      }
      return new LoadedBag(bag, table);
    }
  }

  /** The same with the context's ids read from each row, for rows of different contexts. */
  LoadedBag ofWholeRows() {
    List<EmbeddingBag.Id> ids =
        bag.ids().stream()
            .map(
                id ->
                    new EmbeddingBag.Id(
                        id.input(), id.column(), false, id.shift(), id.start(), id.size()))
            .toList();
    return new LoadedBag(new EmbeddingBag(ids, bag.table(), bag.sums()), table);
  }

  int width() {
    return table[0].length;
  }

  /** An upper bound of what a row's sum takes on slow machines, once it is compiled. */
  double compiledMicrosPerRow() {
    return bag.ids().size() * (10 + 0.3 * width()) / 1e3;
  }
}
