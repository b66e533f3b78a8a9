package dev.podium.graph.pass;

import dev.podium.graph.analysis.ColumnRanges;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Splits sums over mixed columns by side: {@code [u | c]·W = u·W_u + c·W_c} and {@code Σ_i x_i =
 * Σ_u x_u + Σ_c x_c}, so that one side is computed once a request.
 */
final class SplitSums implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("SPLIT_SUMS", Phase.SPLIT);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Map<Node, Integer> uses = function.uses();
    return function.rewrite(
        (before, node) -> {
          Node result = node;
          if (node.op() instanceof Op.MatMul) {
            result = product(node, nodes);
          } else if (node.op() instanceof Op.Reduce reduce && node.type().isFloat()) {
            result = sum(node, reduce, uses.get(before.input(0)) == 1, nodes);
          }
          return log.counted(node, result);
        });
  }

  private static Node product(Node node, Nodes nodes) {
    Node left = node.input(0);
    Node right = node.input(1);
    if (!left.isCandidate() || right.isCandidate() || right.rank() != 2) {
      return node;
    }
    ColumnRanges columns = new ColumnRanges(nodes);
    List<ColumnRanges.Range> ranges = columns.ranges(left, left.rank() - 1);
    List<ColumnRanges.Range> own = ranges.stream().filter(ColumnRanges.Range::candidate).toList();
    List<ColumnRanges.Range> shared = ranges.stream().filter(range -> !range.candidate()).toList();
    if (own.isEmpty() || shared.isEmpty()) {
      return node;
    }
    return nodes.elementwise(
        "Add",
        product(left, right, own, columns, nodes),
        product(left, right, shared, columns, nodes));
  }

  private static Node product(
      Node left, Node right, List<ColumnRanges.Range> ranges, ColumnRanges columns, Nodes nodes) {
    return nodes.matMul(columns.select(left, left.rank() - 1, ranges), rows(right, ranges, nodes));
  }

  /** Some rows of a matrix. */
  static Node rows(Node matrix, List<ColumnRanges.Range> ranges, Nodes nodes) {
    List<Node> parts = new ArrayList<>();
    for (ColumnRanges.Range range : ColumnRanges.joined(ranges)) {
      parts.add(nodes.slice(matrix, 0, range.from(), range.to()));
    }
    return nodes.concat(parts, 0);
  }

  private static Node sum(Node node, Op.Reduce reduce, boolean usedOnce, Nodes nodes) {
    boolean mean = reduce.type().equals("ReduceMean");
    if (!node.isCandidate()
        || !mean
            && !reduce.type().equals("ReduceSum")
            && !reduce.type().equals("ReduceSumSquare")) {
      return node;
    }
    ColumnRanges columns = new ColumnRanges(nodes);
    Node input = node.input(0);
    for (int axis : reduce.axes()) {
      List<ColumnRanges.Range> ranges = columns.ranges(input, axis);
      List<ColumnRanges.Range> own = ranges.stream().filter(ColumnRanges.Range::candidate).toList();
      List<ColumnRanges.Range> shared =
          ranges.stream().filter(range -> !range.candidate()).toList();
      if (own.isEmpty() || shared.isEmpty()) {
        continue;
      }
      String type = mean ? "ReduceSum" : reduce.type();
      Set<Integer> axes = new HashSet<>(reduce.axes());
      Node sum =
          nodes.elementwise(
              "Add",
              nodes.reduce(type, columns.select(input, axis, own), axes),
              nodes.reduce(type, columns.select(input, axis, shared), axes));
      return mean ? scaled(sum, input, reduce, nodes) : sum;
    }
    return usedOnce ? addends(node, reduce, nodes) : node;
  }

  /** Σ (c + x) = Σ c + Σ x, where c is no candidate value. */
  private static Node addends(Node node, Op.Reduce reduce, Nodes nodes) {
    Node input = node.input(0);
    boolean difference = input.isElementwise("Sub");
    if (reduce.type().equals("ReduceSumSquare") || !difference && !input.isElementwise("Add")) {
      return node;
    }
    if (input.input(0).isCandidate() == input.input(1).isCandidate()) {
      return node;
    }
    Set<Integer> axes = new HashSet<>(reduce.axes());
    List<Node> sums = new ArrayList<>();
    for (Node operand : input.inputs()) {
      sums.add(nodes.reduce(reduce.type(), nodes.expand(operand, input.shape()), axes));
    }
    return nodes.elementwise(difference ? "Sub" : "Add", sums.get(0), sums.get(1));
  }

  private static Node scaled(Node sum, Node input, Op.Reduce reduce, Nodes nodes) {
    int count = 1;
    for (int axis : reduce.axes()) {
      count *= input.dim(axis);
    }
    return nodes.elementwise("Mul", sum, nodes.scalar(1.0 / count, input.type()));
  }
}
