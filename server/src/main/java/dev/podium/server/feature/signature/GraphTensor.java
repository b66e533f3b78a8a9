package dev.podium.server.feature.signature;

import java.util.List;

/**
 * An input or output as a graph declares it.
 *
 * @param name the graph's name for it
 * @param type element type; null if it is one that Podium can't fill or read
 * @param declaredType the runtime's name of the type, for messages
 * @param shape all dimensions, the row axis first; -1 where the graph leaves it open
 */
public record GraphTensor(String name, TensorDtype type, String declaredType, List<Integer> shape) {
  public GraphTensor {
    shape = List.copyOf(shape);
  }
}
