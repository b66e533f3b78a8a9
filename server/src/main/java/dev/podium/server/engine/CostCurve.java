package dev.podium.server.engine;

import java.util.Arrays;

/**
 * Time of one run by its number of rows, measured at a few row counts and linear between them (and
 * beyond the last, by the slope of the last stretch). Immutable.
 */
public final class CostCurve {
  private final int[] rows;
  private final double[] micros;

  /**
   * @param rows row counts, ascending, at least one
   * @param micros time of one run at each, in microseconds
   */
  public CostCurve(int[] rows, double[] micros) {
    if (rows.length == 0 || rows.length != micros.length) {
      throw new IllegalArgumentException(
          "cost curve: " + rows.length + " row counts, " + micros.length + " times");
    }
    this.rows = rows.clone();
    this.micros = micros.clone();
  }

  /** Expected time of a run of that many rows, in microseconds. */
  public double micros(int count) {
    int at = Arrays.binarySearch(rows, count);
    if (at >= 0) {
      return micros[at];
    }
    int above = -at - 1;
    if (above == 0) {
      return micros[0];
    }
    if (rows.length == 1) {
      return micros[0] * count / rows[0];
    }
    int hi = Math.min(above, rows.length - 1);
    int lo = hi - 1;
    double slope = (micros[hi] - micros[lo]) / (rows[hi] - rows[lo]);
    return Math.max(0, micros[lo] + slope * (count - rows[lo]));
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < rows.length; i++) {
      text.append(i == 0 ? "" : ", ").append(rows[i]).append(" rows ");
      text.append(Math.round(micros[i])).append(" us");
    }
    return text.toString();
  }
}
