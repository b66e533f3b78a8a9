package dev.podium.graph.importer;

import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Numbers;
import java.util.List;

/**
 * What the importer knows of an exported tensor.
 *
 * @param node its value for one row; or, where it could not be followed, the operator left as
 *     exported; null where only {@code numbers} are known and they depend on the number of rows
 * @param layout where its rows are; null if it has none
 * @param numbers its values, if they are whole numbers (or booleans, as 0 and 1) that follow from
 *     shapes and constants; null otherwise
 */
record Tracked(Node node, Layout layout, Numbers numbers) {
  static Tracked value(Node node, Layout layout) {
    return new Tracked(node, layout, null);
  }

  boolean isOpaque() {
    return node != null && node.shape() == null;
  }

  boolean hasRows() {
    return layout != null;
  }

  /** Shape in the exported graph. */
  List<AffineDim> shape() {
    return Layout.exported(layout, node.shape());
  }

  int rank() {
    return layout == null ? node.rank() : layout.exportedRank(node.rank());
  }
}
