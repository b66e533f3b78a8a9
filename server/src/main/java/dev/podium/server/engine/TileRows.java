package dev.podium.server.engine;

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
   * The smallest tile whose cost a row is within a tolerance of the best: smaller tiles let others
   * in sooner, spread over more workers and stop sooner, and are worth a little of the time.
   *
   * @param cost of the form that tiles of large requests run in
   * @param tolerance how much worse a row may be, such as 0.05
   * @param maxMicros tiles longer than this are not chosen unless the smallest is
   */
  public static int choose(CostCurve cost, double tolerance, double maxMicros) {
    double best = Double.POSITIVE_INFINITY;
    for (int rows : SIZES) {
      if (rows == SIZES[0] || cost.micros(rows) <= maxMicros) {
        best = Math.min(best, microsPerRow(cost, rows));
      }
    }
    for (int rows : SIZES) {
      if (microsPerRow(cost, rows) <= best * (1 + tolerance)) {
        return rows;
      }
    }
    return SIZES[0];
  }

  private static double microsPerRow(CostCurve cost, int rows) {
    return (cost.micros(rows) + HANDLING_MICROS) / rows;
  }
}
