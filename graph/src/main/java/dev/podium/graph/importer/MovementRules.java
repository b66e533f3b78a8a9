package dev.podium.graph.importer;

import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Shapes;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.Attributes;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Operators that move values and compute none. */
final class MovementRules {
  private MovementRules() {}

  static Map<String, ImportRule> rules() {
    Map<String, ImportRule> rules = new HashMap<>();
    rules.put("Reshape", MovementRules::reshape);
    rules.put("Flatten", MovementRules::flatten);
    rules.put("Squeeze", MovementRules::squeeze);
    rules.put("Unsqueeze", MovementRules::unsqueeze);
    rules.put("Transpose", MovementRules::transpose);
    rules.put("Expand", MovementRules::expand);
    rules.put("Tile", MovementRules::tile);
    rules.put("Concat", MovementRules::concat);
    rules.put("Split", MovementRules::split);
    rules.put("Slice", MovementRules::slice);
    rules.put("ConstantOfShape", MovementRules::constantOfShape);
    return rules;
  }

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

  /** Gives a value another shape; order of elements as before. */
  static Tracked reshape(Tracked value, List<AffineDim> target, Nodes nodes) throws Unsupported {
    int rowsAt = -1;
    for (int i = 0; i < target.size(); i++) {
      if (!target.get(i).isConstant()) {
        if (rowsAt >= 0 || target.get(i).constant() != 0) {
          throw new Unsupported("shape " + target);
        }
        rowsAt = i;
      } else if (target.get(i).constant() < 1) {
        throw new Unsupported("shape " + target);
      }
    }
    if (value.hasRows() != rowsAt >= 0) {
      throw new Unsupported("shape " + target + " for a tensor of shape " + value.shape());
    }
    if (!value.hasRows()) {
      List<Integer> shape = target.stream().map(dim -> Math.toIntExact(dim.constant())).toList();
      if (Shapes.size(shape) != value.node().size()) {
        throw new Unsupported("shape " + target + " for a tensor of shape " + value.shape());
      }
      return Tracked.value(nodes.reshape(value.node(), shape), null);
    }
    List<Integer> shape = new ArrayList<>();
    for (AffineDim dim : target) {
      shape.add(Math.toIntExact(dim.isConstant() ? dim.constant() : dim.perRow()));
    }
    boolean flat = shape.get(rowsAt) != 1;
    int before = Shapes.size(value.node().shape().subList(0, value.layout().axis()));
    if (Shapes.size(shape.subList(0, rowsAt)) != before) {
      throw Unsupported.mixesRows("shape " + target + " would tear rows apart");
    }
    if (!flat) {
      shape.remove(rowsAt);
    }
    if (Shapes.size(shape) != value.node().size()) {
      throw new Unsupported("shape " + target + " for a tensor of shape " + value.shape());
    }
    return Tracked.value(nodes.reshape(value.node(), shape), new Layout(rowsAt, flat));
  }

  private static List<Tracked> reshape(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    List<AffineDim> target = new ArrayList<>(numbers(inputs, 1, "the shape"));
    boolean zeroMeansZero = Attributes.integer(node.proto(), "allowzero", 0) != 0;
    AffineDim total = product(value.shape());
    AffineDim known = AffineDim.of(1);
    int open = -1;
    for (int i = 0; i < target.size(); i++) {
      AffineDim dim = target.get(i);
      if (dim.equals(AffineDim.of(0)) && !zeroMeansZero) {
        if (i >= value.rank()) {
          throw new Unsupported("shape " + target);
        }
        dim = value.shape().get(i);
        target.set(i, dim);
      }
      if (dim.equals(AffineDim.of(-1))) {
        open = i;
      } else {
        known = known.times(dim);
        if (known == null) {
          throw new Unsupported("shape " + target);
        }
      }
    }
    if (open >= 0) {
      AffineDim rest = known.equals(AffineDim.of(0)) ? null : total.dividedBy(known);
      if (rest == null) {
        throw new Unsupported("shape " + target + " for a tensor of shape " + value.shape());
      }
      target.set(open, rest);
    }
    return List.of(reshape(value, target, nodes));
  }

  private static AffineDim product(List<AffineDim> dims) throws Unsupported {
    AffineDim product = AffineDim.of(1);
    for (AffineDim dim : dims) {
      product = product.times(dim);
      if (product == null) {
        throw new Unsupported("shape " + dims);
      }
    }
    return product;
  }

  private static List<Tracked> flatten(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    long given = Attributes.integer(node.proto(), "axis", 1);
    int axis = (int) (given < 0 ? given + value.rank() : given);
    List<AffineDim> target =
        List.of(
            product(value.shape().subList(0, axis)),
            product(value.shape().subList(axis, value.rank())));
    return List.of(reshape(value, target, nodes));
  }

  private static List<Tracked> squeeze(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    List<Long> axes = axes(node, inputs);
    if (axes == null) {
      throw new Unsupported("no axes: what it drops depends on the number of rows");
    }
    List<AffineDim> target = new ArrayList<>(value.shape());
    List<Integer> sorted = new ArrayList<>();
    for (long axis : axes) {
      sorted.add(axis(axis, value.rank()));
    }
    sorted.sort(Collections.reverseOrder());
    for (int axis : sorted) {
      if (!target.remove(axis).equals(AffineDim.of(1))) {
        throw new Unsupported("drops axis " + axis + " of " + value.shape());
      }
    }
    return List.of(reshape(value, target, nodes));
  }

  private static List<Tracked> unsqueeze(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    Tracked value = inputs.get(0);
    List<Long> axes = axes(node, inputs);
    if (axes == null) {
      throw new Unsupported("no axes");
    }
    int rank = value.rank() + axes.size();
    List<Integer> sorted = new ArrayList<>();
    for (long axis : axes) {
      sorted.add(axis(axis, rank));
    }
    Collections.sort(sorted);
    List<AffineDim> target = new ArrayList<>(value.shape());
    for (int axis : sorted) {
      target.add(axis, AffineDim.of(1));
    }
    return List.of(reshape(value, target, nodes));
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

  private static List<Tracked> expand(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    return List.of(expand(inputs.get(0), numbers(inputs, 1, "the shape"), nodes));
  }

  private static Tracked expand(Tracked value, List<AffineDim> target, Nodes nodes)
      throws Unsupported {
    int rank = Math.max(value.rank(), target.size());
    int rowsAt = -1;
    for (int i = 0; i < target.size(); i++) {
      if (!target.get(i).isConstant()) {
        if (rowsAt >= 0 || target.get(i).constant() != 0) {
          throw new Unsupported("shape " + target);
        }
        rowsAt = i + rank - target.size();
      } else if (target.get(i).constant() < 1) {
        throw new Unsupported("shape " + target);
      }
    }
    Layout layout = null;
    if (value.hasRows()) {
      layout = new Layout(value.layout().axis() + rank - value.rank(), value.layout().flat());
      if (rowsAt >= 0 && rowsAt != layout.axis()) {
        throw Unsupported.mixesRows("rows meet another axis");
      }
    } else if (rowsAt >= 0) {
      layout = new Layout(rowsAt, target.get(rowsAt - (rank - target.size())).perRow() != 1);
    }
    List<Integer> shape = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      int at = i - (rank - target.size());
      AffineDim dim = at < 0 ? AffineDim.of(1) : target.get(at);
      if (layout != null && layout.axis() == i) {
        boolean unchanged = value.hasRows() && dim.equals(AffineDim.of(1));
        int entries =
            value.hasRows() && layout.flat() ? value.node().dim(value.layout().axis()) : 1;
        long wanted = unchanged ? entries : dim.perRow();
        if (!unchanged && dim.isConstant() || value.hasRows() && wanted != entries) {
          throw Unsupported.mixesRows("repeats rows");
        }
        if (layout.flat()) {
          shape.add(Math.toIntExact(wanted));
        }
      } else {
        shape.add(Math.toIntExact(dim.constant()));
      }
    }
    Node node = value.node();
    if (!value.hasRows() && layout != null && !layout.flat()) {
      int axis = layout.axis() - (rank - value.rank());
      if (axis >= 0) {
        if (node.dim(axis) != 1) {
          throw Unsupported.mixesRows("rows meet another axis");
        }
        node = nodes.reshape(node, Shapes.without(node.shape(), axis));
      }
    } else if (value.hasRows() && !layout.flat()) {
      node = nodes.atRank(node, rank - 1);
    }
    List<Integer> common = Shapes.broadcast(List.of(node.shape(), shape));
    if (common == null) {
      throw new Unsupported("shape " + target + " for a tensor of shape " + value.shape());
    }
    return Tracked.value(nodes.expand(node, common), layout);
  }

  private static List<Tracked> tile(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    List<AffineDim> repeats = numbers(inputs, 1, "the number of repeats");
    if (repeats.size() != value.rank()) {
      throw new Unsupported("repeats " + repeats);
    }
    // An axis of size 1 that is repeated N times becomes the row axis.
    for (int i = 0; i < repeats.size(); i++) {
      if (!repeats.get(i).isConstant()
          && (value.hasRows() || !value.shape().get(i).equals(AffineDim.of(1)))) {
        throw Unsupported.mixesRows("repeats rows");
      }
    }
    Tracked result = value;
    for (int i = 0; i < repeats.size(); i++) {
      AffineDim times = repeats.get(i);
      if (times.equals(AffineDim.of(1))) {
        continue;
      }
      if (times.isConstant() && times.constant() < 1) {
        throw new Unsupported("repeats " + repeats);
      }
      List<AffineDim> shape = result.shape();
      if (shape.get(i).equals(AffineDim.of(1))) {
        List<AffineDim> target =
            new ArrayList<>(Collections.nCopies(shape.size(), AffineDim.of(1)));
        target.set(i, times);
        result = expand(result, target, nodes);
        continue;
      }
      int axis = ownAxis(result, i);
      List<Integer> own = result.node().shape();
      List<Integer> split = new ArrayList<>(own);
      split.add(axis, 1);
      List<Integer> wide = new ArrayList<>(own);
      wide.add(axis, Math.toIntExact(times.constant()));
      List<Integer> joined =
          Shapes.with(own, axis, Math.toIntExact(own.get(axis) * times.constant()));
      Node repeated =
          nodes.reshape(nodes.expand(nodes.reshape(result.node(), split), wide), joined);
      result = Tracked.value(repeated, result.layout());
    }
    return List.of(result);
  }

  private static List<Tracked> concat(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    int rank = inputs.get(0).rank();
    int axis = axis(Attributes.integer(node.proto(), "axis", 0), rank);
    Tracked model = inputs.get(0);
    for (Tracked input : inputs) {
      if (input.hasRows()) {
        model = input;
      }
    }
    List<Node> parts = new ArrayList<>();
    int own = ownAxis(model, axis);
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
    int own = ownAxis(value, axis(Attributes.integer(node.proto(), "axis", 0), value.rank()));
    int count = node.proto().getOutputCount();
    int length = value.node().dim(own);
    List<Long> sizes = Attributes.integers(node.proto(), "split");
    if (sizes == null && inputs.size() > 1 && inputs.get(1) != null) {
      sizes = constants(inputs, 1, "the sizes");
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
      starts = numbers(inputs, 1, "the start");
      ends = numbers(inputs, 2, "the end");
      axes = inputs.size() > 3 && inputs.get(3) != null ? constants(inputs, 3, "axes") : null;
      steps = inputs.size() > 4 && inputs.get(4) != null ? constants(inputs, 4, "the step") : null;
    }
    Node result = value.node();
    for (int i = 0; i < starts.size(); i++) {
      int axis = axis(axes == null ? i : axes.get(i), value.rank());
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
      int own = ownAxis(value, axis);
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

  private static List<Tracked> constantOfShape(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    var attribute = Attributes.find(node.proto(), "value");
    Node fill =
        attribute == null
            ? nodes.scalar(0, ElementType.FLOAT32)
            : nodes.reshape(nodes.literal(attribute.getT()), List.of());
    return List.of(expand(Tracked.value(fill, null), numbers(inputs, 0, "the shape"), nodes));
  }
}
