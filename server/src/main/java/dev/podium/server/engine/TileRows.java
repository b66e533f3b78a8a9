package dev.podium.server.engine;

import java.util.List;

/** Chooses how many rows a tile has from what runs cost. */
public final class TileRows {
  /** Row counts worth trying; what is measured at warm-up. */
  private static final int[] SIZES = {16, 32, 64, 128, 256, 512, 1024};

  /**
   * What the server adds to each run: taking the tile, copying its rows, looking for the next.
   * Measured with DeepFM, 500 rows cut into 8 tiles or into 2.
   */
  private static final double HANDLING_MICROS = 20;

  private TileRows() {}

  /** The row counts at which a curve should be measured, ascending, with 1 as the first. */
  public static int[] measured() {
    int[] rows = new int[SIZES.length + 1];
    rows[0] = 1;
    System.arraycopy(SIZES, 0, rows, 1, SIZES.length);
    return rows;
  }

  /**
   * The smallest tile whose cost a row is within a tolerance of the best by each curve, or the one
   * that comes nearest to it: smaller tiles let others in sooner, spread over more workers and stop
   * sooner, and are worth a little of the time.
   *
   * @param curves of the form that tiles of large requests run in: by itself, beside other tiles
   * @param tolerance how much worse a row may be, such as 0.05
   * @param maxMicros tiles longer than this are not chosen unless the smallest is
   */
  public static int choose(List<CostCurve> curves, double tolerance, double maxMicros) {
    int nearest = SIZES[0];
    double least = Double.POSITIVE_INFINITY;
    for (int rows : SIZES) {
      double worst = 0;
      for (CostCurve cost : curves) {
        worst = Math.max(worst, microsPerRow(cost, rows) / best(cost, maxMicros));
      }
      if (worst <= 1 + tolerance) {
        return rows;
      }
      if (worst < least && isShort(curves, rows, maxMicros)) {
        least = worst;
        nearest = rows;
      }
    }
    return nearest;
  }

  private static double best(CostCurve cost, double maxMicros) {
    double best = microsPerRow(cost, SIZES[0]);
    for (int rows : SIZES) {
      if (cost.micros(rows) <= maxMicros) {
        best = Math.min(best, microsPerRow(cost, rows));
      }
    }
    return best;
  }

  private static boolean isShort(List<CostCurve> curves, int rows, double maxMicros) {
    return rows == SIZES[0] || curves.stream().allMatch(cost -> cost.micros(rows) <= maxMicros);
  }

  private static double microsPerRow(CostCurve cost, int rows) {
    return (cost.micros(rows) + HANDLING_MICROS) / rows;
  }
}
