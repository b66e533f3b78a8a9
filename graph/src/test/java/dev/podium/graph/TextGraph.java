package dev.podium.graph;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Parser;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.Weights;
import dev.podium.graph.lowering.Lowering;
import dev.podium.graph.lowering.Placements;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * A function of one row, written as text, as a graph that scores N rows: what an exporter makes of
 * it, with nothing known of sides.
 *
 * @param graph every input has its rows first
 * @param context the inputs that the text has on the context's side
 */
public record TextGraph(OnnxGraph graph, ContextInputs context) {
  static TextGraph of(String text) {
    RowFunction function = Parser.parse(text);
    fill(function.nodes().weights(), function);
    List<String> shared = new ArrayList<>();
    Map<String, ValueInfoProto> inputs = new LinkedHashMap<>();
    for (Node node : function.order()) {
      if (node.op() instanceof Op.Input input) {
        inputs.put(input.name(), rows(input.name(), node));
        if (input.context()) {
          shared.add(input.name());
        }
      }
    }
    // With all inputs as candidates, what would be computed once is computed for each row.
    RowFunction whole =
        function.rewrite(
            (was, node) ->
                node.op() instanceof Op.Input input && input.context()
                    ? function.nodes().input(input.name(), false, input.shape(), input.type())
                    : node);
    OnnxGraph stub = stub(whole, inputs);
    try {
      OnnxGraph graph =
          Lowering.write(stub, whole, Set.of(), Placements.rowsFirst(whole)).candidate();
      return new TextGraph(graph, ContextInputs.of(shared.toArray(String[]::new)));
    } catch (Unsupported e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /** A model with the function's inputs and outputs alone. */
  public static OnnxGraph stub(RowFunction function, Map<String, ValueInfoProto> inputs) {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("text");
    inputs.values().forEach(graph::addInput);
    for (RowFunction.Output output : function.outputs()) {
      graph.addOutput(
          output.value().shape() == null
              ? ValueInfoProto.newBuilder().setName(output.name()).build()
              : rows(output.name(), output.value()));
    }
    return OnnxGraph.of(
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .setGraph(graph)
            .build());
  }

  private static ValueInfoProto rows(String name, Node node) {
    ValueInfoProto open =
        ValueInfoProto.newBuilder()
            .setType(
                TypeProto.newBuilder()
                    .setTensorType(
                        TypeProto.Tensor.newBuilder()
                            .setShape(
                                ai.onnx.proto.OnnxMl.TensorShapeProto.newBuilder()
                                    .addDim(Dimension.newBuilder().setDimParam("rows")))))
            .build();
    return GraphWriter.rows(open, name, node.type(), node.shape());
  }

  /** Values for the weights that the text gives none of. */
  private static void fill(Weights weights, RowFunction function) {
    Random random = new Random(7);
    for (Node node : function.order()) {
      if (node.op() instanceof Op.Initialiser weight
          && node.type() == ElementType.FLOAT32
          && Tensors.values(weights.get(weight.name())) == null) {
        double[] values = random.doubles(node.size(), -0.7, 0.7).toArray();
        TensorProto tensor = Tensors.tensor(ElementType.FLOAT32, node.shape(), values);
        weights.put(weight.name(), tensor.toBuilder().setName(weight.name()).build());
      }
    }
  }
}
