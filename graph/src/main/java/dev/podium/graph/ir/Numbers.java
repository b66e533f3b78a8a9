package dev.podium.graph.ir;

import dev.podium.graph.onnx.ElementType;
import java.util.List;

/**
 * Whole numbers that follow from shapes: one, or a list of them.
 *
 * @param values the numbers, each a function of the number of rows
 * @param scalar whether it is one number without axes
 * @param type INT64, INT32 or BOOL
 */
public record Numbers(List<AffineDim> values, boolean scalar, ElementType type) {
  /** Copies the list. */
  public Numbers {
    values = List.copyOf(values);
  }

  public boolean isConstant() {
    return values.stream().allMatch(AffineDim::isConstant);
  }
}
