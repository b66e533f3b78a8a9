package dev.podium.graph.importer;

import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.Attributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Operators that move values, join them, or take some of them. */
final class MovementRules {
  private MovementRules() {}

  static Map<String, ImportRule> rules() {
    Map<String, ImportRule> rules = new HashMap<>();
    rules.put("Transpose", MovementRules::transpose);
    rules.put("Concat", MovementRules::concat);
    rules.put("Split", MovementRules::split);
    rules.put("Slice", MovementRules::slice);
    return rules;
  }

  private static List<Tracked> transpose(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    Tracked value = inputs.get(0);
    List<Integer> permutation = new ArrayList<>();
    List<Long> given = Attributes.integers(node.proto(), "perm");
    for (int i = 0; i < value.rank(); i++) {
      permutation.add(given == null ? value.rank() - 1 - i : Math.toIntExact(given.get(i)));
    }
    if (!value.hasRows()) {
      return List.of(Tracked.value(nodes.transpose(value.node(), permutation), null));
    }
    Layout layout = new Layout(permutation.indexOf(value.layout().axis()), value.layout().flat());
    List<Integer> own = new ArrayList<>();
    for (int axis : permutation) {
      if (layout.flat() || axis != value.layout().axis()) {
        own.add(layout.flat() ? axis : value.layout().rowAxis(axis));
      }
    }
    return List.of(Tracked.value(nodes.transpose(value.node(), own), layout));
  }

  private static List<Tracked> concat(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    int rank = inputs.get(0).rank();
    int axis = Operands.axis(Attributes.integer(node.proto(), "axis", 0), rank);
    Tracked model = inputs.get(0);
    for (Tracked input : inputs) {
      if (input.hasRows()) {
        model = input;
      }
    }
    List<Node> parts = new ArrayList<>();
    int own = Operands.ownAxis(model, axis);
    for (Tracked input : inputs) {
      if (input.rank() != rank || input.hasRows() != model.hasRows()) {
        throw new Unsupported("joins tensors with and without rows");
      }
      if (model.hasRows() && !model.layout().equals(input.layout())) {
        throw Unsupported.mixesRows("rows meet another axis");
      }
      for (int i = 0; i < input.node().rank(); i++) {
        if (i != own && input.node().dim(i) != model.node().dim(i)) {
          throw new Unsupported("joins " + input.shape() + " and " + model.shape());
        }
      }
      parts.add(input.node());
    }
    return List.of(Tracked.value(nodes.concat(parts, own), model.layout()));
  }

  private static List<Tracked> split(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    int own =
        Operands.ownAxis(
            value, Operands.axis(Attributes.integer(node.proto(), "axis", 0), value.rank()));
    int count = node.proto().getOutputCount();
    int length = value.node().dim(own);
    List<Long> sizes = Attributes.integers(node.proto(), "split");
    if (sizes == null && inputs.size() > 1 && inputs.get(1) != null) {
      sizes = Operands.constants(inputs, 1, "the sizes");
    }
    List<Tracked> parts = new ArrayList<>();
    int each = (length + count - 1) / count;
    int from = 0;
    for (int i = 0; i < count; i++) {
      int size = sizes == null ? Math.min(each, length - from) : Math.toIntExact(sizes.get(i));
      if (size < 1 || from + size > length) {
        throw new Unsupported(
            "splits " + length + " into " + (sizes == null ? count + " parts" : sizes));
      }
      parts.add(Tracked.value(nodes.slice(value.node(), own, from, from + size), value.layout()));
      from += size;
    }
    return parts;
  }

  private static List<Tracked> slice(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    List<AffineDim> starts;
    List<AffineDim> ends;
    List<Long> axes;
    List<Long> steps = null;
    if (Attributes.integers(node.proto(), "starts") != null) {
      starts = Attributes.integers(node.proto(), "starts").stream().map(AffineDim::of).toList();
      ends = Attributes.integers(node.proto(), "ends").stream().map(AffineDim::of).toList();
      axes = Attributes.integers(node.proto(), "axes");
    } else {
      starts = Operands.numbers(inputs, 1, "the start");
      ends = Operands.numbers(inputs, 2, "the end");
      axes =
          inputs.size() > 3 && inputs.get(3) != null ? Operands.constants(inputs, 3, "axes") : null;
      steps =
          inputs.size() > 4 && inputs.get(4) != null
              ? Operands.constants(inputs, 4, "the step")
              : null;
    }
    Node result = value.node();
    for (int i = 0; i < starts.size(); i++) {
      int axis = Operands.axis(axes == null ? i : axes.get(i), value.rank());
      long step = steps == null ? 1 : steps.get(i);
      AffineDim from = starts.get(i);
      AffineDim to = ends.get(i);
      if (value.hasRows() && axis == value.layout().axis()) {
        boolean all =
            from.equals(AffineDim.of(0))
                && step == 1
                && (to.equals(value.shape().get(axis))
                    || to.isConstant() && to.constant() >= Integer.MAX_VALUE);
        if (!all) {
          throw Unsupported.mixesRows("takes some of the rows");
        }
        continue;
      }
      if (!from.isConstant() || !to.isConstant() || step < 1) {
        throw new Unsupported("range from " + from + " to " + to + " by " + step);
      }
      int own = Operands.ownAxis(value, axis);
      int length = result.dim(own);
      int start = bound(from.constant(), length);
      int end = bound(to.constant(), length);
      if (start >= end) {
        throw new Unsupported("an empty range");
      }
      result = nodes.slice(result, own, start, end, Math.toIntExact(Math.min(step, length)));
    }
    return List.of(Tracked.value(result, value.layout()));
  }

  private static int bound(long index, int length) {
    return (int) Math.max(0, Math.min(length, index < 0 ? index + length : index));
  }
}
