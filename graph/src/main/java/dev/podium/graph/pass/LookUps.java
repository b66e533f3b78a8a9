package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Shapes;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One look-up for several whose results are joined: {@code [E_1(id_1), E_2(id_2), ...]} is {@code
 * E([id_1, id_2 + |E_1|, ...])} with the tables E laid end to end when the model loads. The results
 * come to lie where joining would have copied them. An id that is out of its table's bounds fails
 * as before ({@link Op.TableRows}): it never reads another table.
 *
 * <p>Only for tables that fit, and for look-ups whose results are joined wherever they are used.
 */
final class LookUps implements Pass {
  /** What finding the rows of the common table costs is saved by so many look-ups. */
  private static final int FEWEST = 4;

  private final TableBudget budget;

  LookUps(TableBudget budget) {
    this.budget = budget;
  }

  @Override
  public Declaration declaration() {
    return Declaration.of("LOOK_UPS", Phase.SPECIALISE)
        .after(
            "EMBEDDING_BAGS",
            "both take tables from one budget, and a sum saves more than a look-up")
        .onTrial(3);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    return new Run(function, log).result();
  }

  /** A joined part that is one row of a table, perhaps in another shape. */
  private record LookUp(Node table, Node id) {
    static LookUp of(Node part) {
      Node gather = part.op() instanceof Op.Reshape ? part.input(0) : part;
      if (!(gather.op() instanceof Op.Gather op)
          || op.axis() != 0
          || gather.input(0).role() != ValueRole.CONSTANT
          || gather.input(1).size() != 1
          || gather.input(1).role() == ValueRole.CONSTANT) {
        return null;
      }
      return new LookUp(gather.input(0), gather.input(1));
    }
  }

  private final class Run {
    private final RowFunction function;
    private final Nodes nodes;
    private final Log log;
    private final Set<Node> usedAlone = new HashSet<>();
    private final Map<List<Node>, Node> joined = new HashMap<>();

    Run(RowFunction function, Log log) {
      this.function = function;
      this.nodes = function.nodes();
      this.log = log;
    }

    RowFunction result() {
      List<Node> order = function.order();
      usedAlone.addAll(function.results());
      for (int i = order.size() - 1; i >= 0; i--) {
        Node user = order.get(i);
        boolean alone =
            !(user.op() instanceof Op.Concat)
                && (!(user.op() instanceof Op.Reshape) || usedAlone.contains(user));
        if (alone) {
          usedAlone.addAll(user.inputs());
        }
      }
      return function.rewrite((before, node) -> before == node ? rewritten(node) : node);
    }

    private Node rewritten(Node node) {
      if (!(node.op() instanceof Op.Concat concat) || node.type() != ElementType.FLOAT32) {
        return node;
      }
      List<Node> parts = new ArrayList<>();
      List<Node> run = new ArrayList<>();
      for (Node part : node.inputs()) {
        if (!run.isEmpty() && (!fits(part, concat.axis()) || !alike(run.get(0), part))) {
          close(run, concat.axis(), parts);
        }
        if (fits(part, concat.axis())) {
          run.add(part);
        } else {
          parts.add(part);
        }
      }
      close(run, concat.axis(), parts);
      return parts.equals(node.inputs()) ? node : nodes.concat(parts, concat.axis());
    }

    /** Whether a part is a look-up that lies in one piece of the joined value. */
    private boolean fits(Node part, int axis) {
      LookUp lookUp = LookUp.of(part);
      return lookUp != null
          && !usedAlone.contains(part)
          && Shapes.size(part.shape().subList(0, axis)) == 1;
    }

    private static boolean alike(Node first, Node part) {
      return first.role() == part.role() && first.size() == part.size();
    }

    /** Ends a run of look-ups; what it comes to is added to the parts. */
    private void close(List<Node> run, int axis, List<Node> parts) {
      List<Node> lookUps = List.copyOf(run);
      run.clear();
      Node one = lookUps.size() < FEWEST ? null : joined.computeIfAbsent(lookUps, this::join);
      if (one == null) {
        parts.addAll(lookUps);
        return;
      }
      List<Integer> shape = new ArrayList<>(lookUps.get(0).shape());
      shape.set(axis, lookUps.stream().mapToInt(part -> part.dim(axis)).sum());
      parts.add(nodes.reshape(one, shape));
    }

    /** The look-ups as one: [look-ups, width]. Null if the tables don't fit. */
    private Node join(List<Node> lookUps) {
      int width = lookUps.get(0).size();
      Map<Node, Integer> tables = new LinkedHashMap<>();
      List<Integer> starts = new ArrayList<>();
      List<Integer> sizes = new ArrayList<>();
      List<Node> ids = new ArrayList<>();
      int total = 0;
      for (Node part : lookUps) {
        LookUp lookUp = LookUp.of(part);
        int size = lookUp.table().dim(0);
        if (tables.putIfAbsent(lookUp.table(), total) == null) {
          total += size;
        }
        starts.add(tables.get(lookUp.table()));
        sizes.add(size);
        ids.add(nodes.cast(nodes.reshape(lookUp.id(), List.of()), ElementType.INT64));
      }
      if (!budget.take(4L * width * total, lookUps.get(0), log)) {
        return null;
      }
      log.applied();
      List<Node> flat = new ArrayList<>();
      tables.keySet().forEach(t -> flat.add(nodes.reshape(t, List.of(t.dim(0), width))));
      Node rows = nodes.tableRows(new Op.TableRows(starts, sizes), ids);
      return nodes.gather(nodes.concat(flat, 0), rows, 0);
    }
  }
}
