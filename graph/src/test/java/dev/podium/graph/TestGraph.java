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
  private final int opset;
  private int names;

  TestGraph() {
    this(17, 7);
  }

  TestGraph(int opset, long seed) {
    this.opset = opset;
    this.random = new Random(seed);
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
      values[i] = (float) (random.nextGaussian() * scale);
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
