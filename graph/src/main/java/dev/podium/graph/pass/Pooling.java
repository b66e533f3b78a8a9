package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.List;

/** {@code Σ_l w_l·h_l} of candidate weights and context vectors, written as a matrix product. */
final class Pooling implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("POOLING", Phase.SPECIALISE)
        .after("SPLIT_SUMS", "a sum that can be split is cheaper than a product")
        .onTrial(5);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    return function.rewrite((before, node) -> log.counted(node, product(node, nodes)));
  }

  private static Node product(Node node, Nodes nodes) {
    if (!(node.op() instanceof Op.Reduce reduce)
        || reduce.axes().size() != 1
        || !reduce.type().equals("ReduceSum") && !reduce.type().equals("ReduceMean")
        || !node.input(0).isElementwise("Mul")) {
      return node;
    }
    Node input = node.input(0);
    int axis = reduce.axes().get(0);
    int length = input.dim(axis);
    for (int i = 0; i < 2; i++) {
      Node weights = input.input(i);
      Node vectors = input.input(1 - i);
      boolean alongAxis =
          weights.rank() == input.rank() && weights.size() == length && weights.dim(axis) == length;
      if (!weights.isCandidate() || vectors.isCandidate() || !alongAxis || length == 1) {
        continue;
      }
      Node spread = nodes.expand(vectors, input.shape());
      List<Integer> permutation = new ArrayList<>(List.of(axis));
      for (int other = 0; other < input.rank(); other++) {
        if (other != axis) {
          permutation.add(other);
        }
      }
      int rest = input.size() / length;
      Node matrix = nodes.reshape(nodes.transpose(spread, permutation), List.of(length, rest));
      if (reduce.type().equals("ReduceMean")) {
        matrix = nodes.elementwise("Mul", matrix, nodes.scalar(1.0 / length, input.type()));
      }
      return nodes.reshape(
          nodes.matMul(nodes.reshape(weights, List.of(length)), matrix), node.shape());
    }
    return node;
  }
}
