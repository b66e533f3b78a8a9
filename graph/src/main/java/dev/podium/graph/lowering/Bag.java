package dev.podium.graph.lowering;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Sums over the same ids, taken out of the candidate half: the tables of each id lie side by side,
 * and those of the ids one under the other.
 *
 * @param ids where the ids lie
 * @param sizes rows of each id's table
 * @param table a graph without inputs that gives the whole table, {@link #TABLE}
 * @param sums the inputs of the candidate half that take the sums
 */
public record Bag(
    List<Op.IdSource> ids, List<Integer> sizes, OnnxGraph table, List<TensorInfo> sums) {
  /** Name of the output of {@link #table()}. */
  public static final String TABLE = "table";

  /** All bags of a candidate half, from its sums and their names. */
  static List<Bag> of(OnnxGraph exported, Nodes nodes, Map<Node, String> sums) throws Unsupported {
    List<Bag> bags = new ArrayList<>();
    for (List<Node> alike : alike(sums.keySet())) {
      bags.add(bag(exported, nodes, alike, sums));
    }
    return bags;
  }

  /** Sums over the same ids, which one bag gives. */
  private static Collection<List<Node>> alike(Set<Node> sums) {
    Map<List<Object>, List<Node>> alike = new LinkedHashMap<>();
    for (Node sum : sums) {
      List<Object> ids = new ArrayList<>(((Op.SumOfEntries) sum.op()).sources());
      tables(sum).forEach(table -> ids.add(table.dim(0)));
      alike.computeIfAbsent(ids, key -> new ArrayList<>()).add(sum);
    }
    return alike.values();
  }

  private static Bag bag(OnnxGraph exported, Nodes nodes, List<Node> sums, Map<Node, String> names)
      throws Unsupported {
    List<Integer> sizes = tables(sums.get(0)).stream().map(table -> table.dim(0)).toList();
    List<Node> rows = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      List<Node> columns = new ArrayList<>();
      for (Node sum : sums) {
        columns.add(nodes.reshape(tables(sum).get(i), List.of(sizes.get(i), sum.size())));
      }
      rows.add(nodes.concat(columns, 1));
    }
    RowFunction.Output table = new RowFunction.Output(TABLE, nodes.concat(rows, 0), null);
    GraphWriter writer =
        new GraphWriter(exported.model(), Math.toIntExact(exported.opset()), "_table");
    OnnxGraph graph =
        new ContextHalf(writer, new RowFunction(nodes, List.of(table)), Map.of()).write();
    List<TensorInfo> infos = new ArrayList<>();
    for (Node sum : sums) {
      List<Long> shape = new ArrayList<>(sum.shape().stream().map(Integer::longValue).toList());
      shape.add(0, -1L);
      infos.add(new TensorInfo(names.get(sum), sum.type(), shape));
    }
    return new Bag(((Op.SumOfEntries) sums.get(0).op()).sources(), sizes, graph, infos);
  }

  private static List<Node> tables(Node sum) {
    return sum.inputs().subList(sum.inputs().size() / 2, sum.inputs().size());
  }
}
