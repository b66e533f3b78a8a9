package dev.podium.graph.pass;

import dev.podium.graph.analysis.EntrySums;
import dev.podium.graph.analysis.Picked;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.Tensors;
import java.util.ArrayList;
import java.util.List;

/**
 * A linear layer over picked columns as one over the columns that they are picked from: its matrix
 * is put in their order when the model loads, so that nothing is picked for each candidate.
 */
final class PickedColumns implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("PICKED_COLUMNS", Phase.SPECIALISE)
        .partOf("INNER_PRODUCTS")
        .after("SPLIT_SUMS", "a layer over both sides has its picked columns on one of them");
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    return function.rewrite((before, node) -> log.counted(node, inOrder(node, nodes)));
  }

  private static Node inOrder(Node layer, Nodes nodes) {
    if (!layer.isCandidate() || !EntrySums.isLayer(layer)) {
      return layer;
    }
    Node vector = layer.input(0);
    List<Node> parts = vector.op() instanceof Op.Concat ? vector.inputs() : List.of(vector);
    List<Node> columns = new ArrayList<>();
    List<Node> rows = new ArrayList<>();
    int at = 0;
    for (Node part : parts) {
      Node own = nodes.slice(layer.input(1), 0, at, at + part.dim(0));
      Picked picked = Picked.of(part, nodes);
      if (picked != null && picked.data().rank() == 1 && picked.data().size() <= part.size()) {
        columns.add(picked.data());
        rows.add(nodes.matMul(nodes.transposeLast(choice(picked, own.type(), nodes)), own));
      } else {
        columns.add(part);
        rows.add(own);
      }
      at += part.dim(0);
    }
    return columns.equals(parts)
        ? layer
        : nodes.matMul(nodes.concat(columns, 0), nodes.concat(rows, 0));
  }

  /** One row for each place, with a 1 in the column that it is picked from. */
  private static Node choice(Picked picked, ElementType type, Nodes nodes) {
    int width = picked.data().size();
    double[] ones = new double[picked.places().length * width];
    for (int i = 0; i < picked.places().length; i++) {
      ones[i * width + picked.places()[i]] = 1;
    }
    return nodes.literal(Tensors.tensor(type, List.of(picked.places().length, width), ones));
  }
}
