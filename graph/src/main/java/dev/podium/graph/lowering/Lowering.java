package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.EmbeddingBag;
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

/** Writes the function of one row as two ONNX graphs. */
public final class Lowering {
  private Lowering() {}

  /** The two graphs, the tensors between them, and what the second takes besides. */
  public record Halves(
      OnnxGraph context, OnnxGraph candidate, List<TensorInfo> boundary, List<EmbeddingBag> bags) {}

  /**
   * Writes both halves.
   *
   * @param exported the graph that the function was read from
   * @param wholeContext inputs that the candidate half does not take
   * @param placements where candidate nodes keep their rows
   */
  public static Halves write(
      OnnxGraph exported,
      RowFunction function,
      Set<String> wholeContext,
      Map<Node, Placement> placements)
      throws Unsupported {
    Map<String, ValueInfoProto> all = new LinkedHashMap<>();
    Map<String, ValueInfoProto> own = new LinkedHashMap<>();
    Map<String, ValueInfoProto> declared = new LinkedHashMap<>();
    exported.graph().getInputList().forEach(input -> declared.put(input.getName(), input));
    for (TensorInfo input : exported.inputs()) {
      all.put(input.name(), declared.get(input.name()));
      if (!wholeContext.contains(input.name())) {
        own.put(input.name(), declared.get(input.name()));
      }
    }
    int opset = Math.toIntExact(exported.opset());
    CandidateHalf candidate =
        new CandidateHalf(
            new GraphWriter(exported.model(), opset, "_candidate"), function, own, placements);
    OnnxGraph candidateGraph = candidate.write(exported.graph().getOutputList());
    List<RowFunction.Output> shared = new ArrayList<>();
    candidate
        .boundary()
        .forEach((node, name) -> shared.add(new RowFunction.Output(name, node, null)));
    RowFunction once = WideProducts.of(new RowFunction(function.nodes(), shared));
    OnnxGraph contextGraph =
        new ContextHalf(new GraphWriter(exported.model(), opset, "_context"), once, all).write();
    List<TensorInfo> boundary = new ArrayList<>();
    candidate
        .boundary()
        .forEach(
            (node, name) ->
                boundary.add(
                    new TensorInfo(
                        name,
                        node.type(),
                        node.shape().stream().map(Integer::longValue).toList())));
    List<EmbeddingBag> bags = new ArrayList<>();
    for (List<Node> sums : alike(candidate.sums().keySet())) {
      bags.add(bag(exported, function.nodes(), sums, candidate.sums()));
    }
    return new Halves(contextGraph, candidateGraph, boundary, bags);
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

  private static EmbeddingBag bag(
      OnnxGraph exported, Nodes nodes, List<Node> sums, Map<Node, String> names)
      throws Unsupported {
    List<EmbeddingBag.Id> ids = new ArrayList<>();
    List<Node> rows = new ArrayList<>();
    List<Op.IdSource> sources = ((Op.SumOfEntries) sums.get(0).op()).sources();
    int start = 0;
    for (int i = 0; i < sources.size(); i++) {
      int size = tables(sums.get(0)).get(i).dim(0);
      Op.IdSource source = sources.get(i);
      ids.add(
          new EmbeddingBag.Id(
              source.input(), source.column(), source.context(), source.shift(), start, size));
      start += size;
      List<Node> columns = new ArrayList<>();
      for (Node sum : sums) {
        columns.add(nodes.reshape(tables(sum).get(i), List.of(size, sum.size())));
      }
      rows.add(nodes.concat(columns, 1));
    }
    RowFunction.Output table =
        new RowFunction.Output(EmbeddingBag.TABLE, nodes.concat(rows, 0), null);
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
    return new EmbeddingBag(ids, graph, infos);
  }

  private static List<Node> tables(Node sum) {
    return sum.inputs().subList(sum.inputs().size() / 2, sum.inputs().size());
  }
}
