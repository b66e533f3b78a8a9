package dev.podium.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;

/**
 * Writes small ONNX graphs by hand, the way exporters do. A dimension of -1 is the open row axis.
 */
final class TestGraph {
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
  private final Random random;
  private final Random disturbance;
  private final double noise;
  private final int opset;
  private int names;

  TestGraph() {
    this(17, 7);
  }

  TestGraph(int opset, long seed) {
    this(opset, seed, 0);
  }

  /**
   * @param noise relative size of a disturbance of all weights, half of them up and half down
   */
  TestGraph(int opset, long seed, double noise) {
    this.opset = opset;
    this.random = new Random(seed);
    this.disturbance = new Random(~seed);
    this.noise = noise;
  }

  String floats(String name, long... shape) {
    graph.addInput(value(name, ElementType.FLOAT32, shape));
    return name;
  }

  String ids(String name, long... shape) {
    graph.addInput(value(name, ElementType.INT64, shape));
    return name;
  }

  String output(String tensor, ElementType type, long... shape) {
    graph.addOutput(value(tensor, type, shape));
    return tensor;
  }

  String output(String tensor, long... shape) {
    return output(tensor, ElementType.FLOAT32, shape);
  }

  /** Weights drawn from a normal distribution with standard deviation {@code scale}. */
  String weights(double scale, long... shape) {
    int size = 1;
    for (long dim : shape) {
      size *= (int) dim;
    }
    float[] values = new float[size];
    for (int i = 0; i < size; i++) {
      double sign = disturbance.nextBoolean() ? 1 : -1;
      values[i] = (float) (random.nextGaussian() * scale * (1 + sign * noise));
    }
    return constant(values, shape);
  }

  /** An embedding table and the look-up of ids in it. */
  String embed(String ids, int vocabulary, int width) {
    return op("Gather", weights(0.5, vocabulary, width), ids);
  }

  String constant(float[] values, long... shape) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    return initialiser(TensorProto.DataType.FLOAT, bytes, shape);
  }

  String scalar(float value) {
    return constant(new float[] {value});
  }

  /** A list of whole numbers. */
  String longs(long... values) {
    return longs(values, new long[] {values.length});
  }

  String longs(long[] values, long[] shape) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return initialiser(TensorProto.DataType.INT64, bytes, shape);
  }

  private String initialiser(TensorProto.DataType type, ByteBuffer bytes, long... shape) {
    String name = "w" + names++;
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setName(name).setDataType(type.getNumber());
    for (long dim : shape) {
      tensor.addDims(dim);
    }
    graph.addInitializer(tensor.setRawData(ByteString.copyFrom(bytes.flip())));
    return name;
  }

  String op(String type, String... inputs) {
    return node(type, 1, List.of(), inputs).get(0);
  }

  String op(String type, AttributeProto attribute, String... inputs) {
    return node(type, 1, List.of(attribute), inputs).get(0);
  }

  String op(String type, List<AttributeProto> attributes, String... inputs) {
    return node(type, 1, attributes, inputs).get(0);
  }

  List<String> node(String type, int outputs, List<AttributeProto> attributes, String... inputs) {
    NodeProto.Builder node = NodeProto.newBuilder().setOpType(type).setName("n" + names++);
    for (String input : inputs) {
      node.addInput(input);
    }
    node.addAllAttribute(attributes);
    for (int i = 0; i < outputs; i++) {
      node.addOutput("t" + names++);
    }
    graph.addNode(node);
    return node.getOutputList();
  }

  static AttributeProto attribute(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  static AttributeProto attribute(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  static AttributeProto attribute(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  static AttributeProto text(String name, String value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.STRING)
        .setS(ByteString.copyFromUtf8(value))
        .build();
  }

  /** An If whose branches use a tensor of the graph around them. */
  String either(String tensor, int rank) {
    String condition =
        op("Greater", op("ReduceMax", attribute("keepdims", 0L), tensor), scalar(0.5f));
    NodeProto.Builder node =
        NodeProto.newBuilder().setOpType("If").setName("n" + names++).addInput(condition);
    for (String branch : List.of("then_branch", "else_branch")) {
      String out = "t" + names++;
      long[] shape = new long[rank];
      java.util.Arrays.fill(shape, -1);
      ValueInfoProto.Builder info = value(out, ElementType.FLOAT32, shape).toBuilder();
      info.getTypeBuilder().getTensorTypeBuilder().clearShape();
      GraphProto body =
          GraphProto.newBuilder()
              .setName(branch)
              .addNode(
                  NodeProto.newBuilder()
                      .setOpType(branch.startsWith("then") ? "Tanh" : "Neg")
                      .addInput(tensor)
                      .addOutput(out))
              .addOutput(info)
              .build();
      node.addAttribute(
          AttributeProto.newBuilder()
              .setName(branch)
              .setType(AttributeProto.AttributeType.GRAPH)
              .setG(body));
    }
    String result = "t" + names++;
    graph.addNode(node.addOutput(result));
    return result;
  }

  private static ValueInfoProto value(String name, ElementType type, long... shape) {
    TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
    for (long dim : shape) {
      dims.addDim(
          dim < 0
              ? TensorShapeProto.Dimension.newBuilder().setDimParam("rows")
              : TensorShapeProto.Dimension.newBuilder().setDimValue(dim));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.onnxCode()).setShape(dims)))
        .build();
  }

  OnnxGraph build() {
    return OnnxGraph.of(
        ModelProto.newBuilder()
            .setIrVersion(8)
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
            .setGraph(graph)
            .build());
  }
}
