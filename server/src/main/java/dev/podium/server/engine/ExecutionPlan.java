package dev.podium.server.engine;

/**
 * How a session is best run, found out when it was loaded.
 *
 * @param tileRows the most rows of one tile, at least 1
 * @param rowsIndependent whether a row's score depends on that row alone. If not, a request runs
 *     whole and alone, in the exported form
 * @param split whether the context half can run once for a request
 * @param splitFromRows the smallest number of rows in one request for which the split form is the
 *     cheaper; no meaning if not split
 * @param exportedCost what a run of whole rows costs: of the exported graph, or of what serves them
 *     in its place
 * @param splitCost what a run of the candidate half costs; null if not split
 * @param contextMicros what a run of the context half costs, in microseconds; 0 if not split
 */
public record ExecutionPlan(
    int tileRows,
    boolean rowsIndependent,
    boolean split,
    int splitFromRows,
    CostCurve exportedCost,
    CostCurve splitCost,
    double contextMicros) {

  /** Expected time of one request that runs alone on one worker, in microseconds. */
  public double requestMicros(int rows) {
    if (split && rows >= splitFromRows) {
      return contextMicros + tiled(splitCost, rows);
    }
    return rowsIndependent ? tiled(exportedCost, rows) : exportedCost.micros(rows);
  }

  private double tiled(CostCurve cost, int rows) {
    int full = rows / tileRows;
    int rest = rows % tileRows;
    return full * cost.micros(tileRows) + (rest == 0 ? 0 : cost.micros(rest));
  }
}
