package dev.podium.graph;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * Sums over embedded ids as sums over tables: {@code Σ_f e_f(id_f)·W_f = Σ_f T_f(id_f)} with {@code
 * T_f = E_f·W_f} made when the model loads. All tables of one sum lie in one, so that one look-up
 * fetches all of a row's summands. What an id alone decides through a matrix product becomes a
 * table too. Only for tables that fit.
 */
final class Tables implements Rule {
  /**
   * A look-up costs about what so many multiply-adds for each of its columns cost. Measured with
   * sums of 15 look-ups of 256 columns: narrower embeddings are cheaper to multiply than to fetch.
   */
  private static final int MULTIPLY_ADDS_OF_A_LOOK_UP = 32;

  private final TableBudget budget;

  Tables(TableBudget budget) {
    this.budget = budget;
  }

  @Override
  public Pass pass() {
    return Pass.TABLES;
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
            Node result = node;
            if (node.isCandidate()
                && node.type() == ElementType.FLOAT32
                && node.op() instanceof Op.MatMul) {
              result = product(node);
            }
            if (result != node) {
              log.applied();
            }
            return result;
          });
    }

    private Node product(Node node) {
      Node value = node.input(0);
      Node matrix = node.input(1);
      if (!value.isCandidate()
          || value.rank() != 1
          || matrix.role() != Role.CONSTANT
          || matrix.rank() != 2) {
        return node;
      }
      PerId.Table whole = perId.of(node);
      if (whole != null && pays(whole) && takes(whole, node)) {
        return nodes.gather(whole.table(), whole.id(), 0);
      }
      List<PerId.Table> summands = new ArrayList<>();
      List<Columns.Range> rest = new ArrayList<>();
      for (Columns.Range range : columns.ranges(value, 0)) {
        Node part = columns.select(value, 0, List.of(range));
        Node contribution = nodes.matMul(part, nodes.slice(matrix, 0, range.from(), range.to()));
        PerId.Table table = perId.of(contribution);
        if (table != null && pays(table) && takes(table, node)) {
          summands.add(table);
        } else {
          rest.add(range);
        }
      }
      if (summands.isEmpty()) {
        return node;
      }
      Node sum = sumOf(summands, node.shape());
      return rest.isEmpty()
          ? sum
          : nodes.elementwise(
              "Add",
              nodes.matMul(columns.select(value, 0, rest), SplitSums.rows(matrix, rest, nodes)),
              sum);
    }

    private boolean pays(PerId.Table table) {
      long columns = table.table().size() / table.table().dim(0);
      return table.products() >= MULTIPLY_ADDS_OF_A_LOOK_UP * columns;
    }

    private boolean takes(PerId.Table table, Node where) {
      return budget.take(4L * table.table().size(), where, log);
    }

    /** The sum of one entry of each table: one look-up in all of them, laid end to end. */
    private Node sumOf(List<PerId.Table> summands, List<Integer> shape) {
      int width = Shapes.size(shape);
      List<Node> tables = new ArrayList<>();
      List<Node> ids = new ArrayList<>();
      List<Integer> starts = new ArrayList<>();
      List<Integer> sizes = new ArrayList<>();
      byId(summands)
          .forEach(
              (rows, table) -> {
                Node id = rows.id();
                ids.add(nodes.cast(id, ElementType.INT64));
                tables.add(nodes.reshape(table, List.of(table.dim(0), width)));
                starts.add(
                    starts.isEmpty()
                        ? 0
                        : starts.get(starts.size() - 1) + sizes.get(sizes.size() - 1));
                sizes.add(table.dim(0));
              });
      Node entries =
          nodes.gather(
              nodes.concat(tables, 0), nodes.tableRows(new Op.TableRows(starts, sizes), ids), 0);
      return nodes.reshape(nodes.reduce("ReduceSum", entries, new TreeSet<>(List.of(0))), shape);
    }

    /** An id and the number of its values. */
    private record Rows(Node id, int count) {}

    /** Tables of the same id and size are one table. */
    private Map<Rows, Node> byId(List<PerId.Table> summands) {
      Map<Rows, Node> tables = new LinkedHashMap<>();
      for (PerId.Table summand : summands) {
        Rows rows = new Rows(summand.id(), summand.table().dim(0));
        tables.merge(rows, summand.table(), (a, b) -> nodes.elementwise("Add", a, b));
      }
      return tables;
    }
  }
}
