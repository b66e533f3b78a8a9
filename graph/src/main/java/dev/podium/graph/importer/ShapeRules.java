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

/** Operators that give a value another shape, or repeat it. */
final class ShapeRules {
  private ShapeRules() {}

  static Map<String, ImportRule> rules() {
    Map<String, ImportRule> rules = new HashMap<>();
    rules.put("Reshape", ShapeRules::reshape);
    rules.put("Flatten", ShapeRules::flatten);
    rules.put("Squeeze", ShapeRules::squeeze);
    rules.put("Unsqueeze", ShapeRules::unsqueeze);
    rules.put("Expand", ShapeRules::expand);
    rules.put("Tile", ShapeRules::tile);
    rules.put("ConstantOfShape", ShapeRules::constantOfShape);
    return rules;
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
    List<AffineDim> target = new ArrayList<>(Operands.numbers(inputs, 1, "the shape"));
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
    List<Long> axes = Operands.axes(node, inputs);
    if (axes == null) {
      throw new Unsupported("no axes: what it drops depends on the number of rows");
    }
    List<AffineDim> target = new ArrayList<>(value.shape());
    List<Integer> sorted = new ArrayList<>();
    for (long axis : axes) {
      sorted.add(Operands.axis(axis, value.rank()));
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
    List<Long> axes = Operands.axes(node, inputs);
    if (axes == null) {
      throw new Unsupported("no axes");
    }
    int rank = value.rank() + axes.size();
    List<Integer> sorted = new ArrayList<>();
    for (long axis : axes) {
      sorted.add(Operands.axis(axis, rank));
    }
    Collections.sort(sorted);
    List<AffineDim> target = new ArrayList<>(value.shape());
    for (int axis : sorted) {
      target.add(axis, AffineDim.of(1));
    }
    return List.of(reshape(value, target, nodes));
  }

  private static List<Tracked> expand(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    return List.of(expand(inputs.get(0), Operands.numbers(inputs, 1, "the shape"), nodes));
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
    List<AffineDim> repeats = Operands.numbers(inputs, 1, "the number of repeats");
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
      int axis = Operands.ownAxis(result, i);
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

  private static List<Tracked> constantOfShape(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    var attribute = Attributes.find(node.proto(), "value");
    Node fill =
        attribute == null
            ? nodes.scalar(0, ElementType.FLOAT32)
            : nodes.reshape(nodes.literal(attribute.getT()), List.of());
    return List.of(
        expand(Tracked.value(fill, null), Operands.numbers(inputs, 0, "the shape"), nodes));
  }
}
