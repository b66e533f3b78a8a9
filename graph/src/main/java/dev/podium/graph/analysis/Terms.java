package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import java.util.ArrayList;
import java.util.List;

/** Reads a value as a sum of candidate values, each times something that is no candidate value. */
public final class Terms {
  /** Longer sums are taken as they are. */
  private static final int MAX_TERMS = 16;

  private Terms() {}

  /**
   * One summand, {@code coefficient·atom} with broadcasting.
   *
   * @param atom a candidate value; null if the summand is {@code coefficient} alone
   * @param coefficient not a candidate value; null stands for 1
   */
  public record Term(Node atom, Node coefficient) {}

  /** The summands. Shapes may be narrower than the value's; together they broadcast to it. */
  public static List<Term> of(Node value, Nodes nodes) {
    List<Term> terms = new ArrayList<>();
    if (!collect(value, null, nodes, terms) || terms.size() > MAX_TERMS) {
      return List.of(new Term(value, null));
    }
    return terms;
  }

  private static boolean collect(Node value, Node factor, Nodes nodes, List<Term> terms) {
    if (terms.size() > MAX_TERMS) {
      return false;
    }
    if (!value.isCandidate()) {
      terms.add(new Term(null, times(value, factor, nodes)));
      return true;
    }
    if (value.op() instanceof Op.Expand) {
      return collect(value.input(0), factor, nodes, terms);
    }
    if (value.isElementwise("Add")) {
      return collect(value.input(0), factor, nodes, terms)
          && collect(value.input(1), factor, nodes, terms);
    }
    if (value.isElementwise("Sub")) {
      Node minus = nodes.scalar(-1, value.type());
      return collect(value.input(0), factor, nodes, terms)
          && collect(value.input(1), times(minus, factor, nodes), nodes, terms);
    }
    if (value.isElementwise("Neg")) {
      return collect(
          value.input(0), times(nodes.scalar(-1, value.type()), factor, nodes), nodes, terms);
    }
    if (value.isElementwise("Mul")) {
      for (int i = 0; i < 2; i++) {
        if (!value.input(i).isCandidate()) {
          return collect(value.input(1 - i), times(value.input(i), factor, nodes), nodes, terms);
        }
      }
    }
    if (value.isElementwise("Div") && !value.input(1).isCandidate()) {
      Node inverse = nodes.elementwise("Reciprocal", value.input(1));
      return collect(value.input(0), times(inverse, factor, nodes), nodes, terms);
    }
    terms.add(new Term(value, factor));
    return true;
  }

  /** The product of two factors, either of which may be null for 1. */
  public static Node times(Node a, Node b, Nodes nodes) {
    if (a == null) {
      return b;
    }
    return b == null ? a : nodes.elementwise("Mul", a, b);
  }

  /** The sum of two summands, either of which may be null for 0. */
  public static Node plus(Node a, Node b, Nodes nodes) {
    if (a == null) {
      return b;
    }
    return b == null ? a : nodes.elementwise("Add", a, b);
  }
}
