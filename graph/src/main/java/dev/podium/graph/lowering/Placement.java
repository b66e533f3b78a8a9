package dev.podium.graph.lowering;

/** Where a half keeps the rows of a value. */
public enum Placement {
  /** The value has no rows: it is a constant, or the context's. */
  NONE,
  /** Rows on the first axis, as graphs come and go. */
  FIRST,
  /**
   * Rows on the last axis. Sums over a row's own axes and broadcasts back then work on long runs of
   * neighbours in memory, where rows first would have them work on a few values at a time.
   */
  LAST
}
