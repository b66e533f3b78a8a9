package dev.podium.graph.lowering;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.ValueRole;
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
    return Operators.write(new Operators.Writing(this, node, home(node), () -> nameFor(node)));
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
  final String[] operands(Node node, Placement home) throws Unsupported {
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
  final String[] spread(Node node, Placement home) throws Unsupported {
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
}
