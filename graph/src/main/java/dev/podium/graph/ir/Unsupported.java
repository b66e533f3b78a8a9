package dev.podium.graph.ir;

/**
 * An operator can't be followed row by row; it stays as exported. The message says why, for the
 * report.
 */
public final class Unsupported extends Exception {
  private final boolean mixesRows;

  public Unsupported(String reason) {
    this(reason, false);
  }

  private Unsupported(String reason, boolean mixesRows) {
    super(reason, null, false, false);
    this.mixesRows = mixesRows;
  }

  public static Unsupported mixesRows(String reason) {
    return new Unsupported(reason, true);
  }

  public boolean mixesRows() {
    return mixesRows;
  }
}
