package dev.podium.graph;

/**
 * An operator can't be followed row by row; it stays as exported. The message says why, for the
 * report.
 */
final class Unsupported extends Exception {
  private final boolean mixesRows;

  Unsupported(String reason) {
    this(reason, false);
  }

  private Unsupported(String reason, boolean mixesRows) {
    super(reason, null, false, false);
    this.mixesRows = mixesRows;
  }

  static Unsupported mixesRows(String reason) {
    return new Unsupported(reason, true);
  }

  boolean mixesRows() {
    return mixesRows;
  }
}
