package dev.podium.graph.ir;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Arithmetic on shapes. */
public final class Shapes {
  private Shapes() {}

  public static int size(List<Integer> shape) {
    int size = 1;
    for (int dim : shape) {
      size = Math.multiplyExact(size, dim);
    }
    return size;
  }

  /** The common shape under ONNX's broadcasting, or null. */
  public static List<Integer> broadcast(List<List<Integer>> shapes) {
    int rank = 0;
    for (List<Integer> shape : shapes) {
      rank = Math.max(rank, shape.size());
    }
    List<Integer> result = new ArrayList<>(Collections.nCopies(rank, 1));
    for (List<Integer> shape : shapes) {
      int shift = rank - shape.size();
      for (int i = 0; i < shape.size(); i++) {
        int dim = shape.get(i);
        int known = result.get(shift + i);
        if (known == 1) {
          result.set(shift + i, dim);
        } else if (dim != 1 && dim != known) {
          return null;
        }
      }
    }
    return result;
  }

  public static List<Integer> without(List<Integer> shape, int axis) {
    List<Integer> rest = new ArrayList<>(shape);
    rest.remove(axis);
    return rest;
  }

  public static List<Integer> with(List<Integer> shape, int axis, int dim) {
    List<Integer> changed = new ArrayList<>(shape);
    changed.set(axis, dim);
    return changed;
  }
}
