package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes the function of one row as two ONNX graphs. */
public final class Lowering {
  private Lowering() {}

  /** The two graphs, the tensors between them, and what the second takes besides. */
  public record Halves(
      OnnxGraph context, OnnxGraph candidate, List<TensorInfo> boundary, List<Bag> bags) {}

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
    List<Bag> bags = Bag.of(exported, function.nodes(), candidate.sums());
    return new Halves(contextGraph, candidateGraph, boundary, bags);
  }
}
