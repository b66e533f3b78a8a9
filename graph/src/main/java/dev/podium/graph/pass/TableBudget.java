package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;

/** Memory that the tables of one compilation may still take. */
final class TableBudget {
  private final long total;
  private long left;

  TableBudget(long bytes) {
    total = bytes;
    left = bytes;
  }

  long total() {
    return total;
  }

  /** Takes bytes if they are there; notes in the log if not. */
  boolean take(long bytes, Node where, Pass.Log log) {
    if (bytes > left) {
      log.refused(where, "a table of " + bytes + " bytes (" + left + " of " + total + " left)");
      return false;
    }
    left -= bytes;
    return true;
  }
}
