package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** One row of context in, the boundary out. Inside there is no row axis. */
final class ContextHalf extends Half {
  private final Map<String, ValueInfoProto> inputs;
  private final Map<String, String> squeezed = new HashMap<>();
  private final Set<String> declared = new HashSet<>();

  ContextHalf(GraphWriter out, RowFunction function, Map<String, ValueInfoProto> inputs) {
    super(out, function);
    this.inputs = inputs;
  }

  /** Writes the function's outputs, which are the boundary. */
  OnnxGraph write() throws Unsupported {
    function.outputs().forEach(output -> choose(output.value(), output.name()));
    for (RowFunction.Output output : function.outputs()) {
      Node node = output.value();
      String name = emit(node);
      if (!name.equals(output.name())) {
        out.node("Identity", output.name(), List.of(), name);
      }
      out.output(GraphWriter.value(output.name(), node.type(), node.shape()));
    }
    return out.build();
  }

  @Override
  List<Node> needed(Node node) {
    return dropsReduced(node) || isReshapedInput(node) ? node.input(0).inputs() : node.inputs();
  }

  @Override
  String writeNode(Node node) throws Unsupported {
    if (node.op() instanceof Op.Input input) {
      return input(node, input);
    }
    if (isReshapedInput(node)) {
      // The input comes with an axis of size 1 for its row.
      String whole = declared(node.input(0), (Op.Input) node.input(0).op());
      List<Integer> shape = new ArrayList<>(node.input(0).shape());
      shape.add(0, 1);
      return node.shape().equals(shape)
          ? whole
          : out.node("Reshape", nameFor(node), List.of(), whole, out.longs(node.shape()));
    }
    return write(node);
  }

  @Override
  Placement home(Node node) {
    return Placement.NONE;
  }

  @Override
  String at(Node node, Placement placement) throws Unsupported {
    return emit(node);
  }

  private static boolean isReshapedInput(Node node) {
    return node.op() instanceof Op.Reshape && node.input(0).op() instanceof Op.Input;
  }

  private String input(Node node, Op.Input input) {
    String known = squeezed.get(input.name());
    if (known == null) {
      String whole = declared(node, input);
      known = out.node("Reshape", nameFor(node), List.of(), whole, out.longs(node.shape()));
      squeezed.put(input.name(), known);
    }
    return known;
  }

  /** The input as it comes, with its row. */
  private String declared(Node node, Op.Input input) {
    if (declared.add(input.name())) {
      ValueInfoProto.Builder info = inputs.get(input.name()).toBuilder();
      var shape = info.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
      shape.clearDim().addDim(Dimension.newBuilder().setDimValue(1));
      node.shape().forEach(dim -> shape.addDim(Dimension.newBuilder().setDimValue(dim)));
      out.input(info.build());
    }
    return input.name();
  }
}
