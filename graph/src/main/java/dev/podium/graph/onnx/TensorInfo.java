package dev.podium.graph.onnx;

import java.util.List;

/**
 * Name, type and shape of a graph's input or output.
 *
 * @param name name in the graph
 * @param type element type
 * @param shape dimensions, outermost first; -1 where the graph leaves one open
 */
public record TensorInfo(String name, ElementType type, List<Long> shape) {
  /** Copies the shape. */
  public TensorInfo {
    shape = List.copyOf(shape);
  }

  /**
   * Whether values of another shape fit: of as many dimensions, each the same or open here.
   *
   * @param other dimensions, outermost first
   */
  public boolean takes(List<Long> other) {
    boolean fits = other.size() == shape.size();
    for (int i = 0; fits && i < shape.size(); i++) {
      fits = shape.get(i) < 0 || shape.get(i).equals(other.get(i));
    }
    return fits;
  }

  /** The same without the first dimension, which holds the rows. */
  public TensorInfo ofOneRow() {
    return new TensorInfo(name, type, shape.subList(1, shape.size()));
  }
}
