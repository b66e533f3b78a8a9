package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.RowFunction;

/** A pass over the function of one row; each gives a function with the same values. */
interface Rule {
  Pass pass();

  /**
   * Rewrites what it can.
   *
   * @param function the function
   * @param log takes what was done and what was not
   */
  RowFunction apply(RowFunction function, Log log);

  /** What one pass did. */
  final class Log {
    private int count;
    private final java.util.Map<String, String> refused = new java.util.LinkedHashMap<>();

    void applied() {
      count++;
    }

    /** What stands for a node now, counted if that is another one. */
    Node counted(Node node, Node result) {
      if (result != node) {
        applied();
      }
      return result;
    }

    void refused(Node where, String reason) {
      refused.put(where.op().getClass().getSimpleName() + " of shape " + where.shape(), reason);
    }

    int count() {
      return count;
    }

    java.util.Map<String, String> refused() {
      return refused;
    }
  }
}
