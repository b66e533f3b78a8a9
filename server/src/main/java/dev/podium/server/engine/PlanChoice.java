package dev.podium.server.engine;

import java.util.List;

/** Decides from measured costs how a model is run. */
final class PlanChoice {
  /** A tile may cost this much more a row than the best one does. */
  private static final double TILE_TOLERANCE = 0.08;

  /** Longer tiles would let others wait. */
  private static final double LONGEST_TILE_MICROS = 10_000;

  /** No request is larger, for the purpose of finding where the split form begins to pay. */
  private static final int MOST_ROWS = 4096;

  /** The split form must win by this much, so that noise in the measurement doesn't decide. */
  private static final double MARGIN = 0.97;

  private PlanChoice() {}

  /**
   * Chooses how many rows a tile has.
   *
   * @param curves of the form that tiles of large requests run in: by itself, beside other tiles
   */
  static int tileRows(List<CostCurve> curves) {
    return TileRows.choose(curves, TILE_TOLERANCE, LONGEST_TILE_MICROS);
  }

  /**
   * Chooses from how many rows on the split form serves.
   *
   * @param splitCost null if there is no split form
   * @param contextMicros cost of the context half
   */
  static ExecutionPlan choose(
      int tileRows,
      boolean independent,
      CostCurve exportedCost,
      CostCurve splitCost,
      double contextMicros) {
    ExecutionPlan exported =
        new ExecutionPlan(tileRows, independent, false, 0, exportedCost, null, 0);
    if (splitCost == null) {
      return exported;
    }
    ExecutionPlan split =
        new ExecutionPlan(tileRows, independent, true, 1, exportedCost, splitCost, contextMicros);
    int from = 1;
    // The last size at which the exported form is as good, so that the split form wins from there
    // on.
    for (int rows = 1; rows <= MOST_ROWS; rows++) {
      if (split.requestMicros(rows) > exported.requestMicros(rows) * MARGIN) {
        from = rows + 1;
      }
    }
    if (from > MOST_ROWS) {
      return exported;
    }
    return new ExecutionPlan(
        tileRows, independent, true, from, exportedCost, splitCost, contextMicros);
  }
}
