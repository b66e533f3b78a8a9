package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * An expression of Add, Sub, Neg and Mul as a sum of products of candidate values, each times a
 * coefficient that is no candidate value: {@code p·x + (1-p)·α·x} is {@code (1-α)·p·x + α·x}.
 *
 * @param monomials coefficients (null stands for 1) by factors, the factors in the order of their
 *     numbers
 * @param inner the nodes of the expression that were taken apart
 */
public record Polynomial(Map<List<Node>, Node> monomials, Set<Node> inner) {
  private static final int MAX_MONOMIALS = 8;
  private static final int MAX_DEGREE = 4;

  /**
   * The expression, or null if it is too large. Values of another shape than the expression are not
   * taken apart.
   */
  public static Polynomial of(Node node, Nodes nodes) {
    Set<Node> inner = new HashSet<>();
    Map<List<Node>, Node> monomials = read(node, node.shape(), nodes, inner);
    return monomials == null ? null : new Polynomial(monomials, inner);
  }

  private static Map<List<Node>, Node> read(
      Node node, List<Integer> shape, Nodes nodes, Set<Node> inner) {
    if (!node.isCandidate()) {
      return single(List.of(), node);
    }
    boolean product = node.isElementwise("Mul");
    boolean sum = node.isElementwise("Add");
    boolean difference = node.isElementwise("Sub");
    if (!node.shape().equals(shape) || !product && !sum && !difference || isLayer(node)) {
      return single(List.of(node), null);
    }
    Map<List<Node>, Node> left = read(node.input(0), shape, nodes, inner);
    Map<List<Node>, Node> right = read(node.input(1), shape, nodes, inner);
    if (left == null || right == null) {
      return null;
    }
    inner.add(node);
    Map<List<Node>, Node> result = new LinkedHashMap<>();
    if (product) {
      for (Map.Entry<List<Node>, Node> a : left.entrySet()) {
        for (Map.Entry<List<Node>, Node> b : right.entrySet()) {
          List<Node> factors = new ArrayList<>(a.getKey());
          factors.addAll(b.getKey());
          factors.sort(Comparator.comparingInt(Node::id));
          add(result, factors, Terms.times(a.getValue(), b.getValue(), nodes), node.type(), nodes);
        }
      }
    } else {
      left.forEach((factors, coefficient) -> add(result, factors, coefficient, node.type(), nodes));
      right.forEach(
          (factors, coefficient) -> {
            Node minus = difference ? nodes.scalar(-1, node.type()) : null;
            add(result, factors, Terms.times(minus, coefficient, nodes), node.type(), nodes);
          });
    }
    boolean small =
        result.size() <= MAX_MONOMIALS
            && result.keySet().stream().allMatch(factors -> factors.size() <= MAX_DEGREE);
    return small ? result : null;
  }

  /** A linear layer is one value, not a sum. */
  private static boolean isLayer(Node node) {
    return node.isElementwise("Add")
        && node.inputs().stream()
            .anyMatch(
                input -> input.op() instanceof Op.MatMul && input.shape().equals(node.shape()));
  }

  private static Map<List<Node>, Node> single(List<Node> factors, Node coefficient) {
    Map<List<Node>, Node> map = new LinkedHashMap<>();
    map.put(factors, coefficient);
    return map;
  }

  private static void add(
      Map<List<Node>, Node> result,
      List<Node> factors,
      Node coefficient,
      ElementType type,
      Nodes nodes) {
    if (!result.containsKey(factors)) {
      result.put(factors, coefficient);
      return;
    }
    Node one = nodes.scalar(1, type);
    Node known = result.get(factors);
    result.put(
        factors,
        nodes.elementwise(
            "Add", known == null ? one : known, coefficient == null ? one : coefficient));
  }

  /** The product of the factors, or null for none. */
  public static Node product(List<Node> factors, Nodes nodes) {
    Node product = null;
    for (Node factor : factors) {
      product = Terms.times(product, factor, nodes);
    }
    return product;
  }
}
