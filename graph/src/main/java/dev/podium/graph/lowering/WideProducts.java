package dev.podium.graph.lowering;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.onnx.ElementType;
import java.util.List;

/**
 * Keeps short broadcasts out of the matrix that target attention makes for a request: {@code c∘h +
 * a} with h of shape {@code [1, positions, k]} and constants of shape {@code [units, 1, k]} works
 * on k values at a time. With the constants repeated when the model loads, it runs over whole rows
 * of positions.
 */
final class WideProducts {
  /** Smaller values are not worth the memory, and larger ones don't fit in a core's cache. */
  private static final int SMALLEST = 8 << 10;

  private static final int LARGEST = 256 << 10;

  private WideProducts() {}

  /** The same values of context. */
  static RowFunction of(RowFunction function) {
    Nodes nodes = function.nodes();
    return function.rewrite(
        (before, node) -> {
          if (node.role() != ValueRole.CONTEXT
              || node.type() != ElementType.FLOAT32
              || !node.isElementwise("Mul") && !node.isElementwise("Add")
              || node.rank() != 3
              || node.size() < SMALLEST
              || node.size() > LARGEST) {
            return node;
          }
          boolean constantFirst = node.input(0).role() == ValueRole.CONSTANT;
          Node constant = node.input(constantFirst ? 0 : 1);
          Node other = node.input(constantFirst ? 1 : 0);
          List<Integer> outer = List.of(node.dim(0), 1, node.dim(2));
          if (constant.role() != ValueRole.CONSTANT || !constant.shape().equals(outer)) {
            return node;
          }
          int row = node.dim(1) * node.dim(2);
          List<Integer> flat =
              other.size() == row
                  ? List.of(node.dim(0), row)
                  : List.of(node.dim(0) * node.dim(1), node.dim(2));
          if (other.size() != row && other.size() != node.size()) {
            return node;
          }
          Node wide = nodes.reshape(nodes.expand(constant, node.shape()), flat);
          Node rows = nodes.reshape(other, other.size() == row ? List.of(1, row) : flat);
          String type = ((Op.Elementwise) node.op()).type();
          return nodes.reshape(nodes.elementwise(type, rows, wide), node.shape());
        });
  }
}
