package dev.podium.graph.pass;

import dev.podium.graph.analysis.Transposed;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;

/**
 * Turns values {@code [positions, units]} that a linear layer sums over units into {@code [units,
 * positions]}, where that costs nothing: the product that made them is asked for the other order.
 * With rows last, sums over units then add up whole blocks of positions by rows.
 */
final class UnitsFirst implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of(Passes.ROWS_LAST, Phase.LAYOUT)
        .after("REASSOCIATE_SPLIT", "a product is turned together with its summand")
        .onTrial(9);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Transposed turned = new Transposed(nodes, true);
    return function.rewrite(
        (before, node) -> {
          if (!(node.op() instanceof Op.MatMul)
              || !node.input(0).isCandidate()
              || node.input(0).rank() != 2
              || node.input(0).dim(0) == 1
              || node.input(1).isCandidate()
              || node.input(1).rank() != 2) {
            return node;
          }
          Node value = turned.of(node.input(0));
          if (value == null) {
            return node;
          }
          log.applied();
          return nodes.transposeLast(nodes.matMul(nodes.transposeLast(node.input(1)), value));
        });
  }
}
