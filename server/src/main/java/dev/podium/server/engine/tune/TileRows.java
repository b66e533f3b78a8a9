package dev.podium.server.engine.tune;

import dev.podium.server.engine.CostCurve;
import java.util.List;

/** Chooses how many rows a tile has from what runs cost. */
final class TileRows {
  /**
   * What the server adds to each run: taking the tile, copying its rows, looking for the next.
   * Measured with DeepFM, 500 rows cut into 8 tiles or into 2.
   */
  private static final double HANDLING_MICROS = 20;

  private TileRows() {}

  /**
   * The smallest tile whose cost a row is within a tolerance of the best by each curve, or the one
   * that comes nearest to it: smaller tiles let others in sooner, spread over more workers and stop
   * sooner, and are worth a little of the time.
   *
   * @param sizes to choose from, ascending
   * @param curves of the form that tiles of large requests run in: by itself, beside other tiles
   * @param tolerance how much worse a row may be, such as 0.05
   * @param maxMicros tiles longer than this are not chosen unless the smallest is
   */
  static int choose(
      List<Integer> sizes, List<CostCurve> curves, double tolerance, double maxMicros) {
    int nearest = sizes.get(0);
    double least = Double.POSITIVE_INFINITY;
    for (int rows : sizes) {
      double worst = 0;
      for (CostCurve cost : curves) {
        worst = Math.max(worst, microsPerRow(cost, rows) / best(sizes, cost, maxMicros));
      }
      if (worst <= 1 + tolerance) {
        return rows;
      }
      if (worst < least && isShort(sizes, curves, rows, maxMicros)) {
        least = worst;
        nearest = rows;
      }
    }
    return nearest;
  }

  private static double best(List<Integer> sizes, CostCurve cost, double maxMicros) {
    double best = microsPerRow(cost, sizes.get(0));
    for (int rows : sizes) {
      if (cost.micros(rows) <= maxMicros) {
        best = Math.min(best, microsPerRow(cost, rows));
      }
    }
    return best;
  }

  private static boolean isShort(
      List<Integer> sizes, List<CostCurve> curves, int rows, double maxMicros) {
    return rows == sizes.get(0) || curves.stream().allMatch(cost -> cost.micros(rows) <= maxMicros);
  }

  private static double microsPerRow(CostCurve cost, int rows) {
    return (cost.micros(rows) + HANDLING_MICROS) / rows;
  }
}
