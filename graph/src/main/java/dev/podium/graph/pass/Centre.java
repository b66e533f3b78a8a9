package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.ValueRole;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Takes a mean over units out in the weights: where {@code x = v·W + b} and a normalisation wants
 * {@code x - mean(x)}, that is {@code v·W' + b'} with the mean of each row of weights taken away.
 * The mean itself, one number a position, is made up for where {@code x} goes into a linear layer
 * of few units: {@code (x∘p)·w = (c∘p)·w + m·(p·w)}. That saves two passes over the units (Dice of
 * torch-rechub in an attention unit).
 */
final class Centre implements Pass {
  private static final int FEW_UNITS = 4;
  private static final int MANY_UNITS = 8;

  @Override
  public Declaration declaration() {
    return Declaration.of("CENTRE", Phase.NORMALISE)
        .after("GATES", "it reads the products (x∘p)·w that gates before a layer become")
        .onTrial(7);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Set<Node> layers = layers(function);
    return function.rewrite(
        (before, node) -> {
          if (before.isElementwise("Sub") && layers.contains(before.input(0))) {
            log.applied();
            return Parts.of(node.input(0), nodes).centred();
          }
          if (before.op() instanceof Op.MatMul && layers.contains(before.input(0))) {
            return direct(node, nodes);
          }
          if (before.op() instanceof Op.MatMul && before.input(0).isElementwise("Mul")) {
            for (int i = 0; i < 2; i++) {
              if (layers.contains(before.input(0).input(i))) {
                return gated(node, i, nodes);
              }
            }
          }
          return node;
        });
  }

  /** x·W of x = c + m. */
  private static Node direct(Node node, Nodes nodes) {
    Parts parts = Parts.of(node.input(0), nodes);
    Node weights = node.input(1);
    Node columnSums =
        nodes.reshape(nodes.reduce("ReduceSum", weights, Set.of(0)), List.of(weights.dim(1)));
    return nodes.elementwise(
        "Add",
        nodes.matMul(parts.centred(), weights),
        nodes.elementwise("Mul", parts.mean(), columnSums));
  }

  /** (x∘p)·W of x = c + m. */
  private static Node gated(Node node, int operand, Nodes nodes) {
    Parts parts = Parts.of(node.input(0).input(operand), nodes);
    Node gate = node.input(0).input(1 - operand);
    Node weights = node.input(1);
    return nodes.elementwise(
        "Add",
        nodes.matMul(nodes.elementwise("Mul", parts.centred(), gate), weights),
        nodes.elementwise("Mul", parts.mean(), nodes.matMul(gate, weights)));
  }

  /**
   * Linear layers that are centred somewhere, and needed for nothing that their parts don't serve
   * as well.
   */
  private static Set<Node> layers(RowFunction function) {
    Map<Node, List<Node>> users = function.users();
    Set<Node> outputs = function.results();
    Set<Node> layers = new HashSet<>();
    for (Node node : function.order()) {
      if (isLayer(node) && !outputs.contains(node)) {
        boolean centred = false;
        boolean served = true;
        for (Node user : users.getOrDefault(node, List.of())) {
          centred |= isCentring(user, node);
          served &=
              isCentring(user, node)
                  || isMean(user, node)
                      && users.getOrDefault(user, List.of()).stream()
                          .allMatch(next -> isCentring(next, node))
                  || isFewUnits(user, node)
                  || isGate(user, node)
                      && users.getOrDefault(user, List.of()).stream()
                          .allMatch(next -> isFewUnits(next, user));
          served &= !outputs.contains(user) || !isMean(user, node) && !isGate(user, node);
        }
        if (centred && served) {
          layers.add(node);
        }
      }
    }
    return layers;
  }

  private static boolean isLayer(Node node) {
    return node.isCandidate()
        && node.type().isFloat()
        && node.shape() != null
        && node.rank() > 0
        && node.dim(-1) >= MANY_UNITS
        && Parts.product(node) != null;
  }

  private static boolean isMean(Node node, Node value) {
    return node.op() instanceof Op.Reduce reduce
        && reduce.type().equals("ReduceMean")
        && reduce.axes().equals(List.of(value.rank() - 1));
  }

  private static boolean isCentring(Node node, Node value) {
    return node.isElementwise("Sub")
        && node.input(0) == value
        && isMean(node.input(1), value)
        && node.input(1).input(0) == value;
  }

  private static boolean isGate(Node node, Node value) {
    return node.isElementwise("Mul")
        && node.shape().equals(value.shape())
        && node.input(0) != node.input(1)
        && node.inputs().stream().allMatch(input -> input.shape().equals(value.shape()));
  }

  private static boolean isFewUnits(Node node, Node value) {
    return node.op() instanceof Op.MatMul
        && node.input(0) == value
        && !node.input(1).isCandidate()
        && node.input(1).rank() == 2
        && node.input(1).dim(1) <= FEW_UNITS;
  }

  /**
   * A layer in two parts that add up to it.
   *
   * @param centred the layer less its mean over units
   * @param mean the mean, with one unit
   */
  private record Parts(Node centred, Node mean) {
    static Parts of(Node layer, Nodes nodes) {
      Node product = product(layer);
      Node weights = product.input(1);
      Node rowMeans = nodes.reduce("ReduceMean", weights, Set.of(1));
      Node centred = nodes.matMul(product.input(0), nodes.elementwise("Sub", weights, rowMeans));
      Node mean = nodes.matMul(product.input(0), rowMeans);
      if (product != layer) {
        Node bias =
            nodes.expand(layer.input(layer.input(0) == product ? 1 : 0), List.of(layer.dim(-1)));
        Node biasMean = nodes.reduce("ReduceMean", bias, Set.of(0));
        centred = nodes.elementwise("Add", centred, nodes.elementwise("Sub", bias, biasMean));
        mean = nodes.elementwise("Add", mean, biasMean);
      }
      return new Parts(centred, mean);
    }

    /** The product of a linear layer with constant weights, or null if the node is none. */
    static Node product(Node node) {
      if (isProduct(node)) {
        return node;
      }
      for (int i = 0; i < 2 && node.isElementwise("Add"); i++) {
        Node bias = node.input(1 - i);
        boolean byUnit = bias.role() == ValueRole.CONSTANT && bias.rank() <= 1;
        if (byUnit && isProduct(node.input(i)) && node.input(i).shape().equals(node.shape())) {
          return node.input(i);
        }
      }
      return null;
    }

    private static boolean isProduct(Node node) {
      return node.op() instanceof Op.MatMul
          && node.input(0).isCandidate()
          && node.input(1).role() == ValueRole.CONSTANT
          && node.input(1).rank() == 2;
    }
  }
}
