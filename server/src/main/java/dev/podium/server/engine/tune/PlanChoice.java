package dev.podium.server.engine.tune;

import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionPlan.Split;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RowMixing;
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
   * @param sizes to choose from, ascending
   * @param curves of the form that tiles of large requests run in: by itself, beside other tiles
   */
  static int tileRows(List<Integer> sizes, List<CostCurve> curves) {
    return TileRows.choose(sizes, curves, TILE_TOLERANCE, LONGEST_TILE_MICROS);
  }

  /**
   * Chooses from how many rows on the split form serves.
   *
   * @param rowsForm in what form whole rows run
   * @param rowsCost what a run of theirs costs
   * @param splitCost null if there is no split form
   * @param contextMicros cost of the context half
   */
  static ExecutionPlan choose(
      int tileRows,
      RowMixing mixing,
      Form rowsForm,
      CostCurve rowsCost,
      CostCurve splitCost,
      double contextMicros) {
    ExecutionPlan rowsOnly = new ExecutionPlan(tileRows, mixing, rowsForm, rowsCost, null);
    if (splitCost == null) {
      return rowsOnly;
    }
    ExecutionPlan split =
        new ExecutionPlan(
            tileRows, mixing, rowsForm, rowsCost, new Split(1, splitCost, contextMicros));
    int from = 1;
    // The last size at which whole rows are as good, so that the split form wins from there
    // on.
    for (int rows = 1; rows <= MOST_ROWS; rows++) {
      if (split.requestMicros(rows) > rowsOnly.requestMicros(rows) * MARGIN) {
        from = rows + 1;
      }
    }
    if (from > MOST_ROWS) {
      return rowsOnly;
    }
    return new ExecutionPlan(
        tileRows, mixing, rowsForm, rowsCost, new Split(from, splitCost, contextMicros));
  }
}
