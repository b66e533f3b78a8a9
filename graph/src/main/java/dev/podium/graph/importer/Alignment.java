package dev.podium.graph.importer;

import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Shapes;
import dev.podium.graph.ir.Unsupported;
import java.util.ArrayList;
import java.util.List;

/**
 * Operands of a broadcasting operator, for one row.
 *
 * @param values the operands without the row axis, broadcasting as before
 * @param layout where the result has its rows
 */
record Alignment(List<Node> values, Layout layout) {
  /**
   * Lines operands up.
   *
   * @throws Unsupported if the rows of one operand would meet anything but the rows of another, or
   *     a single entry
   */
  static Alignment of(List<Tracked> inputs, Nodes nodes) throws Unsupported {
    int rank = 0;
    for (Tracked input : inputs) {
      rank = Math.max(rank, input.rank());
    }
    Layout layout = null;
    int entries = 0;
    for (Tracked input : inputs) {
      if (input.hasRows()) {
        Layout shifted =
            new Layout(input.layout().axis() + rank - input.rank(), input.layout().flat());
        int flatEntries = shifted.flat() ? input.node().dim(input.layout().axis()) : 0;
        if (layout != null && (!layout.equals(shifted) || flatEntries != entries)) {
          throw Unsupported.mixesRows("rows of one operand meet another axis of the other");
        }
        layout = shifted;
        entries = flatEntries;
      }
    }
    List<Node> values = new ArrayList<>();
    for (Tracked input : inputs) {
      Node node = input.node();
      if (!input.hasRows() && layout != null) {
        // Counted from the end, because shapes line up there.
        int axis = layout.axis() - (rank - input.rank());
        if (axis >= 0) {
          if (node.dim(axis) != 1) {
            throw Unsupported.mixesRows("rows of one operand meet another axis of the other");
          }
          if (!layout.flat()) {
            node = nodes.reshape(node, Shapes.without(node.shape(), axis));
          }
        }
      } else if (input.hasRows() && !layout.flat() && node.rank() < rank - 1) {
        // [rows, d] against [k, rows, d]: axes before the rows must be spelled out, or they would
        // shift.
        node = nodes.atRank(node, rank - 1);
      }
      values.add(node);
    }
    return new Alignment(values, layout);
  }
}
