package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.ValueRole;
import java.util.List;
import java.util.Map;

/**
 * Puts constant factors of a linear layer's units into its weights: {@code (x·W + b)·s} is {@code
 * x·(W·s) + b·s}. That is what batch normalisation after a linear layer comes to.
 */
final class FoldScales implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("FOLD_SCALES", Phase.NORMALISE)
        .after(
            "TRANSPOSES",
            "a normalisation between two transposes meets its layer only without them")
        .onTrial(6);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Map<Node, Integer> uses = function.uses();
    return function.rewrite(
        (before, node) -> {
          if (!node.isElementwise("Mul") || !node.isCandidate()) {
            return node;
          }
          for (int i = 0; i < 2; i++) {
            Node scale = node.input(i);
            Node value = node.input(1 - i);
            boolean own =
                before.inputs().stream()
                    .allMatch(input -> !input.isCandidate() || uses.get(input) == 1);
            if (own && scale.role() == ValueRole.CONSTANT && value.shape().equals(node.shape())) {
              Node folded = folded(value, scale, nodes);
              if (folded != null) {
                log.applied();
                return folded;
              }
            }
          }
          return node;
        });
  }

  /** The value times the scale, or null if it is no linear layer. */
  private static Node folded(Node value, Node scale, Nodes nodes) {
    if (scale.size() != 1 && scale.size() != scale.dim(-1)) {
      return null;
    }
    if (value.isElementwise("Add")) {
      for (int i = 0; i < 2; i++) {
        Node summand = value.input(1 - i);
        if (summand.role() == ValueRole.CONSTANT && value.input(i).shape().equals(value.shape())) {
          Node product = folded(value.input(i), scale, nodes);
          return product == null
              ? null
              : nodes.elementwise("Add", product, nodes.elementwise("Mul", summand, scale));
        }
      }
      return null;
    }
    boolean layer =
        value.op() instanceof Op.MatMul
            && value.input(0).isCandidate()
            && value.input(1).role() == ValueRole.CONSTANT
            && value.input(1).rank() == 2;
    if (!layer) {
      return null;
    }
    Node row = nodes.reshape(scale, List.of(scale.size()));
    return nodes.matMul(value.input(0), nodes.elementwise("Mul", value.input(1), row));
  }
}
