package dev.podium.graph;

import dev.podium.graph.ir.Work;
import dev.podium.graph.onnx.TensorInfo;
import dev.podium.graph.pass.Pass;
import java.util.List;

/**
 * What the compiler did to a graph and what it would not do.
 *
 * @param applied passes that changed the graph, in the order in which they ran
 * @param refused what was left alone, each with its reason
 * @param hoisted the tensors that pass from the context half to the candidate half; empty if there
 *     are no halves
 * @param before work of the exported graph
 * @param after work of both halves together; equal to {@code before} if there are no halves
 * @param rowIndependent whether every operator was recognised as working on each row by itself.
 *     False means <em>unknown</em>, not that rows do mix
 */
public record Report(
    List<Applied> applied,
    List<Refused> refused,
    List<TensorInfo> hoisted,
    Work before,
    Work after,
    boolean rowIndependent) {

  /** Copies the lists. */
  public Report {
    applied = List.copyOf(applied);
    refused = List.copyOf(refused);
    hoisted = List.copyOf(hoisted);
  }

  /**
   * A pass that changed the graph.
   *
   * @param pass the pass
   * @param count number of places changed
   */
  public record Applied(Pass pass, int count) {}

  /**
   * Something left as it was.
   *
   * @param what the pass, operator or input
   * @param reason one sentence
   */
  public record Refused(String what, String reason) {}

  /**
   * Work of a graph as a function of the number of rows. Operators that were not recognised count
   * nothing.
   *
   * @param multiplyAddsPerRequest multiplications (each with its addition) done once a request
   * @param multiplyAddsPerRow those done for each row
   * @param bytesPerRequest bytes of all intermediate tensors, once a request
   * @param bytesPerRow those for each row
   */
  public record Work(
      long multiplyAddsPerRequest,
      long multiplyAddsPerRow,
      long bytesPerRequest,
      long bytesPerRow) {
    /** No work. */
    public static final Work NONE = new Work(0, 0, 0, 0);

    /** Multiply-adds of one request of so many rows. */
    public long multiplyAdds(long rows) {
      return multiplyAddsPerRequest + multiplyAddsPerRow * rows;
    }

    /** Bytes of intermediate tensors of one request of so many rows. */
    public long bytes(long rows) {
      return bytesPerRequest + bytesPerRow * rows;
    }
  }
}
