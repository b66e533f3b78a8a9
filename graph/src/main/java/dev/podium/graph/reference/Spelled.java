package dev.podium.graph.reference;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.Attributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Operators that runtimes have for single precision alone, spelled out in operators that they have
 * for double precision. One instance spells one operator.
 */
final class Spelled {
  private final NodeProto node;
  private final List<NodeProto> nodes = new ArrayList<>();

  private Spelled(NodeProto node) {
    this.node = node;
  }

  /** The operators that give the same; null if this operator is not spelled out. */
  static List<NodeProto> of(NodeProto node) {
    if (!node.getDomain().isEmpty() && !node.getDomain().equals("ai.onnx")) {
      return null;
    }
    Spelled spelled = new Spelled(node);
    switch (node.getOpType()) {
      case "PRelu" -> spelled.slopeBelowZero(node.getInput(1));
      case "LeakyRelu" ->
          spelled.slopeBelowZero(spelled.number(Attributes.number(node, "alpha", 0.01f)));
      case "Softplus" -> spelled.softplus();
      default -> {
        return null;
      }
    }
    return spelled.nodes;
  }

  private String x() {
    return node.getInput(0);
  }

  private void slopeBelowZero(String slope) {
    String below = add("Less", x(), number(0));
    String sloped = add("Mul", x(), slope);
    last("Where", below, sloped, x());
  }

  /** max(x, 0) + log(1 + exp(-|x|)), which does not overflow. */
  private void softplus() {
    String small = add("Exp", add("Neg", add("Abs", x())));
    String log = add("Log", add("Add", small, number(1)));
    last("Add", add("Max", x(), number(0)), log);
  }

  private String number(double value) {
    String name = fresh();
    TensorProto tensor =
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.DOUBLE.getNumber())
            .addDoubleData(value)
            .build();
    nodes.add(
        NodeProto.newBuilder()
            .setOpType("Constant")
            .setName(name)
            .addOutput(name)
            .addAttribute(
                AttributeProto.newBuilder()
                    .setName("value")
                    .setType(AttributeProto.AttributeType.TENSOR)
                    .setT(tensor))
            .build());
    return name;
  }

  private String add(String type, String... inputs) {
    return put(type, fresh(), inputs);
  }

  private void last(String type, String... inputs) {
    put(type, node.getOutput(0), inputs);
  }

  private String put(String type, String output, String... inputs) {
    nodes.add(
        NodeProto.newBuilder()
            .setOpType(type)
            .setName(output)
            .addAllInput(List.of(inputs))
            .addOutput(output)
            .build());
    return output;
  }

  private String fresh() {
    return node.getOutput(0) + "__part" + nodes.size();
  }
}
