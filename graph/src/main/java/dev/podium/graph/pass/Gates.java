package dev.podium.graph.pass;

import dev.podium.graph.analysis.Polynomial;
import dev.podium.graph.analysis.Terms;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Fewer passes over memory for gated values such as Dice's {@code p·x + (1-p)·α·x}: a common factor
 * is taken out, {@code x·((1-α)·p + α)}; before a linear layer of few units the coefficients go
 * into its weights. Divisions by a few values become multiplications with their inverses.
 */
final class Gates implements Pass {
  /** A second product with so few units costs less than a pass over its operand. */
  private static final int FEW_UNITS = 4;

  @Override
  public Declaration declaration() {
    return Declaration.of("GATES", Phase.NORMALISE)
        .after("REASSOCIATE", "coefficients are read as one operand each")
        .onTrial(8);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Map<Node, Integer> uses = function.uses();
    RowFunction products =
        function.rewrite(
            (before, node) -> {
              Node result = intoWeights(before, node, uses, nodes);
              return log.counted(node, result);
            });
    Map<Node, Integer> left = products.uses();
    return products.rewrite(
        (before, node) -> {
          Node result = commonFactor(before, node, left, nodes);
          return log.counted(node, result == node ? cheaper(node, nodes) : result);
        });
  }

  /** (Σ c_i·m_i)·W as Σ m_i·(c_i·W). */
  private static Node intoWeights(Node before, Node node, Map<Node, Integer> uses, Nodes nodes) {
    if (!(node.op() instanceof Op.MatMul)
        || !node.input(0).isCandidate()
        || node.input(1).isCandidate()
        || node.input(1).rank() != 2
        || node.input(1).dim(1) > FEW_UNITS
        || node.input(0).rank() < 1
        || node.input(0).dim(-1) == 1
        || uses.get(before.input(0)) > 1) {
      return node;
    }
    Node value = node.input(0);
    Node matrix = node.input(1);
    Polynomial polynomial = Polynomial.of(value, nodes);
    if (polynomial == null || polynomial.inner().size() < 3 || polynomial.monomials().size() > 3) {
      return node;
    }
    Node sum = null;
    for (Map.Entry<List<Node>, Node> monomial : polynomial.monomials().entrySet()) {
      Node coefficient = monomial.getValue();
      if (coefficient != null
          && coefficient.rank() > 0
          && coefficient.size() != coefficient.dim(-1)) {
        return node;
      }
      Node product = Polynomial.product(monomial.getKey(), nodes);
      if (product == null || !product.shape().equals(value.shape())) {
        return node;
      }
      Node weights =
          coefficient == null
              ? matrix
              : nodes.elementwise(
                  "Mul", matrix, nodes.reshape(coefficient, List.of(coefficient.size(), 1)));
      sum = Terms.plus(sum, nodes.matMul(product, weights), nodes);
    }
    return sum;
  }

  /** Σ c_i·m_i·x as x·Σ c_i·m_i, where that takes fewer steps. */
  private static Node commonFactor(Node before, Node node, Map<Node, Integer> uses, Nodes nodes) {
    if (!node.isCandidate()
        || !node.type().isFloat()
        || !node.isElementwise("Add") && !node.isElementwise("Sub")) {
      return node;
    }
    Polynomial polynomial = Polynomial.of(node, nodes);
    if (polynomial == null || polynomial.monomials().size() < 2) {
      return node;
    }
    List<Node> common = null;
    for (List<Node> factors : polynomial.monomials().keySet()) {
      if (common == null) {
        common = new ArrayList<>(factors);
      } else {
        common.retainAll(factors);
      }
    }
    if (common.isEmpty()) {
      return node;
    }
    Node factor = common.get(0);
    Map<List<Node>, Node> rest = new LinkedHashMap<>();
    polynomial
        .monomials()
        .forEach(
            (factors, coefficient) -> {
              List<Node> without = new ArrayList<>(factors);
              without.remove(factor);
              rest.put(without, coefficient);
            });
    Node sum = null;
    int steps = rest.size();
    for (Map.Entry<List<Node>, Node> monomial : rest.entrySet()) {
      Node product = Polynomial.product(monomial.getKey(), nodes);
      steps +=
          product == null ? 0 : monomial.getKey().size() - (monomial.getValue() == null ? 1 : 0);
      Node scaled = Terms.times(product, monomial.getValue(), nodes);
      sum = Terms.plus(sum, scaled == null ? nodes.scalar(1, node.type()) : scaled, nodes);
    }
    // Steps of the expression that nothing else needs.
    long saved = own(node, before, polynomial.inner(), uses);
    return steps < saved ? nodes.expand(nodes.elementwise("Mul", sum, factor), node.shape()) : node;
  }

  private static long own(Node node, Node before, Set<Node> inner, Map<Node, Integer> uses) {
    long count = 0;
    for (Node step : inner) {
      count += step == node || step == before || uses.getOrDefault(step, 1) == 1 ? 1 : 0;
    }
    return count;
  }

  /** x/y as x·(1/y) for few y; x² as x·x. */
  private static Node cheaper(Node node, Nodes nodes) {
    if (node.isElementwise("Pow")
        && node.isCandidate()
        && node.type().isFloat()
        && node.input(0).shape().equals(node.shape())) {
      Double exponent = nodes.weights().uniform(node.input(1));
      return exponent != null && exponent == 2
          ? nodes.elementwise("Mul", node.input(0), node.input(0))
          : node;
    }
    if (!node.isElementwise("Div")
        || !node.type().isFloat()
        || !node.isCandidate()
        || node.input(1).size() * 4 > node.size()
        || node.input(0).size() != node.size()) {
      return node;
    }
    return nodes.elementwise("Mul", node.input(0), nodes.elementwise("Reciprocal", node.input(1)));
  }
}
