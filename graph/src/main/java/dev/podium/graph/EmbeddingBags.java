package dev.podium.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Finds sums over embedded ids: the part of a linear layer that reads embeddings, {@code Σ_f
 * e_f(id_f)·W_f = Σ_f T_f(id_f)} with {@code T_f = E_f·W_f} made when the model loads, the sums of
 * a factorization machine (Rendle, ICDM 2010), and sums of first-order weights. Only for tables
 * that fit, and for ids that stand in a candidate input as they come.
 */
final class EmbeddingBags implements Rule {
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
  public Pass pass() {
    return Pass.EMBEDDING_BAGS;
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    return new Run(function, log).result();
  }

  private final class Run {
    private final RowFunction function;
    private final Nodes nodes;
    private final Log log;
    private final PerId perId;
    private final Columns columns;

    Run(RowFunction function, Log log) {
      this.function = function;
      this.nodes = function.nodes();
      this.log = log;
      this.perId = new PerId(nodes, budget.total() / Float.BYTES);
      this.columns = new Columns(nodes);
    }

    RowFunction result() {
      return function.rewrite(
          (before, node) -> {
            if (!node.isCandidate() || node.type() != ElementType.FLOAT32) {
              return node;
            }
            Node result = node;
            if (node.op() instanceof Op.MatMul) {
              result = layer(node);
            } else if (node.op() instanceof Op.Reduce reduce
                && reduce.type().equals("ReduceSum")
                && reduce.axes().equals(List.of(0))) {
              result = sumOfVectors(node);
            } else if (node.op() instanceof Op.Reshape reshape) {
              result = reshaped(node, reshape);
            } else if (node.isElementwise("Add")) {
              result = added(node);
            }
            if (result != node) {
              log.applied();
            }
            return result;
          });
    }

    /** The embeddings' part of a linear layer. */
    private Node layer(Node node) {
      Node value = node.input(0);
      Node matrix = node.input(1);
      if (!value.isCandidate()
          || value.rank() != 1
          || matrix.role() != Role.CONSTANT
          || matrix.rank() != 2) {
        return node;
      }
      List<PerId.Table> summands = new ArrayList<>();
      List<Columns.Range> rest = new ArrayList<>();
      for (Columns.Range range : columns.ranges(value, 0)) {
        Node part = columns.select(value, 0, List.of(range));
        PerId.Table table =
            perId.of(nodes.matMul(part, nodes.slice(matrix, 0, range.from(), range.to())));
        boolean pays =
            table != null
                && table.products() >= (long) MULTIPLY_ADDS_OF_AN_ENTRY * node.size()
                && source(table.id()) != null;
        if (pays && takes(table, node)) {
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
              nodes.matMul(columns.select(value, 0, rest), SplitSums.rows(matrix, rest, nodes)),
              sum);
    }

    /** A sum over vectors that lie one under the other, if each is the value of one id. */
    private Node sumOfVectors(Node node) {
      Node input = node.input(0);
      List<Columns.Range> ranges = columns.ranges(input, 0);
      if (ranges.size() < 2) {
        return node;
      }
      List<PerId.Table> summands = new ArrayList<>();
      for (Columns.Range range : ranges) {
        Node part = columns.select(input, 0, List.of(range));
        PerId.Table table = perId.of(nodes.reduce("ReduceSum", part, new TreeSet<>(List.of(0))));
        if (table == null || source(table.id()) == null) {
          return node;
        }
        summands.add(table);
      }
      return summands.stream().allMatch(table -> takes(table, node)) ? sum(summands) : node;
    }

    private Node reshaped(Node node, Op.Reshape reshape) {
      if (!(node.input(0).op() instanceof Op.SumOfEntries)) {
        return node;
      }
      List<PerId.Table> summands = new ArrayList<>();
      for (PerId.Table part : parts(node.input(0))) {
        List<Integer> shape = new ArrayList<>(reshape.shape());
        shape.add(0, part.table().dim(0));
        summands.add(new PerId.Table(part.id(), nodes.reshape(part.table(), shape), 0));
      }
      return sum(summands);
    }

    private Node added(Node node) {
      List<PerId.Table> summands = new ArrayList<>();
      for (Node input : node.inputs()) {
        if (!(input.op() instanceof Op.SumOfEntries) || !input.shape().equals(node.shape())) {
          return node;
        }
        summands.addAll(parts(input));
      }
      return sum(summands);
    }

    private boolean takes(PerId.Table table, Node where) {
      return budget.take(4L * table.table().size(), where, log);
    }

    /** An id and the number of its values. */
    private record Rows(Node id, int count) {}

    private Node sum(List<PerId.Table> summands) {
      Map<Rows, Node> tables = new LinkedHashMap<>();
      for (PerId.Table summand : summands) {
        tables.merge(
            new Rows(summand.id(), summand.table().dim(0)),
            summand.table(),
            (a, b) -> nodes.elementwise("Add", a, b));
      }
      List<Node> ids = tables.keySet().stream().map(Rows::id).toList();
      List<Op.IdSource> sources = ids.stream().map(EmbeddingBags::source).toList();
      return nodes.sumOfEntries(new Op.SumOfEntries(sources), ids, List.copyOf(tables.values()));
    }
  }

  private static List<PerId.Table> parts(Node sum) {
    int count = sum.inputs().size() / 2;
    List<PerId.Table> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(new PerId.Table(sum.input(i), sum.input(count + i), 0));
    }
    return parts;
  }

  /** Where an id stands in a candidate input; null if it is computed. */
  private static Op.IdSource source(Node id) {
    Node node = id;
    int column = 0;
    boolean cut = false;
    while (!(node.op() instanceof Op.Input)) {
      if (node.op() instanceof Op.Slice slice && node.size() == 1 && !cut) {
        column = slice.from();
        cut = true;
      } else if (!(node.op() instanceof Op.Reshape) && !isCastToWhole(node) || node.size() != 1) {
        return null;
      }
      node = node.input(0);
    }
    boolean readable =
        switch (node.type()) {
          case INT64, INT32, FLOAT32, FLOAT64 -> node.isCandidate();
          default -> false;
        };
    boolean found = node.rank() == 0 || node.rank() == 1 && (cut || node.dim(0) == 1);
    return readable && found ? new Op.IdSource(((Op.Input) node.op()).name(), column) : null;
  }

  /** Whether a value is another cut to a whole number, perhaps of fewer bits. */
  private static boolean isCastToWhole(Node node) {
    return node.isElementwise("Cast")
        && (node.type() == ElementType.INT64 || node.type() == ElementType.INT32);
  }
}
