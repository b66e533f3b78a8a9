package dev.podium.graph.rows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * For each element of a tensor, the set of rows that it depends on, as the bits of a number. An
 * axis along which all elements have the same set is stored once. Immutable.
 *
 * <p>Sets only grow: whatever an operator may read counts as read. So a set may name rows that an
 * element does not depend on, and never lacks one that it does.
 *
 * @param shape the tensor's own
 * @param sets the sets; each dimension is that of {@code shape}, or 1
 */
record Dependence(int[] shape, Grid sets) {

  static Dependence same(int[] shape, int set) {
    int[] stored = new int[shape.length];
    Arrays.fill(stored, 1);
    return new Dependence(shape, new Grid(stored, new int[] {set}));
  }

  /** Each row of the first axis depends on itself. */
  static Dependence ofRows(int[] shape) {
    int[] stored = new int[shape.length];
    Arrays.fill(stored, 1);
    stored[0] = shape[0];
    int[] sets = new int[shape[0]];
    Arrays.setAll(sets, row -> 1 << row);
    return new Dependence(shape, new Grid(stored, sets));
  }

  int rank() {
    return shape.length;
  }

  /** The rows that any element depends on. */
  int all() {
    int set = 0;
    for (int cell : sets.cells()) {
      set |= cell;
    }
    return set;
  }

  /** The same with more rows everywhere. */
  Dependence with(int set) {
    if (set == 0) {
      return this;
    }
    int[] cells = sets.cells().clone();
    for (int i = 0; i < cells.length; i++) {
      cells[i] |= set;
    }
    return new Dependence(shape, new Grid(sets.shape(), cells));
  }

  /** Each element depends on all that those along these axes do. */
  Dependence along(boolean[] axes) {
    int[] stored = sets.shape();
    int[] to = stored.clone();
    boolean changes = false;
    for (int axis = 0; axis < axes.length; axis++) {
      if (axes[axis] && stored[axis] > 1) {
        to[axis] = 1;
        changes = true;
      }
    }
    if (!changes) {
      return this;
    }
    int[] out = new int[Grid.size(to)];
    int[] target = new Grid(to, Grid.indices(to).cells()).broadcast(stored).cells();
    int[] cells = sets.cells();
    for (int i = 0; i < cells.length; i++) {
      out[target[i]] |= cells[i];
    }
    return new Dependence(shape, new Grid(to, out));
  }

  Dependence along(int... axes) {
    boolean[] named = new boolean[rank()];
    for (int axis : axes) {
      named[axis] = true;
    }
    return along(named);
  }

  Dependence alongAllBut(int axis) {
    boolean[] named = new boolean[rank()];
    Arrays.fill(named, true);
    named[axis] = false;
    return along(named);
  }

  /** An axis is stored element by element, so that it can be cut and joined. */
  private Dependence spread(int axis) {
    if (sets.shape()[axis] == shape[axis]) {
      return this;
    }
    int[] stored = sets.shape().clone();
    stored[axis] = shape[axis];
    return new Dependence(shape, sets.broadcast(stored));
  }

  Dependence transpose(int[] order) {
    int[] to = new int[order.length];
    for (int axis = 0; axis < order.length; axis++) {
      to[axis] = shape[order[axis]];
    }
    return new Dependence(to, sets.transpose(order));
  }

  /** The slices of an axis at these indices; negative ones depend on {@code absent}. */
  Dependence take(int axis, int[] indices, int absent) {
    int[] to = shape.clone();
    to[axis] = indices.length;
    boolean some = Arrays.stream(indices).anyMatch(index -> index < 0);
    if (sets.shape()[axis] == 1 && shape[axis] != 1 && !some) {
      return new Dependence(to, sets).compact(axis);
    }
    Dependence whole = spread(axis);
    if (indices.length == 0) {
      return new Dependence(to, along(axis).sets);
    }
    return new Dependence(to, whole.sets.take(axis, indices, absent)).compact(axis);
  }

  /** Stores an axis once if all its elements have the same sets. */
  private Dependence compact(int axis) {
    int[] stored = sets.shape();
    if (stored[axis] <= 1) {
      return this;
    }
    Grid first = sets.take(axis, new int[] {0}, 0);
    boolean same = Arrays.equals(first.broadcast(stored).cells(), sets.cells());
    return same ? new Dependence(shape, first) : this;
  }

  Dependence broadcast(int[] to) {
    if (to.length < rank()) {
      throw Untraceable.shapes("broadcast", shape, to);
    }
    int[] stored = new int[to.length];
    Arrays.fill(stored, 1);
    for (int axis = 0; axis < rank(); axis++) {
      int target = axis + to.length - rank();
      if (shape[axis] != 1 && shape[axis] != to[target]) {
        throw Untraceable.shapes("broadcast", shape, to);
      }
      stored[target] = sets.shape()[axis];
    }
    return new Dependence(to, sets.reshape(stored));
  }

  /** Adds axes of one element, or removes some; the order of elements stays. */
  Dependence withOnes(int[] to) {
    int[] stored = new int[to.length];
    int from = 0;
    for (int axis = 0; axis < to.length; axis++) {
      stored[axis] = 1;
      if (to[axis] != 1) {
        while (shape[from] == 1) {
          from++;
        }
        stored[axis] = sets.shape()[from++];
      }
    }
    return new Dependence(to, sets.reshape(stored));
  }

  /**
   * The same elements in another shape. Runs of axes that hold the same elements before and after
   * are looked at one by one, so that what is stored once can stay so.
   */
  Dependence reshape(int[] to) {
    List<int[]> runs = runs(shape, to);
    boolean[] spread = new boolean[rank()];
    int[] before = sets.shape().clone();
    int[] after = new int[to.length];
    for (int[] run : runs) {
      boolean same = true;
      for (int axis = run[0]; axis < run[1]; axis++) {
        same &= sets.shape()[axis] == 1;
      }
      boolean alike = run[1] - run[0] == run[3] - run[2];
      for (int i = 0; alike && i < run[1] - run[0]; i++) {
        alike = shape[run[0] + i] == to[run[2] + i];
      }
      for (int axis = run[2]; axis < run[3]; axis++) {
        after[axis] = same ? 1 : alike ? sets.shape()[run[0] + axis - run[2]] : to[axis];
      }
      for (int axis = run[0]; !same && !alike && axis < run[1]; axis++) {
        spread[axis] = true;
        before[axis] = shape[axis];
      }
    }
    Dependence reshaped = new Dependence(to, sets.broadcast(before).reshape(after));
    for (int axis = 0; axis < to.length; axis++) {
      reshaped = reshaped.compact(axis);
    }
    return reshaped;
  }

  /** Pairs of ranges of axes with equal products: from, to (old), from, to (new). */
  private static List<int[]> runs(int[] shape, int[] to) {
    List<int[]> runs = new ArrayList<>();
    int i = 0;
    int j = 0;
    while (i < shape.length || j < to.length) {
      int fromI = i;
      int fromJ = j;
      long a = i < shape.length ? shape[i++] : 1;
      long b = j < to.length ? to[j++] : 1;
      while (a != b) {
        if (a < b) {
          if (i == shape.length) {
            throw Untraceable.shapes("reshape", shape, to);
          }
          a *= shape[i++];
        } else {
          if (j == to.length) {
            throw Untraceable.shapes("reshape", shape, to);
          }
          b *= to[j++];
        }
      }
      runs.add(new int[] {fromI, i, fromJ, j});
    }
    return runs;
  }

  /** Element by element, as numpy broadcasts. */
  static Dependence union(List<Dependence> parts) {
    int[] shape = parts.get(0).shape;
    int[] stored = parts.get(0).sets.shape();
    for (Dependence part : parts.subList(1, parts.size())) {
      shape = broadcastShape(shape, part.shape);
      stored = broadcastShape(stored, part.sets.shape());
    }
    int[] out = new int[Grid.size(stored)];
    for (Dependence part : parts) {
      int[] cells = part.sets.broadcast(stored).cells();
      for (int i = 0; i < out.length; i++) {
        out[i] |= cells[i];
      }
    }
    return new Dependence(shape, new Grid(stored, out));
  }

  static int[] broadcastShape(int[] a, int[] b) {
    int[] shape = new int[Math.max(a.length, b.length)];
    for (int i = 1; i <= shape.length; i++) {
      int x = i <= a.length ? a[a.length - i] : 1;
      int y = i <= b.length ? b[b.length - i] : 1;
      if (x != y && x != 1 && y != 1) {
        throw Untraceable.shapes("broadcast", a, b);
      }
      shape[shape.length - i] = x == 1 ? y : x;
    }
    return shape;
  }

  static Dependence concat(List<Dependence> parts, int axis) {
    int[] shape = parts.get(0).shape.clone();
    int[] stored = parts.get(0).sets.shape().clone();
    shape[axis] = 0;
    for (Dependence part : parts) {
      if (part.rank() != shape.length) {
        throw Untraceable.shapes("concatenation", shape, part.shape);
      }
      for (int i = 0; i < shape.length; i++) {
        if (i == axis) {
          shape[i] += part.shape[i];
        } else if (part.shape[i] != shape[i]) {
          throw Untraceable.shapes("concatenation", shape, part.shape);
        } else {
          stored[i] = Math.max(stored[i], part.sets.shape()[i]);
        }
      }
    }
    stored[axis] = shape[axis];
    int[] out = new int[Grid.size(stored)];
    int outer = 1;
    for (int i = 0; i < axis; i++) {
      outer *= stored[i];
    }
    int whole = outer == 0 ? 0 : out.length / outer;
    int at = 0;
    for (Dependence part : parts) {
      int[] one = stored.clone();
      one[axis] = part.shape[axis];
      int[] cells = part.sets.broadcast(one).cells();
      int width = outer == 0 ? 0 : cells.length / outer;
      for (int o = 0; o < outer; o++) {
        System.arraycopy(cells, o * width, out, o * whole + at, width);
      }
      at += width;
    }
    return new Dependence(shape, new Grid(stored, out)).compact(axis);
  }
}
