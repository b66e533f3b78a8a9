package dev.podium.graph.ir;

/**
 * A whole number {@code perRow·N + constant}, where N is the number of rows, at least 1 and
 * otherwise unknown.
 */
public record AffineDim(long perRow, long constant) {
  static final AffineDim ROWS = new AffineDim(1, 0);

  public static AffineDim of(long constant) {
    return new AffineDim(0, constant);
  }

  public boolean isConstant() {
    return perRow == 0;
  }

  public AffineDim plus(AffineDim other) {
    return new AffineDim(perRow + other.perRow, constant + other.constant);
  }

  public AffineDim minus(AffineDim other) {
    return new AffineDim(perRow - other.perRow, constant - other.constant);
  }

  /** The product, or null if it is not linear. */
  public AffineDim times(AffineDim other) {
    if (!isConstant() && !other.isConstant()) {
      return null;
    }
    return new AffineDim(
        perRow * other.constant + other.perRow * constant, constant * other.constant);
  }

  /** The quotient where it is whole for every N, or null. */
  public AffineDim dividedBy(AffineDim other) {
    if (other.isConstant()) {
      long by = other.constant;
      return by != 0 && perRow % by == 0 && constant % by == 0
          ? new AffineDim(perRow / by, constant / by)
          : null;
    }
    if (other.constant == 0 && constant == 0 && perRow % other.perRow == 0) {
      return of(perRow / other.perRow);
    }
    return null;
  }

  /** Whether the two are equal for every N, different for every N, or null if that depends on N. */
  public Boolean sameAs(AffineDim other) {
    AffineDim difference = minus(other);
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
