package dev.podium.graph.importer;

import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Shapes;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.Attributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Operators that look values up by their place. */
final class GatherRules {
  private GatherRules() {}

  static Map<String, ImportRule> rules() {
    return Map.of(
        "Gather", GatherRules::gather,
        "GatherND", GatherRules::gatherNd,
        "GatherElements", GatherRules::gatherElements);
  }

  private static List<Tracked> gather(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked data = inputs.get(0);
    int axis = Operands.axis(Attributes.integer(node.proto(), "axis", 0), data.rank());
    return List.of(gather(data, inputs.get(1), axis, nodes));
  }

  private static Tracked gather(Tracked data, Tracked indices, int axis, Nodes nodes)
      throws Unsupported {
    if (data.hasRows() && indices.hasRows()) {
      throw Unsupported.mixesRows("looks up rows in rows");
    }
    if (indices.hasRows()) {
      if (axis != 0) {
        throw new Unsupported("looks rows up along axis " + axis);
      }
      return Tracked.value(nodes.gather(data.node(), indices.node(), 0), indices.layout());
    }
    int own = Operands.ownAxis(data, axis);
    Layout layout = data.layout();
    if (layout != null && axis < layout.axis()) {
      layout = new Layout(layout.axis() + indices.rank() - 1, layout.flat());
    }
    if (indices.numbers() != null && indices.numbers().isConstant() && indices.numbers().scalar()) {
      long index = indices.numbers().values().get(0).constant();
      int length = data.node().dim(own);
      int at = (int) (index < 0 ? index + length : index);
      if (at < 0 || at >= length) {
        throw new Unsupported("index " + index + " of " + length);
      }
      Node one = nodes.slice(data.node(), own, at, at + 1);
      return Tracked.value(nodes.reshape(one, Shapes.without(one.shape(), own)), layout);
    }
    return Tracked.value(nodes.gather(data.node(), indices.node(), own), layout);
  }

  /**
   * With one index for each look-up it is a Gather along the first axis, which is how PyTorch
   * exports {@code table[ids]}.
   */
  private static List<Tracked> gatherNd(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked data = inputs.get(0);
    Tracked indices = inputs.get(1);
    if (Attributes.integer(node.proto(), "batch_dims", 0) != 0) {
      throw new Unsupported("looks up in one tensor for each of several batches");
    }
    List<AffineDim> shape = new ArrayList<>(indices.shape());
    if (shape.isEmpty() || !shape.remove(shape.size() - 1).equals(AffineDim.of(1))) {
      throw new Unsupported("indices of shape " + indices.shape() + " (expected: one each)");
    }
    return List.of(gather(data, ShapeRules.reshape(indices, shape, nodes), 0, nodes));
  }

  private static List<Tracked> gatherElements(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    Tracked data = inputs.get(0);
    Tracked indices = inputs.get(1);
    if (!data.hasRows() || !data.layout().equals(indices.layout())) {
      throw Unsupported.mixesRows("data and indices don't have the same rows");
    }
    int own =
        Operands.ownAxis(
            data, Operands.axis(Attributes.integer(node.proto(), "axis", 0), data.rank()));
    return List.of(
        Tracked.value(nodes.gatherElements(data.node(), indices.node(), own), data.layout()));
  }
}
