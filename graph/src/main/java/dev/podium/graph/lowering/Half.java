package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.AttributeProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.ir.Weights;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.GraphWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What both halves write alike. Each node is written once, in the placement that it is at home in.
 */
abstract class Half {
  final GraphWriter out;
  final RowFunction function;
  private final Map<Node, Integer> uses;
  private final Map<Node, String> names = new HashMap<>();
  private final Map<Node, String> chosen = new HashMap<>();

  Half(GraphWriter out, RowFunction function) {
    this.out = out;
    this.function = function;
    this.uses = function.uses();
  }

  /** The tensor's name at home; writes what it needs first. */
  final String emit(Node root) throws Unsupported {
    // By hand, for graphs deeper than the stack.
    ArrayDeque<Node> open = new ArrayDeque<>();
    open.push(root);
    while (!open.isEmpty()) {
      Node node = open.peek();
      if (names.containsKey(node)) {
        open.pop();
        continue;
      }
      boolean ready = true;
      for (Node input : needed(node)) {
        if (!names.containsKey(input)) {
          open.push(input);
          ready = false;
        }
      }
      if (ready) {
        names.put(node, writeNode(node));
        open.pop();
      }
    }
    return names.get(root);
  }

  /** The nodes whose tensors {@link #writeNode} reads. */
  abstract List<Node> needed(Node node);

  /** Writes one node, at home. */
  abstract String writeNode(Node node) throws Unsupported;

  /** Where a node is at home. */
  abstract Placement home(Node node);

  /**
   * Name of a node's tensor with rows at a place; rows are moved or made where it has them
   * elsewhere or not at all.
   */
  abstract String at(Node node, Placement placement) throws Unsupported;

  final boolean usedOnce(Node node) {
    return uses.getOrDefault(node, 0) == 1;
  }

  /** Gives a node's tensor a name, if the node is not written yet. */
  final void choose(Node node, String name) {
    if (!names.containsKey(node)) {
      chosen.putIfAbsent(node, name);
    }
  }

  final String nameFor(Node node) {
    String name = chosen.get(node);
    if (name != null) {
      return name;
    }
    String base =
        node.op() instanceof Op.Elementwise e ? e.type() : node.op().getClass().getSimpleName();
    return out.fresh(base.toLowerCase(Locale.ROOT) + "_" + node.id());
  }

  /** Writes a node that is neither an input nor left as exported. */
  final String write(Node node) throws Unsupported {
    Op op = node.op();
    if (op instanceof Op.Initialiser initialiser) {
      return out.initialiser(function.nodes().weights().get(initialiser.name()));
    }
    if (op instanceof Op.Literal literal) {
      return out.literal(literal.tensor());
    }
    Placement home = home(node);
    int shift = home == Placement.FIRST ? 1 : 0;
    String name = nameFor(node);
    if (op instanceof Op.Elementwise elementwise) {
      return out.node(elementwise.type(), name, elementwise.attributes(), operands(node, home));
    } else if (op instanceof Op.MatMul) {
      return out.node("MatMul", name, List.of(), operands(node, home));
    } else if (op instanceof Op.Reduce reduce) {
      return out.reduce(
          reduce.type(), name, at(node.input(0), home), shifted(reduce.axes(), shift), true);
    } else if (op instanceof Op.Softmax softmax) {
      return out.node(softmax.type(), name, axis(softmax.axis() + shift), at(node.input(0), home));
    } else if (op instanceof Op.LayerNorm norm) {
      List<AttributeProto> attributes = new ArrayList<>(axis(norm.axis() + shift));
      attributes.add(GraphWriter.number("epsilon", norm.epsilon()));
      return out.node("LayerNormalization", name, attributes, operands(node, home));
    } else if (op instanceof Op.Concat concat) {
      return out.node("Concat", name, axis(concat.axis() + shift), spread(node, home));
    } else if (op instanceof Op.Slice slice) {
      return out.node(
          "Slice",
          name,
          List.of(),
          at(node.input(0), home),
          out.longs(List.of(slice.from())),
          out.longs(List.of(slice.to())),
          out.longs(List.of(slice.axis() + shift)),
          out.longs(List.of(slice.step())));
    } else if (op instanceof Op.Gather gather) {
      boolean rowsInData = node.input(0).isCandidate();
      return out.node(
          "Gather", name, axis(gather.axis() + (rowsInData ? shift : 0)), operands(node, home));
    } else if (op instanceof Op.TableRows rows) {
      return tableRows(node, rows, name);
    } else if (op instanceof Op.GatherElements gather) {
      return out.node("GatherElements", name, axis(gather.axis() + shift), spread(node, home));
    } else if (op instanceof Op.Reshape reshape) {
      if (dropsReduced(node)) {
        Op.Reduce reduce = (Op.Reduce) node.input(0).op();
        return out.reduce(
            reduce.type(),
            name,
            at(node.input(0).input(0), home),
            shifted(reduce.axes(), shift),
            false);
      }
      return out.node(
          "Reshape",
          name,
          List.of(),
          at(node.input(0), home),
          out.longs(rowShape(reshape.shape(), home)));
    } else if (op instanceof Op.Transpose transpose) {
      List<Integer> permutation = new ArrayList<>(shifted(transpose.permutation(), shift));
      if (home == Placement.FIRST) {
        permutation.add(0, 0);
      } else if (home == Placement.LAST) {
        permutation.add(permutation.size());
      }
      return out.node(
          "Transpose",
          name,
          List.of(GraphWriter.integers("perm", permutation)),
          at(node.input(0), home));
    } else if (op instanceof Op.Expand expand) {
      List<Integer> shape = new ArrayList<>(expand.shape());
      if (home == Placement.FIRST) {
        shape.add(0, 1);
      } else if (home == Placement.LAST) {
        shape.add(1);
      }
      return out.node("Expand", name, List.of(), at(node.input(0), home), out.longs(shape));
    }
    throw new IllegalStateException("can't write " + node);
  }

  /**
   * Ids as one column a row, with what is out of bounds found by each id's extremes: two passes
   * that only read.
   */
  private String tableRows(Node node, Op.TableRows op, String name) throws Unsupported {
    boolean rows = node.isCandidate();
    int count = op.sizes().size();
    List<Integer> shape = rows ? List.of(count, 1) : List.of(count);
    String[] parts = new String[count];
    for (int i = 0; i < count; i++) {
      Node id = node.input(i);
      parts[i] = rows ? at(id, Placement.FIRST) : emit(function.nodes().reshape(id, List.of(1)));
    }
    String joined = node("Concat", axis(0), parts);
    String ids = rows ? node("Reshape", List.of(), joined, out.longs(List.of(count, -1))) : joined;
    String highest = rows ? out.reduce("ReduceMax", out.fresh("ids"), ids, List.of(1), true) : ids;
    String lowest = rows ? out.reduce("ReduceMin", out.fresh("ids"), ids, List.of(1), true) : ids;
    String sizes = longs(op.sizes(), shape);
    String negated = longs(op.sizes().stream().map(size -> -size).toList(), shape);
    String above = node("GreaterOrEqual", List.of(), highest, sizes);
    String below = node("Less", List.of(), lowest, negated);
    // So far off that no id leads back into the table, even where the sum overflows.
    String far = out.literal(Weights.longs(1L << 62).toBuilder().clearDims().build());
    String minusFar = out.literal(Weights.longs(-1L << 62).toBuilder().clearDims().build());
    String start = node("Where", List.of(), below, minusFar, longs(op.starts(), shape));
    start = node("Where", List.of(), above, far, start);
    String fromEnd = node("Add", List.of(), start, sizes);
    String zero = out.literal(Weights.longs(0).toBuilder().clearDims().build());
    String isNegative = node("Less", List.of(), ids, zero);
    String offset = node("Where", List.of(), isNegative, fromEnd, start);
    if (!rows) {
      return out.node("Add", name, List.of(), ids, offset);
    }
    AttributeProto rowsFirst = GraphWriter.integers("perm", List.of(1, 0));
    return out.node("Transpose", name, List.of(rowsFirst), node("Add", List.of(), ids, offset));
  }

  private String node(String type, List<AttributeProto> attributes, String... inputs) {
    return out.node(type, out.fresh("ids"), attributes, inputs);
  }

  private String longs(List<Integer> values, List<Integer> shape) {
    double[] numbers = values.stream().mapToDouble(Integer::doubleValue).toArray();
    return out.literal(Weights.tensor(ElementType.INT64, shape, numbers));
  }

  /** A shape for Reshape in which the rows stay as they are. */
  static List<Integer> rowShape(List<Integer> shape, Placement placement) {
    List<Integer> result = new ArrayList<>(shape);
    if (placement == Placement.FIRST) {
      result.add(0, 0);
    } else if (placement == Placement.LAST) {
      result.add(-1);
    }
    return result;
  }

  /** Operands that broadcast: what has no rows stays without. */
  private String[] operands(Node node, Placement home) throws Unsupported {
    String[] names = new String[node.inputs().size()];
    for (int i = 0; i < names.length; i++) {
      Node input = node.input(i);
      if (input.isCandidate()) {
        names[i] = at(input, home);
      } else if (isSpelledOutNumber(input, node)) {
        names[i] = emit(function.nodes().reshape(input, List.of()));
      } else {
        names[i] = home == Placement.LAST ? column(input) : emit(input);
      }
    }
    return names;
  }

  /**
   * Whether a constant operand is one number with axes that the result does not need it to have.
   * The runtime adds [1] to [.., 50, 1] element by element, and a number without axes at once.
   */
  private static boolean isSpelledOutNumber(Node input, Node node) {
    return node.op() instanceof Op.Elementwise
        && input.role() == ValueRole.CONSTANT
        && input.size() == 1
        && input.rank() > 0
        && node.inputs().stream()
            .anyMatch(other -> other.rank() == node.rank() && other.role() != ValueRole.CONSTANT);
  }

  /** What has no rows, with an axis of size 1 where rows last would be. */
  final String column(Node node) throws Unsupported {
    if (node.rank() == 0) {
      return emit(node);
    }
    List<Integer> shape = new ArrayList<>(node.shape());
    shape.add(1);
    return emit(function.nodes().reshape(node, shape));
  }

  /** Operands that don't broadcast: all with rows, if the node has them. */
  private String[] spread(Node node, Placement home) throws Unsupported {
    String[] names = new String[node.inputs().size()];
    for (int i = 0; i < names.length; i++) {
      names[i] = at(node.input(i), home);
    }
    return names;
  }

  /**
   * Whether a node only drops the axes that a reduction left with size 1, and may be written as
   * part of it.
   */
  final boolean dropsReduced(Node node) {
    if (!(node.op() instanceof Op.Reshape) || !(node.input(0).op() instanceof Op.Reduce reduce)) {
      return false;
    }
    List<Integer> shape = new ArrayList<>();
    for (int i = 0; i < node.input(0).rank(); i++) {
      if (!reduce.axes().contains(i)) {
        shape.add(node.input(0).dim(i));
      }
    }
    return shape.equals(node.shape())
        && usedOnce(node.input(0))
        && home(node) == home(node.input(0))
        && home(node) != Placement.LAST;
  }

  private static List<AttributeProto> axis(int axis) {
    return List.of(GraphWriter.integer("axis", axis));
  }

  private static List<Integer> shifted(List<Integer> axes, int shift) {
    return axes.stream().map(axis -> axis + shift).toList();
  }
}
