package dev.podium.graph;

import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.util.List;

/** What came of compiling a graph. Immutable. */
public sealed interface Compilation {
  /** What was done and what was not, with reasons. */
  Report report();

  /**
   * Two graphs in place of one. Run the context half once a request, then the candidate half on any
   * cut of the candidates into tiles; together they give what the exported graph gives, up to
   * rounding.
   *
   * @param contextHalf takes the context inputs under their own names with one row; an input matrix
   *     with context columns is taken whole, as {@code [1, columns]}, of which the other columns
   *     are not read. Gives the boundary tensors. If there are none, it is empty and not to be run:
   *     all that the context contributes is its share of the bags' sums
   * @param candidateHalf takes the boundary tensors, the sums of the bags, and the candidate inputs
   *     with N rows under their own names, save those that the bags alone read; of an input matrix
   *     the context columns are not read. Gives the exported graph's outputs: same names, types and
   *     shapes
   * @param boundary the tensors between the halves. They have no row axis and fixed shapes
   * @param bags what is to be computed before the candidate half runs; empty without the pass
   *     EMBEDDING_BAGS
   * @param report what was done
   */
  record Split(
      OnnxGraph contextHalf,
      OnnxGraph candidateHalf,
      List<TensorInfo> boundary,
      List<EmbeddingBag> bags,
      Report report)
      implements Compilation {
    /** Copies the lists. */
    public Split {
      boundary = List.copyOf(boundary);
      bags = List.copyOf(bags);
    }
  }

  /**
   * Nothing to gain or nothing to trust: the exported graph serves.
   *
   * @param report the reasons, under {@link Report#refused()}
   */
  record Unchanged(Report report) implements Compilation {}
}
