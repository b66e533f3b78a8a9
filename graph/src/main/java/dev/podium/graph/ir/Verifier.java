package dev.podium.graph.ir;

import dev.podium.graph.onnx.ElementType;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Checks that a function is one: every node's shape, type and role follow from its operator and its
 * operands, and a rewritten function has the results and reads no more than the one that it stands
 * for. Passes are verified after each run.
 */
public final class Verifier {
  /** Operators all of whose operands have one type. */
  private static final Set<String> ONE_TYPE =
      Set.of(
          "Add",
          "Sub",
          "Mul",
          "Div",
          "Mod",
          "Min",
          "Max",
          "PRelu",
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "And",
          "Or",
          "Xor");

  private static final Set<String> LOGICAL = Set.of("And", "Or", "Xor", "Not");

  private Verifier() {}

  /**
   * Checks each node of a function.
   *
   * @throws IllegalStateException if one is inconsistent; the message names it
   */
  public static void verify(RowFunction function) {
    function.order().forEach(Verifier::verify);
  }

  /**
   * Checks a function that stands for another.
   *
   * @throws IllegalStateException if it is inconsistent, gives results of other names, shapes,
   *     types or layouts, or reads an input or an initialiser that the other does not have
   */
  public static void verify(RowFunction before, RowFunction after) {
    verify(after);
    expect("results", after.outputs().size(), before.outputs().size());
    for (int i = 0; i < after.outputs().size(); i++) {
      RowFunction.Output was = before.outputs().get(i);
      RowFunction.Output is = after.outputs().get(i);
      String what = "result '" + was.name() + "'";
      expect(what, is.name(), was.name());
      expect(what + ": shape", is.value().shape(), was.value().shape());
      expect(what + ": type", is.value().type(), was.value().type());
      expect(what + ": rows", is.layout(), was.layout());
      if (is.value().role().compareTo(was.value().role()) > 0) {
        throw broken(what + ": role", is.value().role(), "at most " + was.value().role());
      }
    }
    Set<Op> known = sources(before);
    for (Op source : sources(after)) {
      if (!known.contains(source)
          && !(source instanceof Op.Initialiser initialiser
              && after.nodes().weights().contains(initialiser.name()))) {
        throw broken("role of " + source, "read", "an input on its own side");
      }
    }
  }

  private static Set<Op> sources(RowFunction function) {
    Set<Op> sources = new HashSet<>();
    for (Node node : function.order()) {
      if (node.op() instanceof Op.Input || node.op() instanceof Op.Initialiser) {
        sources.add(node.op());
      } else if (node.op() instanceof Op.SumOfEntries sum) {
        node.inputs().subList(0, sum.sources().size()).forEach(id -> addSources(id, sources));
      }
    }
    return sources;
  }

  private static void addSources(Node node, Set<Op> sources) {
    if (node.op() instanceof Op.Input) {
      sources.add(node.op());
    }
    node.inputs().forEach(input -> addSources(input, sources));
  }

  private static void verify(Node node) {
    Inference.Value expected = Inference.of(node.op(), node.inputs());
    String what = node.toString();
    expect(what + ": shape", node.shape(), expected.shape());
    expect(what + ": type", node.type(), expected.type());
    expect(what + ": role", node.role(), expected.role());
    if (node.op() instanceof Op.Elementwise op) {
      elementwise(node, op);
    } else if (node.op() instanceof Op.MatMul || node.op() instanceof Op.Concat) {
      oneType(node, node.inputs());
    } else if (node.op() instanceof Op.Gather gather && node.input(1).isCandidate()) {
      boolean rowsMeet = node.input(0).isCandidate() || gather.axis() != 0;
      expect(what + ": look-up of rows in rows", rowsMeet, false);
    }
    if (node.op() instanceof Op.Elementwise || node.op() instanceof Op.MatMul) {
      ranks(node);
    }
  }

  private static void elementwise(Node node, Op.Elementwise op) {
    if (ONE_TYPE.contains(op.type())) {
      oneType(node, node.inputs());
    } else if (op.type().equals("Where")) {
      oneType(node, node.inputs().subList(1, 3));
      expect(node + ": type of the condition", node.input(0).type(), ElementType.BOOL);
    }
    if (LOGICAL.contains(op.type())) {
      expect(node + ": type of operands", node.input(0).type(), ElementType.BOOL);
    }
  }

  private static void oneType(Node node, List<Node> operands) {
    for (Node operand : operands) {
      expect(node + ": type of operands", operand.type(), operands.get(0).type());
    }
  }

  /** In front of a candidate operand of lower rank, the row axis would meet another axis. */
  private static void ranks(Node node) {
    for (Node operand : node.inputs()) {
      boolean vector = node.op() instanceof Op.MatMul && operand.rank() == 1;
      if (operand.isCandidate() && !vector) {
        expect(node + ": rank of a candidate operand", operand.rank(), node.rank());
      }
    }
  }

  private static void expect(String what, Object is, Object expected) {
    if (!Objects.equals(is, expected)) {
      throw broken(what, is, expected);
    }
  }

  private static IllegalStateException broken(String what, Object is, Object expected) {
    return new IllegalStateException(what + ": " + is + " (expected: " + expected + ")");
  }
}
