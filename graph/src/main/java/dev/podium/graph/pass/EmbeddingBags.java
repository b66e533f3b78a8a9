package dev.podium.graph.pass;

import dev.podium.graph.analysis.ColumnRanges;
import dev.podium.graph.analysis.EntrySums;
import dev.podium.graph.analysis.PerId;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Finds sums over embedded ids: the part of a linear layer that reads embeddings, {@code Σ_f
 * e_f(id_f)·W_f = Σ_f T_f(id_f)} with {@code T_f = E_f·W_f} made when the model loads, the sums of
 * a factorization machine (Rendle, ICDM 2010), and sums of first-order weights. A context's share
 * of such a sum joins it if it is made of embedded ids alone, and so does a constant. Only for
 * tables that fit, and for ids that stand in an input as they come.
 */
final class EmbeddingBags implements Pass {
  /**
   * Adding an entry of a table costs about what so many multiply-adds for each of its columns cost;
   * narrower embeddings are cheaper to multiply. Measured with 15 entries of 289 columns.
   */
  private static final int MULTIPLY_ADDS_OF_AN_ENTRY = 4;

  private final TableBudget budget;

  EmbeddingBags(TableBudget budget) {
    this.budget = budget;
  }

  @Override
  public Declaration declaration() {
    return Declaration.of("EMBEDDING_BAGS", Phase.SPECIALISE)
        .after("SPLIT_SUMS", "the candidate's share of a layer is a sum of its own only then")
        .after("PICKED_COLUMNS", "entries are read in the order of their tables")
        .needs(DeviceTrait.HOST_SUMS)
        .onTrial(2);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    return new Run(function, log).result();
  }

  private final class Run {
    private final RowFunction function;
    private final Nodes nodes;
    private final Log log;
    private final ColumnRanges columns;
    private final EntrySums candidates;
    private final EntrySums context;

    Run(RowFunction function, Log log) {
      this.function = function;
      this.nodes = function.nodes();
      this.log = log;
      this.columns = new ColumnRanges(nodes);
      long maxElements = budget.total() / Float.BYTES;
      this.candidates = new EntrySums(nodes, ValueRole.CANDIDATE, maxElements);
      this.context = new EntrySums(nodes, ValueRole.CONTEXT, maxElements);
    }

    RowFunction result() {
      return function.rewrite(
          (before, node) -> {
            if (!node.isCandidate() || node.type() != ElementType.FLOAT32) {
              return node;
            }
            Node result = node;
            if (EntrySums.isLayer(node)) {
              result = layer(node);
            } else if (node.op() instanceof Op.Reduce) {
              List<PerId.Table> summands = candidates.of(node);
              result = summands == null || !take(summands, node) ? node : sum(summands);
            } else if (node.op() instanceof Op.Reshape && isSum(node.input(0))) {
              result =
                  sum(
                      summands(node.input(0)).stream()
                          .map(summand -> candidates.reshaped(summand, node.shape()))
                          .toList());
            } else if (node.isElementwise("Add")) {
              result = added(node);
            }
            return log.counted(node, result);
          });
    }

    /** The embeddings' part of a linear layer. */
    private Node layer(Node node) {
      List<PerId.Table> summands = new ArrayList<>();
      List<ColumnRanges.Range> rest = new ArrayList<>();
      for (ColumnRanges.Range range : columns.ranges(node.input(0), 0)) {
        PerId.Table table = candidates.entry(candidates.product(node, range));
        boolean pays =
            table != null && table.products() >= (long) MULTIPLY_ADDS_OF_AN_ENTRY * node.size();
        if (pays && take(List.of(table), node)) {
          summands.add(table);
        } else {
          rest.add(range);
        }
      }
      if (summands.isEmpty()) {
        return node;
      }
      Node sum = sum(summands);
      return rest.isEmpty()
          ? sum
          : nodes.elementwise(
              "Add",
              nodes.matMul(
                  columns.select(node.input(0), 0, rest),
                  SplitSums.rows(node.input(1), rest, nodes)),
              sum);
    }

    /** One sum of two, or of one and what joins it. */
    private Node added(Node node) {
      int first = isSum(node.input(0)) ? 0 : 1;
      Node sum = node.input(first);
      Node other = node.input(1 - first);
      if (!isSum(sum) || !sum.shape().equals(node.shape())) {
        return node;
      }
      List<PerId.Table> summands = new ArrayList<>(summands(sum));
      if (isSum(other) && other.shape().equals(node.shape())) {
        summands.addAll(summands(other));
        return sum(summands);
      }
      if (other.isCandidate() || other.shape() == null) {
        return node;
      }
      List<PerId.Table> more =
          context.of(
              other.size() == node.size()
                  ? nodes.reshape(other, node.shape())
                  : nodes.expand(other, node.shape()));
      if (more == null || !take(more, node)) {
        return node;
      }
      summands.addAll(more);
      return sum(summands);
    }

    private boolean take(List<PerId.Table> tables, Node where) {
      long bytes = 0;
      for (PerId.Table table : tables) {
        bytes += table.id() == null ? 0 : 4L * table.table().size();
      }
      return budget.take(bytes, where, log);
    }

    /** An id and the number of its values. */
    private record Rows(Node id, int count) {
      /** The same in all sums, so that those over the same ids become one bag. */
      static final Comparator<Rows> ORDER =
          Comparator.comparing((Rows rows) -> rows.id().role())
              .thenComparing(rows -> rows.id().id())
              .thenComparing(Rows::count);
    }

    private Node sum(List<PerId.Table> summands) {
      Map<Rows, Node> tables = new TreeMap<>(Rows.ORDER);
      List<Node> constants = new ArrayList<>();
      for (PerId.Table summand : summands) {
        if (summand.id() == null) {
          constants.add(summand.table());
        } else {
          Rows rows = new Rows(summand.id(), summand.table().dim(0));
          tables.merge(rows, summand.table(), this::plus);
        }
      }
      Rows first = tables.keySet().iterator().next();
      constants.forEach(constant -> tables.merge(first, constant, this::plus));
      List<Node> ids = tables.keySet().stream().map(Rows::id).toList();
      List<Op.IdSource> sources = ids.stream().map(candidates::source).toList();
      return nodes.sumOfEntries(new Op.SumOfEntries(sources), ids, List.copyOf(tables.values()));
    }

    private Node plus(Node a, Node b) {
      return nodes.elementwise("Add", a, b);
    }
  }

  private static boolean isSum(Node node) {
    return node.op() instanceof Op.SumOfEntries;
  }

  private static List<PerId.Table> summands(Node sum) {
    int count = sum.inputs().size() / 2;
    List<PerId.Table> summands = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      summands.add(new PerId.Table(sum.input(i), sum.input(count + i), 0));
    }
    return summands;
  }
}
