package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Swaps the axes of matrices where that costs nothing: what they are made of is made swapped. */
public final class Transposed {
  private final Nodes nodes;
  private final boolean products;
  private final Map<Node, Node> known = new HashMap<>();

  /**
   * @param products whether matrix products may be asked for the other order
   */
  public Transposed(Nodes nodes, boolean products) {
    this.nodes = nodes;
    this.products = products;
  }

  /**
   * The value with its axes swapped, or null if a candidate value would have to be moved for it.
   */
  public Node of(Node node) {
    if (!known.containsKey(node)) {
      known.put(node, turn(node));
    }
    return known.get(node);
  }

  private Node turn(Node node) {
    if (!node.isCandidate()) {
      return node.rank() < 2 && node.size() > 1
          ? nodes.reshape(node, List.of(node.size(), 1))
          : node.rank() < 2 ? node : nodes.transposeLast(node);
    }
    if (node.rank() != 2) {
      return null;
    }
    Op op = node.op();
    if (op instanceof Op.Elementwise elementwise) {
      List<Node> inputs = new ArrayList<>();
      for (Node input : node.inputs()) {
        Node turned = of(input);
        if (turned == null) {
          return null;
        }
        inputs.add(turned);
      }
      return nodes.elementwise(elementwise, inputs);
    }
    if (op instanceof Op.Transpose) {
      return node.input(0);
    }
    if (op instanceof Op.Softmax softmax) {
      Node input = of(node.input(0));
      return input == null ? null : nodes.softmax(softmax.type(), input, 1 - softmax.axis());
    }
    if (products
        && op instanceof Op.MatMul
        && !node.input(1).isCandidate()
        && node.input(1).rank() == 2) {
      Node input = of(node.input(0));
      return input == null ? null : nodes.matMul(nodes.transposeLast(node.input(1)), input);
    }
    if (op instanceof Op.Reduce reduce) {
      Node input = of(node.input(0));
      Set<Integer> axes = new TreeSet<>();
      reduce.axes().forEach(axis -> axes.add(1 - axis));
      return input == null ? null : nodes.reduce(reduce.type(), input, axes);
    }
    if (products && op instanceof Op.Reshape) {
      Node flat = turnedProduct(node.input(0), node.dim(0), node.dim(1));
      if (flat != null) {
        return nodes.reshape(flat, List.of(node.dim(1), node.dim(0)));
      }
    }
    return node.dim(0) == 1 || node.dim(1) == 1 ? nodes.transposeLast(node) : null;
  }

  /**
   * A vector-matrix product, perhaps plus something, with its columns in the other order; null if
   * it is none.
   */
  private Node turnedProduct(Node node, int first, int second) {
    if (node.rank() != 1) {
      return null;
    }
    if (!node.isCandidate()) {
      Node spread = nodes.reshape(node, List.of(first, second));
      return nodes.reshape(nodes.transposeLast(spread), List.of(node.size()));
    }
    if (node.isElementwise("Add")) {
      Node left = turnedProduct(nodes.expand(node.input(0), node.shape()), first, second);
      Node right = turnedProduct(nodes.expand(node.input(1), node.shape()), first, second);
      return left == null || right == null ? null : nodes.elementwise("Add", left, right);
    }
    if (node.op() instanceof Op.MatMul
        && node.input(0).rank() == 1
        && !node.input(1).isCandidate()) {
      Node matrix = node.input(1);
      Node cube = nodes.reshape(matrix, List.of(matrix.dim(0), first, second));
      Node other = nodes.reshape(nodes.transposeLast(cube), List.of(matrix.dim(0), node.size()));
      return nodes.matMul(node.input(0), other);
    }
    return null;
  }
}
