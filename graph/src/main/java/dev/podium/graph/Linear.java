package dev.podium.graph;

/**
 * A whole number {@code perRow·N + constant}, where N is the number of rows, at least 1 and
 * otherwise unknown.
 */
record Linear(long perRow, long constant) {
  static final Linear ROWS = new Linear(1, 0);

  static Linear of(long constant) {
    return new Linear(0, constant);
  }

  boolean isConstant() {
    return perRow == 0;
  }

  Linear plus(Linear other) {
    return new Linear(perRow + other.perRow, constant + other.constant);
  }

  Linear minus(Linear other) {
    return new Linear(perRow - other.perRow, constant - other.constant);
  }

  /** The product, or null if it is not linear. */
  Linear times(Linear other) {
    if (!isConstant() && !other.isConstant()) {
      return null;
    }
    return new Linear(perRow * other.constant + other.perRow * constant, constant * other.constant);
  }

  /** The quotient where it is whole for every N, or null. */
  Linear dividedBy(Linear other) {
    if (other.isConstant()) {
      long by = other.constant;
      return by != 0 && perRow % by == 0 && constant % by == 0
          ? new Linear(perRow / by, constant / by)
          : null;
    }
    if (other.constant == 0 && constant == 0 && perRow % other.perRow == 0) {
      return of(perRow / other.perRow);
    }
    return null;
  }

  /** Whether the two are equal for every N, different for every N, or null if that depends on N. */
  Boolean sameAs(Linear other) {
    Linear difference = minus(other);
    if (difference.isConstant()) {
      return difference.constant == 0;
    }
    // a·N + b = 0 has a solution N >= 1 only if -b/a is a whole number of at least 1.
    long a = difference.perRow;
    long b = -difference.constant;
    return b % a == 0 && b / a >= 1 ? null : Boolean.FALSE;
  }

  @Override
  public String toString() {
    if (isConstant()) {
      return Long.toString(constant);
    }
    String rows = perRow == 1 ? "N" : perRow + "N";
    return constant == 0 ? rows : rows + "+" + constant;
  }
}
