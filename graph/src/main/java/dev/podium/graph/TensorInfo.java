package dev.podium.graph;

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
}
