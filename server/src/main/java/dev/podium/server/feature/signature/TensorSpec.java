package dev.podium.server.feature.signature;

import java.util.List;

/**
 * One input or output of a graph, seen row by row: the first dimension is the row axis and isn't
 * part of this.
 *
 * @param name the graph's name for it
 * @param type element type
 * @param rowShape the dimensions after the first, all known; empty if the tensor is {@code [rows]}
 */
public record TensorSpec(String name, TensorDtype type, List<Integer> rowShape) {
  public TensorSpec {
    rowShape = List.copyOf(rowShape);
  }

  /** Number of elements in one row, at least 1. */
  public int rowElements() {
    return rowShape.stream().reduce(1, Math::multiplyExact);
  }

  /** The whole tensor's shape for a number of rows. */
  public long[] shape(int rows) {
    long[] shape = new long[1 + rowShape.size()];
    shape[0] = rows;
    for (int i = 0; i < rowShape.size(); i++) {
      shape[i + 1] = rowShape.get(i);
    }
    return shape;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(name).append(": ").append(type).append("[rows");
    rowShape.forEach(d -> text.append(", ").append(d));
    return text.append(']').toString();
  }
}
