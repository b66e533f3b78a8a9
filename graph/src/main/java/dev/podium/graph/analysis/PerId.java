package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.ValueRole;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Finds values that are functions of one id alone: an embedding, and whatever constant weights make
 * of it. Such a function is a table over the ids.
 */
public final class PerId {
  private final Nodes nodes;
  private final ValueRole side;
  private final long maxElements;
  private final Map<Node, Table> known = new HashMap<>();

  /**
   * @param side whose values are read
   * @param maxElements tables of more elements are not made
   */
  PerId(Nodes nodes, ValueRole side, long maxElements) {
    this.nodes = nodes;
    this.side = side;
    this.maxElements = maxElements;
  }

  /**
   * A value as a table.
   *
   * @param id the id that it is a function of, one a row
   * @param table its values by id: [ids, shape of the value]
   * @param products multiply-adds that one look-up saves
   */
  public record Table(Node id, Node table, long products) {}

  /**
   * The table of a value of this side, or null if it depends on more than one id, or would be too
   * large.
   */
  Table of(Node node) {
    if (!known.containsKey(node)) {
      known.put(node, read(node));
    }
    return known.get(node);
  }

  private Table read(Node node) {
    if (node.role() != side || node.shape() == null) {
      return null;
    }
    Op op = node.op();
    if (op instanceof Op.Gather gather) {
      Node table = node.input(0);
      boolean oneId = node.input(1).role() == side && node.input(1).size() == 1;
      boolean known = table.role() == ValueRole.CONSTANT && table.rank() >= 1;
      if (!oneId || !known || gather.axis() != 0 || table.size() > maxElements) {
        return null;
      }
      Node id = nodes.reshape(node.input(1), List.of());
      return new Table(id, nodes.reshape(table, withIds(node.shape(), table.dim(0))), 0);
    }
    Node id = null;
    long products = 0;
    List<Node> tables = new ArrayList<>();
    for (Node input : node.inputs()) {
      if (input.role() == ValueRole.CONSTANT) {
        tables.add(null);
        continue;
      }
      Table table = of(input);
      if (table == null || id != null && id != table.id()) {
        return null;
      }
      id = table.id();
      products += table.products();
      tables.add(table.table());
    }
    if (id == null) {
      return null;
    }
    int ids = tables.stream().filter(table -> table != null).findFirst().orElseThrow().dim(0);
    // Look-ups by one id may be in tables of several sizes.
    boolean sameIds = tables.stream().allMatch(table -> table == null || table.dim(0) == ids);
    if (!sameIds || (long) ids * node.size() > maxElements) {
      return null;
    }
    Node result = apply(node, tables, ids);
    if (op instanceof Op.MatMul) {
      products += (long) node.size() * node.input(0).dim(-1);
    }
    return result == null ? null : new Table(id, result, products);
  }

  /** The node's operation on tables; null stands for operands that are no function of the id. */
  private Node apply(Node node, List<Node> tables, int ids) {
    Op op = node.op();
    Node first = tables.get(0);
    if (op instanceof Op.Elementwise elementwise) {
      List<Node> operands = new ArrayList<>();
      for (int i = 0; i < tables.size(); i++) {
        Node table = tables.get(i);
        if (table != null && node.input(i).rank() != node.rank()) {
          List<Integer> shape = new ArrayList<>(nodes.atRank(node.input(i), node.rank()).shape());
          shape.add(0, ids);
          table = nodes.reshape(table, shape);
        }
        operands.add(table == null ? node.input(i) : table);
      }
      return nodes.elementwise(elementwise, operands);
    }
    if (first == null || tables.contains(null) && !(op instanceof Op.MatMul)) {
      return null;
    }
    if (op instanceof Op.MatMul) {
      boolean byConstant = tables.get(1) == null && node.input(1).rank() == 2;
      return byConstant ? nodes.matMul(first, node.input(1)) : null;
    } else if (op instanceof Op.Reduce reduce) {
      Set<Integer> axes = new TreeSet<>();
      reduce.axes().forEach(axis -> axes.add(axis + 1));
      return nodes.reduce(reduce.type(), first, axes);
    } else if (op instanceof Op.Reshape reshape) {
      return nodes.reshape(first, withIds(reshape.shape(), ids));
    } else if (op instanceof Op.Expand expand) {
      return nodes.expand(first, withIds(expand.shape(), ids));
    } else if (op instanceof Op.Concat concat) {
      return nodes.concat(tables, concat.axis() + 1);
    } else if (op instanceof Op.Slice slice) {
      return nodes.slice(first, slice.axis() + 1, slice.from(), slice.to(), slice.step());
    }
    return null;
  }

  private static List<Integer> withIds(List<Integer> shape, int ids) {
    List<Integer> result = new ArrayList<>(shape);
    result.add(0, ids);
    return result;
  }
}
