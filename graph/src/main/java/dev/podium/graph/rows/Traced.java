package dev.podium.graph.rows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * What is known of one tensor: which rows its elements depend on and, of small ones, their values.
 *
 * @param rows null if even the shape is unknown; then {@code set} tells
 * @param set the rows that elements of a tensor of unknown shape depend on
 * @param values the elements, NaN where one is unknown; null if none is known
 */
record Traced(Dependence rows, int set, double[] values) {
  /** Values of larger tensors are not followed. */
  static final int MOST_VALUES = 8192;

  static Traced of(Dependence rows) {
    return new Traced(rows, 0, null);
  }

  static Traced of(Dependence rows, double[] values) {
    boolean known =
        values != null
            && values.length <= MOST_VALUES
            && (values.length == 0 || !Arrays.stream(values).allMatch(Double::isNaN));
    return new Traced(rows, 0, known ? values : null);
  }

  static Traced unknown(int set) {
    return new Traced(null, set, null);
  }

  boolean isKnown() {
    return rows != null;
  }

  /** All rows that any element depends on. */
  int all() {
    return rows == null ? set : rows.all();
  }

  int[] shape() {
    if (rows == null) {
      throw new Untraceable("an input's shape is not known");
    }
    return rows.shape();
  }

  int rank() {
    return shape().length;
  }

  int axis(long axis) {
    long from = axis < 0 ? axis + rank() : axis;
    if (from < 0 || from >= rank()) {
      throw new Untraceable("axis " + axis + " of a tensor of rank " + rank());
    }
    return (int) from;
  }

  Traced with(int more) {
    return rows == null ? unknown(set | more) : new Traced(rows.with(more), 0, values);
  }

  /** All values, as whole numbers. */
  long[] wholeNumbers(String what) {
    if (values == null || Arrays.stream(values).anyMatch(Double::isNaN)) {
      throw new Untraceable(what + " is computed from data");
    }
    return Arrays.stream(values).mapToLong(v -> (long) v).toArray();
  }

  private double[] moved(UnaryOperator<Grid> movement) {
    if (values == null) {
      return null;
    }
    int[] from = movement.apply(Grid.indices(shape())).cells();
    if (from.length > MOST_VALUES) {
      return null;
    }
    double[] to = new double[from.length];
    for (int i = 0; i < to.length; i++) {
      to[i] = from[i] < 0 ? Double.NaN : values[from[i]];
    }
    return to;
  }

  Traced transpose(int[] order) {
    return of(rows.transpose(order), moved(grid -> grid.transpose(order)));
  }

  Traced reshape(int[] to) {
    return of(rows.reshape(to), values);
  }

  Traced broadcast(int[] to) {
    return of(rows.broadcast(to), moved(grid -> grid.broadcast(to)));
  }

  /** The slices of an axis at these indices; negative ones depend on {@code absent}. */
  Traced take(int axis, int[] indices, int absent) {
    return of(rows.take(axis, indices, absent), moved(grid -> grid.take(axis, indices, -1)));
  }

  static Traced concat(List<Traced> parts, int axis) {
    List<Dependence> rows = new ArrayList<>();
    boolean known = false;
    for (Traced part : parts) {
      part.shape();
      rows.add(part.rows);
      known |= part.values != null;
    }
    Dependence joined = Dependence.concat(rows, axis);
    long size = 1;
    for (int dim : joined.shape()) {
      size *= dim;
    }
    if (!known || size > MOST_VALUES) {
      return of(joined);
    }
    // Numbers the elements of all parts through, joins the numbers, and looks the values up.
    List<Dependence> numbered = new ArrayList<>();
    double[] values = new double[(int) size];
    int at = 0;
    for (Traced part : parts) {
      Grid own = Grid.indices(part.shape());
      int[] cells = own.cells();
      for (int i = 0; i < cells.length; i++) {
        values[at + i] = part.values == null ? Double.NaN : part.values[i];
        cells[i] += at;
      }
      numbered.add(new Dependence(part.shape(), own));
      at += cells.length;
    }
    int[] from = Dependence.concat(numbered, axis).sets().broadcast(joined.shape()).cells();
    double[] to = new double[from.length];
    Arrays.setAll(to, i -> values[from[i]]);
    return of(joined, to);
  }
}
