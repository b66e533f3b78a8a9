package dev.podium.graph.pass;

import dev.podium.graph.analysis.ColumnRanges;
import dev.podium.graph.analysis.Terms;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A linear layer over positions whose columns are products of a candidate vector t, the same at all
 * positions, with context: {@code Σ_k t_k·c_lk·W_kj = t·M} with {@code M_k,(l,j) = c_lk·W_kj}. M is
 * made once a request; the columns {@code t}, {@code t-h}, {@code t*h} of target attention (Zhou et
 * al., KDD 2018), in any order, all go into one such product. Where no position is involved ({@code
 * c} is the same for all), the product is made once for all positions.
 */
final class TargetAttention implements Pass {
  /** A matrix of more elements than this is not made for a request. */
  private static final long MAX_MATRIX = 16L << 20;

  @Override
  public Declaration declaration() {
    return Declaration.of("TARGET_ATTENTION", Phase.SPECIALISE)
        .after("SPLIT_SUMS", "what is left of a layer has the candidate in each of its columns")
        .onTrial(4);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    return function.rewrite(
        (before, node) -> {
          if (!(node.op() instanceof Op.MatMul)
              || !node.input(0).isCandidate()
              || node.input(0).rank() < 2
              || node.input(1).isCandidate()
              || node.input(1).rank() != 2) {
            return node;
          }
          return log.counted(node, new Product(node, nodes).rewritten(log));
        });
  }

  /** One matrix product being taken apart. */
  private static final class Product {
    private final Node node;
    private final Node value;
    private final Node matrix;
    private final Nodes nodes;
    private final int positions;
    private final int units;

    /** By candidate vector: its matrix where all positions share one, [k, units]. */
    private final Map<Node, Node> shared = new LinkedHashMap<>();

    /** By candidate vector: its matrix for each position, [k, positions, units]. */
    private final Map<Node, Node> own = new LinkedHashMap<>();

    Product(Node node, Nodes nodes) {
      this.node = node;
      this.nodes = nodes;
      this.value = node.input(0);
      this.matrix = node.input(1);
      this.positions = value.size() / value.dim(-1);
      this.units = matrix.dim(1);
    }

    Node rewritten(Log log) {
      if (positions == 1) {
        return node;
      }
      int axis = value.rank() - 1;
      ColumnRanges columns = new ColumnRanges(nodes);
      List<ColumnRanges.Range> whole = new ArrayList<>();
      Node rest = null;
      Node context = null;
      for (ColumnRanges.Range range : columns.ranges(value, axis)) {
        Node part = columns.select(value, axis, List.of(range));
        Node rows = nodes.slice(matrix, 0, range.from(), range.to());
        List<Terms.Term> terms = Terms.of(part, nodes);
        if (terms.stream().noneMatch(term -> term.atom() == null || isVector(term.atom(), range))) {
          whole.add(range);
          continue;
        }
        Node wide = null;
        for (Terms.Term term : terms) {
          if (term.atom() == null) {
            Node spread = nodes.expand(term.coefficient(), part.shape());
            context = Terms.plus(context, nodes.matMul(spread, rows), nodes);
          } else if (isVector(term.atom(), range)) {
            addVector(term, range, rows);
          } else {
            wide = Terms.plus(wide, Terms.times(term.atom(), term.coefficient(), nodes), nodes);
          }
        }
        if (wide != null) {
          rest = Terms.plus(rest, nodes.matMul(nodes.expand(wide, part.shape()), rows), nodes);
        }
      }
      if (shared.isEmpty() && own.isEmpty()) {
        return node;
      }
      long size = 0;
      for (Node made : own.values()) {
        size += made.size();
      }
      if (size > MAX_MATRIX) {
        log.refused(
            node, "a matrix of " + size + " elements a request (at most " + MAX_MATRIX + ")");
        return node;
      }
      if (!whole.isEmpty()) {
        rest =
            Terms.plus(
                rest,
                nodes.matMul(
                    columns.select(value, axis, whole), SplitSums.rows(matrix, whole, nodes)),
                nodes);
      }
      Node sum = Terms.plus(Terms.plus(positionProduct(), rest, nodes), sharedProduct(), nodes);
      return nodes.expand(Terms.plus(sum, context, nodes), node.shape());
    }

    private static boolean isVector(Node atom, ColumnRanges.Range range) {
      return atom.rank() > 0 && atom.dim(-1) == range.length() && atom.size() == range.length();
    }

    private void addVector(Terms.Term term, ColumnRanges.Range range, Node rows) {
      Node vector = nodes.reshape(term.atom(), List.of(range.length()));
      Node coefficient = term.coefficient();
      if (coefficient == null) {
        shared.merge(vector, rows, (a, b) -> nodes.elementwise("Add", a, b));
        return;
      }
      if (coefficient.rank() == 0 || coefficient.size() == coefficient.dim(-1)) {
        int width = coefficient.size();
        Node scaled = nodes.elementwise("Mul", rows, nodes.reshape(coefficient, List.of(width, 1)));
        shared.merge(vector, scaled, (a, b) -> nodes.elementwise("Add", a, b));
        return;
      }
      List<Integer> spread = new ArrayList<>(value.shape().subList(0, value.rank() - 1));
      spread.add(range.length());
      Node byPosition =
          nodes.reshape(nodes.expand(coefficient, spread), List.of(positions, range.length()));
      Node made =
          nodes.elementwise(
              "Mul",
              nodes.reshape(nodes.transposeLast(byPosition), List.of(range.length(), positions, 1)),
              nodes.reshape(rows, List.of(range.length(), 1, units)));
      own.merge(vector, made, (a, b) -> nodes.elementwise("Add", a, b));
    }

    /** All vectors with a matrix for each position, in one product. */
    private Node positionProduct() {
      if (own.isEmpty()) {
        return null;
      }
      List<Node> vectors = new ArrayList<>();
      List<Node> matrices = new ArrayList<>();
      own.forEach(
          (vector, made) -> {
            Node common = shared.remove(vector);
            int width = vector.dim(0);
            Node all =
                common == null
                    ? made
                    : nodes.elementwise(
                        "Add", made, nodes.reshape(common, List.of(width, 1, units)));
            vectors.add(vector);
            matrices.add(nodes.reshape(all, List.of(width, positions * units)));
          });
      Node product = nodes.matMul(nodes.concat(vectors, 0), nodes.concat(matrices, 0));
      return nodes.reshape(product, node.shape());
    }

    /** The other vectors, in one product for all positions. */
    private Node sharedProduct() {
      if (shared.isEmpty()) {
        return null;
      }
      Node product =
          nodes.matMul(
              nodes.concat(List.copyOf(shared.keySet()), 0),
              nodes.concat(List.copyOf(shared.values()), 0));
      List<Integer> shape = new ArrayList<>(Collections.nCopies(node.rank() - 1, 1));
      shape.add(units);
      return nodes.reshape(product, shape);
    }
  }
}
