package dev.podium.graph.rows;

import java.util.Arrays;

/** A dense tensor of whole numbers, row-major, with the movements that tensors know. Immutable. */
record Grid(int[] shape, int[] cells) {
  /** More cells than this are not followed. */
  static final int MOST_CELLS = 1 << 24;

  /** The numbers 0, 1, 2 and so on in this shape: what a movement makes of them is its map. */
  static Grid indices(int[] shape) {
    int[] cells = new int[size(shape)];
    Arrays.setAll(cells, i -> i);
    return new Grid(shape, cells);
  }

  static int size(int[] shape) {
    long size = 1;
    for (int dim : shape) {
      size *= dim;
    }
    if (size > MOST_CELLS) {
      throw new Untraceable("a tensor of " + size + " elements is too large to follow");
    }
    return (int) size;
  }

  int rank() {
    return shape.length;
  }

  Grid reshape(int[] to) {
    return new Grid(to, cells);
  }

  /** Distance of neighbours along each axis. */
  static int[] strides(int[] shape) {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= shape[axis];
    }
    return strides;
  }

  /** A tensor whose element at a position is the one at these strides from {@code offset} on. */
  private Grid view(int[] to, int[] strides) {
    int[] out = new int[size(to)];
    int[] at = new int[to.length];
    int from = 0;
    for (int i = 0; i < out.length; i++) {
      out[i] = cells[from];
      for (int axis = to.length - 1; axis >= 0; axis--) {
        from += strides[axis];
        if (++at[axis] < to[axis]) {
          break;
        }
        from -= strides[axis] * to[axis];
        at[axis] = 0;
      }
    }
    return new Grid(to, out);
  }

  Grid transpose(int[] order) {
    int[] strides = strides(shape);
    int[] to = new int[order.length];
    int[] by = new int[order.length];
    for (int axis = 0; axis < order.length; axis++) {
      to[axis] = shape[order[axis]];
      by[axis] = strides[order[axis]];
    }
    return view(to, by);
  }

  /** As numpy broadcasts. */
  Grid broadcast(int[] to) {
    if (Arrays.equals(shape, to)) {
      return this;
    }
    int[] strides = strides(shape);
    int[] by = new int[to.length];
    for (int axis = 0; axis < shape.length; axis++) {
      int target = axis + to.length - shape.length;
      if (shape[axis] != 1 && shape[axis] != to[target]) {
        throw Untraceable.shapes("broadcast", shape, to);
      }
      by[target] = shape[axis] == 1 ? 0 : strides[axis];
    }
    return view(to, by);
  }

  /** The slices of an axis at these indices; {@code absent} where an index is negative. */
  Grid take(int axis, int[] indices, int absent) {
    int outer = 1;
    for (int i = 0; i < axis; i++) {
      outer *= shape[i];
    }
    int inner = 1;
    for (int i = axis + 1; i < shape.length; i++) {
      inner *= shape[i];
    }
    int[] to = shape.clone();
    to[axis] = indices.length;
    int[] out = new int[size(to)];
    int at = 0;
    for (int o = 0; o < outer; o++) {
      for (int index : indices) {
        if (index >= shape[axis]) {
          throw new Untraceable("index " + index + " of an axis of " + shape[axis]);
        }
        if (index < 0) {
          Arrays.fill(out, at, at + inner, absent);
        } else {
          System.arraycopy(cells, (o * shape[axis] + index) * inner, out, at, inner);
        }
        at += inner;
      }
    }
    return new Grid(to, out);
  }
}
