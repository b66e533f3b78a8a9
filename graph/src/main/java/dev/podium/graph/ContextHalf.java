package dev.podium.graph;

import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** One row of context in, the boundary out. Inside there is no row axis. */
final class ContextHalf extends Half {
  private final Map<String, ValueInfoProto> inputs;
  private final Map<String, String> squeezed = new HashMap<>();

  ContextHalf(GraphWriter out, RowFunction function, Map<String, ValueInfoProto> inputs) {
    super(out, function);
    this.inputs = inputs;
  }

  OnnxGraph write(Map<Node, String> boundary) throws Unsupported {
    boundary.forEach(this::choose);
    for (Map.Entry<Node, String> entry : boundary.entrySet()) {
      Node node = entry.getKey();
      String name = emit(node);
      if (!name.equals(entry.getValue())) {
        out.node("Identity", entry.getValue(), List.of(), name);
      }
      out.output(GraphWriter.value(entry.getValue(), node.type(), node.shape()));
    }
    return out.build();
  }

  @Override
  List<Node> needed(Node node) {
    return dropsReduced(node) ? node.input(0).inputs() : node.inputs();
  }

  @Override
  String writeNode(Node node) throws Unsupported {
    return node.op() instanceof Op.Input input ? input(node, input) : write(node);
  }

  @Override
  Placement home(Node node) {
    return Placement.NONE;
  }

  @Override
  String at(Node node, Placement placement) throws Unsupported {
    return emit(node);
  }

  private String input(Node node, Op.Input input) {
    String known = squeezed.get(input.name());
    if (known == null) {
      ValueInfoProto.Builder info = inputs.get(input.name()).toBuilder();
      var shape = info.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
      shape.clearDim().addDim(Dimension.newBuilder().setDimValue(1));
      node.shape().forEach(dim -> shape.addDim(Dimension.newBuilder().setDimValue(dim)));
      out.input(info.build());
      known = out.node("Reshape", nameFor(node), List.of(), input.name(), out.longs(node.shape()));
      squeezed.put(input.name(), known);
    }
    return known;
  }
}
