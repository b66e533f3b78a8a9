package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.RowFunction;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A pass over the function of one row: gives a function with the same values. */
interface Pass {
  /** What the pipeline and the server need to know of it. */
  Declaration declaration();

  /**
   * Rewrites what it can, and leaves alone what it doesn't understand.
   *
   * @param function the function
   * @param log takes what was done and what was not
   */
  RowFunction apply(RowFunction function, Log log);

  /** What one pass did. */
  final class Log {
    private int count;
    private final Map<String, String> refused = new LinkedHashMap<>();

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

    /** Reasons by place. */
    Map<String, String> refused() {
      return Collections.unmodifiableMap(refused);
    }
  }
}
