package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.List;

/**
 * Orders sums and products so that what is no candidate value is put together first, once a
 * request.
 */
final class Reassociate implements Pass {
  private final Declaration declaration;

  private Reassociate(Declaration declaration) {
    this.declaration = declaration;
  }

  /** Puts together what the exporter wrote apart. */
  static Reassociate exported() {
    return new Reassociate(
        Declaration.of("REASSOCIATE", Phase.NORMALISE)
            .always()
            .after("FOLD_SCALES", "a scale that is folded into weights is no factor any more"));
  }

  /** Puts together the context's shares that splitting left as summands. */
  static Reassociate afterSplit() {
    return new Reassociate(
        Declaration.of("REASSOCIATE_SPLIT", Phase.SPECIALISE)
            .always()
            .after("TARGET_ATTENTION", "it leaves the context's share as a summand")
            .after("LOOK_UPS", "what it joins is no summand"));
  }

  @Override
  public Declaration declaration() {
    return declaration;
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    return function.rewrite((before, node) -> log.counted(node, reordered(node, nodes)));
  }

  /** (x ∘ c) ∘ d as x ∘ (c ∘ d), for operands c and d that are no candidate values. */
  private static Node reordered(Node node, Nodes nodes) {
    if (!node.isCandidate()
        || !node.type().isFloat()
        || !node.isElementwise("Add") && !node.isElementwise("Mul")) {
      return node;
    }
    String type = ((Op.Elementwise) node.op()).type();
    List<Node> candidates = new ArrayList<>();
    List<Node> others = new ArrayList<>();
    for (Node operand : node.inputs()) {
      collect(operand, type, candidates, others);
    }
    if (others.size() < 2) {
      return type.equals("Add") && others.size() == 1
          ? beforeReshape(node, candidates, others.get(0), nodes)
          : node;
    }
    Node other = others.get(0);
    for (Node next : others.subList(1, others.size())) {
      other = nodes.elementwise(type, other, next);
    }
    Node result = candidates.get(0);
    for (Node next : candidates.subList(1, candidates.size())) {
      result = nodes.elementwise(type, result, next);
    }
    if (type.equals("Add") && candidates.size() == 1) {
      Node flat = beforeReshape(node, candidates, other, nodes);
      if (flat != node) {
        return flat;
      }
    }
    return nodes.expand(nodes.elementwise(type, result, other), node.shape());
  }

  /** Reshape(x·W) + c as Reshape(x·W + c'): a product takes a summand for next to nothing. */
  private static Node beforeReshape(Node node, List<Node> candidates, Node other, Nodes nodes) {
    if (candidates.size() != 1
        || !(candidates.get(0).op() instanceof Op.Reshape)
        || !candidates.get(0).shape().equals(node.shape())) {
      return node;
    }
    Node product = candidates.get(0).input(0);
    Node summand = nodes.reshape(nodes.expand(other, node.shape()), product.shape());
    for (int i = 0; i < 2 && product.isElementwise("Add"); i++) {
      if (!product.input(i).isCandidate()) {
        summand = nodes.elementwise("Add", summand, product.input(i));
        product = product.input(1 - i);
      }
    }
    if (!(product.op() instanceof Op.MatMul)) {
      return node;
    }
    return nodes.reshape(nodes.elementwise("Add", product, summand), node.shape());
  }

  private static void collect(Node operand, String type, List<Node> candidates, List<Node> others) {
    if (!operand.isCandidate()) {
      others.add(operand);
    } else if (operand.isElementwise(type)) {
      collect(operand.input(0), type, candidates, others);
      collect(operand.input(1), type, candidates, others);
    } else {
      candidates.add(operand);
    }
  }
}
