package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/** Reads values of one side as sums {@code Σ_i T_i(id_i)} over tables, if they are nothing else. */
public final class EntrySums {
  private final Nodes nodes;
  private final ColumnRanges columns;
  private final PerId perId;

  /**
   * @param side where the ids come from
   * @param maxElements tables of more elements are not made
   */
  public EntrySums(Nodes nodes, ValueRole side, long maxElements) {
    this.nodes = nodes;
    this.columns = new ColumnRanges(nodes, side);
    this.perId = new PerId(nodes, side, maxElements);
  }

  /**
   * The summands: tables of ids that stand in an input as they come, and perhaps constants, which
   * have no id. Null if the value is something else.
   */
  public List<PerId.Table> of(Node node) {
    if (node.role() == ValueRole.CONSTANT) {
      return List.of(new PerId.Table(null, node, 0));
    }
    PerId.Table one = entry(node);
    if (one != null) {
      return List.of(one);
    }
    if (node.op() instanceof Op.Reshape) {
      List<PerId.Table> summands = of(node.input(0));
      return summands == null
          ? null
          : summands.stream().map(summand -> reshaped(summand, node.shape())).toList();
    }
    List<Node> addends = addends(node);
    if (addends.isEmpty()) {
      return null;
    }
    List<PerId.Table> summands = new ArrayList<>();
    for (Node addend : addends) {
      List<PerId.Table> more = of(addend);
      if (more == null) {
        return null;
      }
      summands.addAll(more);
    }
    return summands;
  }

  /** A value as a table of one id that stands in an input; null if it is none. */
  public PerId.Table entry(Node node) {
    PerId.Table table = perId.of(node);
    return table != null && source(table.id()) != null ? table : null;
  }

  public PerId.Table reshaped(PerId.Table summand, List<Integer> shape) {
    List<Integer> whole = new ArrayList<>(shape);
    if (summand.id() != null) {
      whole.add(0, summand.table().dim(0));
    }
    return new PerId.Table(summand.id(), nodes.reshape(summand.table(), whole), summand.products());
  }

  /** What a value is the sum of; empty if it is no sum. */
  private List<Node> addends(Node node) {
    List<Node> addends = new ArrayList<>();
    if (node.isElementwise("Add")) {
      for (Node input : node.inputs()) {
        if (input.size() != node.size()) {
          return List.of();
        }
        addends.add(nodes.reshape(input, node.shape()));
      }
    } else if (node.op() instanceof Op.Reduce reduce
        && reduce.type().equals("ReduceSum")
        && reduce.axes().equals(List.of(0))) {
      for (ColumnRanges.Range range : parts(node.input(0))) {
        Node part = columns.select(node.input(0), 0, List.of(range));
        addends.add(nodes.reduce("ReduceSum", part, new TreeSet<>(List.of(0))));
      }
    } else if (isLayer(node)) {
      for (ColumnRanges.Range range : parts(node.input(0))) {
        addends.add(product(node, range));
      }
    }
    return addends;
  }

  /** Whether a value is a vector by a constant matrix. */
  public static boolean isLayer(Node node) {
    return node.op() instanceof Op.MatMul
        && node.input(0).rank() == 1
        && node.input(1).role() == ValueRole.CONSTANT
        && node.input(1).rank() == 2;
  }

  /** A layer's share of some of the vector. */
  public Node product(Node layer, ColumnRanges.Range range) {
    return nodes.matMul(
        columns.select(layer.input(0), 0, List.of(range)),
        nodes.slice(layer.input(1), 0, range.from(), range.to()));
  }

  /** The parts of the first axis; none if there is but one. */
  private List<ColumnRanges.Range> parts(Node node) {
    List<ColumnRanges.Range> ranges = columns.ranges(node, 0);
    return ranges.size() > 1 ? ranges : List.of();
  }

  /** Where an id stands in an input; null if it is computed. */
  public Op.IdSource source(Node id) {
    Node node = id;
    int column = 0;
    long shift = 0;
    boolean cut = false;
    while (!(node.op() instanceof Op.Input)) {
      Double added = added(node);
      if (added != null) {
        shift += added.longValue();
      } else if (node.op() instanceof Op.Slice slice && node.size() == 1 && !cut) {
        column = slice.from();
        cut = true;
      } else if (!(node.op() instanceof Op.Reshape) && !isCastToWhole(node) || node.size() != 1) {
        return null;
      }
      node = node.input(0);
    }
    boolean readable =
        switch (node.type()) {
          case INT64, INT32, FLOAT32, FLOAT64 -> true;
          default -> false;
        };
    boolean found = node.rank() == 0 || node.rank() == 1 && (cut || node.dim(0) == 1);
    Op.Input input = (Op.Input) node.op();
    return readable && found ? new Op.IdSource(input.name(), column, input.context(), shift) : null;
  }

  /** The constant that is added to the first input, which is one whole number; null if none is. */
  private Double added(Node node) {
    return node.isElementwise("Add")
            && node.type() == ElementType.INT64
            && node.size() == 1
            && node.input(0).role() != ValueRole.CONSTANT
            && node.input(0).size() == 1
        ? nodes.weights().uniform(node.input(1))
        : null;
  }

  /** Whether a value is another cut to a whole number, perhaps of fewer bits. */
  private static boolean isCastToWhole(Node node) {
    return node.isElementwise("Cast")
        && (node.type() == ElementType.INT64 || node.type() == ElementType.INT32);
  }
}
