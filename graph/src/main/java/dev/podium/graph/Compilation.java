package dev.podium.graph;

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
   *     are not read. Gives the boundary tensors
   * @param candidateHalf takes the boundary tensors and the candidate inputs with N rows under
   *     their own names; of an input matrix the context columns are not read. Gives the exported
   *     graph's outputs: same names, types and shapes
   * @param boundary the tensors between the halves. They have no row axis and fixed shapes
   * @param report what was done
   */
  record Split(
      OnnxGraph contextHalf, OnnxGraph candidateHalf, List<TensorInfo> boundary, Report report)
      implements Compilation {
    /** Copies the list. */
    public Split {
      boundary = List.copyOf(boundary);
    }
  }

  /**
   * Nothing to gain or nothing to trust: the exported graph serves.
   *
   * @param report the reasons, under {@link Report#refused()}
   */
  record Unchanged(Report report) implements Compilation {}
}
