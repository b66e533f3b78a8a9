package dev.podium.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The sums of a factorization machine in fewer passes over memory (Rendle, ICDM 2010): {@code Σ_d
 * ((Σ_f x_fd)² - Σ_f x_fd²)} is {@code Σ_d (Σ_f x_fd)² - Σ_fd x_fd²}, a sum of squares is one
 * reduction, and a sum over few short vectors is a product with repeated unit matrices.
 */
final class SumsOfSquares implements Rule {
  /** Longer vectors are cheaper to add up than to multiply. Measured with 15 vectors of 16. */
  private static final int LONGEST = 16;

  private static final int LARGEST_MATRIX = 16 << 10;

  @Override
  public Pass pass() {
    return Pass.SPLIT_SUMS;
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    RowFunction squared =
        function.rewrite(
            (before, node) -> {
              Node result = isSum(node) ? sum(node, nodes) : node;
              if (result != node) {
                log.applied();
              }
              return result;
            });
    return squared.rewrite((before, node) -> isSum(node) ? product(node, nodes) : node);
  }

  private static boolean isSum(Node node) {
    return node.isCandidate()
        && node.type() == ElementType.FLOAT32
        && node.op() instanceof Op.Reduce reduce
        && reduce.type().equals("ReduceSum");
  }

  private static Node sum(Node node, Nodes nodes) {
    Node input = node.input(0);
    Set<Integer> axes = new TreeSet<>(((Op.Reduce) node.op()).axes());
    boolean difference = input.isElementwise("Sub");
    if (isSquare(input, nodes)) {
      return nodes.reduce("ReduceSumSquare", input.input(0), axes);
    }
    if (!difference && !input.isElementwise("Add")) {
      return node;
    }
    // Each operand's own sum must take a pass less than it does now.
    List<Node> sums = new ArrayList<>();
    for (Node operand : input.inputs()) {
      Node summed =
          operand.isCandidate()
              ? summed(operand, input.shape(), axes, nodes)
              : nodes.reduce("ReduceSum", nodes.expand(operand, input.shape()), axes);
      if (summed == null) {
        return node;
      }
      sums.add(summed);
    }
    return nodes.elementwise(difference ? "Sub" : "Add", sums.get(0), sums.get(1));
  }

  /** The sum of a square, or of sums, over axes; null if it is neither. */
  private static Node summed(Node node, List<Integer> shape, Set<Integer> axes, Nodes nodes) {
    if (!node.shape().equals(shape)) {
      return null;
    }
    List<Integer> reduced = new ArrayList<>(shape);
    axes.forEach(axis -> reduced.set(axis, 1));
    if (isSquare(node, nodes)) {
      return nodes.reduce("ReduceSumSquare", node.input(0), axes);
    }
    if (Shapes.size(reduced) != 1) {
      return null;
    }
    // Everything is summed up: in what order, and in what shape, does not matter.
    Node inner = node.op() instanceof Op.Reshape ? node.input(0) : node;
    if (inner.isElementwise("Add")) {
      Node total = null;
      for (Node operand : inner.inputs()) {
        Node part = operand;
        if (operand.isCandidate()) {
          part = operand.shape().equals(inner.shape()) ? total(operand, nodes) : null;
        } else {
          part = sumOfAll("ReduceSum", nodes.expand(operand, inner.shape()), nodes);
        }
        if (part == null) {
          return null;
        }
        total = Terms.plus(total, part, nodes);
      }
      return nodes.reshape(total, reduced);
    }
    Node total = total(inner, nodes);
    return total == null ? null : nodes.reshape(total, reduced);
  }

  /** The sum of all elements of a sum over some axes, of size 1; null if it is none. */
  private static Node total(Node node, Nodes nodes) {
    Node sum = node.op() instanceof Op.Reshape ? node.input(0) : node;
    return sum.op() instanceof Op.Reduce reduce
            && (reduce.type().equals("ReduceSum") || reduce.type().equals("ReduceSumSquare"))
        ? sumOfAll(reduce.type(), sum.input(0), nodes)
        : null;
  }

  private static Node sumOfAll(String type, Node node, Nodes nodes) {
    Node flat = nodes.reshape(node, List.of(node.size()));
    return nodes.reduce(type, flat, Set.of(0));
  }

  private static boolean isSquare(Node node, Nodes nodes) {
    if (node.isElementwise("Pow")) {
      Double exponent = nodes.weights().uniform(node.input(1));
      return exponent != null && exponent == 2 && node.input(0).shape().equals(node.shape());
    }
    return node.isElementwise("Mul") && node.input(0) == node.input(1);
  }

  /** Σ_f x_fd as a product of the joined vectors x_f with unit matrices, one under the other. */
  private static Node product(Node node, Nodes nodes) {
    Node input = node.input(0);
    Op.Reduce reduce = (Op.Reduce) node.op();
    if (input.rank() != 2 || !reduce.axes().equals(List.of(0))) {
      return node;
    }
    Node source = input.op() instanceof Op.Reshape ? input.input(0) : input;
    if (!(source.op() instanceof Op.Concat) && !(source.op() instanceof Op.Gather)) {
      return node;
    }
    int vectors = input.dim(0);
    int length = input.dim(1);
    if (vectors == 1 || length > LONGEST || vectors * length * length > LARGEST_MATRIX) {
      return node;
    }
    double[] units = new double[vectors * length * length];
    for (int i = 0; i < vectors * length; i++) {
      units[i * length + i % length] = 1;
    }
    Node matrix =
        nodes.literal(
            Weights.tensor(ElementType.FLOAT32, List.of(vectors * length, length), units));
    Node flat = nodes.reshape(input, List.of(vectors * length));
    return nodes.reshape(nodes.matMul(flat, matrix), node.shape());
  }
}
