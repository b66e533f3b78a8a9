package dev.podium.graph;

import dev.podium.graph.ir.Work;
import dev.podium.graph.onnx.TensorInfo;
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
   * @param pass the name that the pass is switched by; HOIST for computing context once
   * @param count number of places changed
   */
  public record Applied(String pass, int count) {}

  /**
   * Something left as it was.
   *
   * @param what the pass, operator or input
   * @param reason one sentence
   */
  public record Refused(String what, String reason) {}
}
