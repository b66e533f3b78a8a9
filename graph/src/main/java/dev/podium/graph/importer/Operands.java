package dev.podium.graph.importer;

import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.Attributes;
import java.util.ArrayList;
import java.util.List;

/**
 * What operators say by numbers: axes, shapes, ranges; and which axis of one row's value that is.
 */
final class Operands {
  private Operands() {}

  /** Whole numbers that the operator needs to know when it is compiled. */
  static List<AffineDim> numbers(List<Tracked> inputs, int index, String what) throws Unsupported {
    Tracked input = index < inputs.size() ? inputs.get(index) : null;
    if (input == null || input.numbers() == null) {
      throw new Unsupported(what + " is computed from values");
    }
    return input.numbers().values();
  }

  /** As {@link #numbers}, where they may not depend on the number of rows. */
  static List<Long> constants(List<Tracked> inputs, int index, String what) throws Unsupported {
    List<Long> values = new ArrayList<>();
    for (AffineDim value : numbers(inputs, index, what)) {
      if (!value.isConstant()) {
        throw new Unsupported(what + " depends on the number of rows");
      }
      values.add(value.constant());
    }
    return values;
  }

  /** Axes as an attribute (older operator sets) or as input 1; null if there are none. */
  static List<Long> axes(ImportRule.Operator node, List<Tracked> inputs) throws Unsupported {
    List<Long> attribute = Attributes.integers(node.proto(), "axes");
    if (attribute != null) {
      return attribute;
    }
    return inputs.size() > 1 && inputs.get(1) != null ? constants(inputs, 1, "axes") : null;
  }

  static int axis(long axis, int rank) throws Unsupported {
    long positive = axis < 0 ? axis + rank : axis;
    if (positive < 0 || positive >= rank) {
      throw new Unsupported("axis " + axis + " of " + rank);
    }
    return (int) positive;
  }

  /** The axis of one row's value, which must not be the row axis or a mixture with it. */
  static int ownAxis(Tracked value, int exportedAxis) throws Unsupported {
    if (!value.hasRows()) {
      return exportedAxis;
    }
    if (exportedAxis == value.layout().axis()) {
      throw Unsupported.mixesRows("works along the row axis");
    }
    return value.layout().rowAxis(exportedAxis);
  }
}
