package dev.podium.server;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes small graphs as exporters do, operator by operator. Each method gives the name of the
 * tensor that it adds. A dimension of -1 is the row axis, -2 an open one after it.
 */
public final class TestGraph {
  private final GraphProto.Builder graph = GraphProto.newBuilder().setName("test");
  private final Random random = new Random(7);
  private int names;

  /** An input of floats. */
  public String floats(String name, int... shape) {
    graph.addInput(value(name, TensorProto.DataType.FLOAT, shape));
    return name;
  }

  /** An input of whole numbers. */
  public String ids(String name, int... shape) {
    graph.addInput(value(name, TensorProto.DataType.INT64, shape));
    return name;
  }

  /** Names a tensor as an output. */
  public TestGraph output(String name, String tensor, TensorProto.DataType type, int... shape) {
    graph.addNode(
        NodeProto.newBuilder()
            .setOpType("Identity")
            .setName(name)
            .addInput(tensor)
            .addOutput(name));
    graph.addOutput(value(name, type, shape));
    return this;
  }

  /** Names a tensor of floats as an output. */
  public TestGraph output(String name, String tensor, int... shape) {
    return output(name, tensor, TensorProto.DataType.FLOAT, shape);
  }

  /** One number. */
  public String number(float value) {
    return constant(
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addFloatData(value));
  }

  /** A list of whole numbers. */
  public String longs(long... values) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .addDims(values.length);
    for (long value : values) {
      tensor.addInt64Data(value);
    }
    return constant(tensor);
  }

  /** Random weights with this standard deviation. */
  public String weights(double scale, int... shape) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDataType(TensorProto.DataType.FLOAT.getNumber());
    int size = 1;
    for (int dim : shape) {
      tensor.addDims(dim);
      size *= dim;
    }
    for (int i = 0; i < size; i++) {
      tensor.addFloatData((float) (random.nextGaussian() * scale));
    }
    return constant(tensor);
  }

  private String constant(TensorProto.Builder tensor) {
    String name = "w" + names++;
    graph.addInitializer(tensor.setName(name));
    return name;
  }

  /** An operator without attributes. */
  public String op(String type, String... inputs) {
    return op(type, List.of(), inputs);
  }

  /** An operator with one output. */
  public String op(String type, List<AttributeProto> attributes, String... inputs) {
    return ops(type, attributes, 1, inputs).get(0);
  }

  /** An operator with several outputs. */
  public List<String> ops(
      String type, List<AttributeProto> attributes, int outputs, String... inputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setOpType(type)
            .setName(type.toLowerCase(java.util.Locale.ROOT) + names++)
            .addAllAttribute(attributes)
            .addAllInput(List.of(inputs));
    List<String> results = new ArrayList<>();
    for (int i = 0; i < outputs; i++) {
      results.add("t" + names++);
    }
    graph.addNode(node.addAllOutput(results));
    return results;
  }

  /** An attribute that is a whole number. */
  public static AttributeProto is(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  /** An attribute that is a list of whole numbers. */
  public static AttributeProto are(String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    for (long value : values) {
      attribute.addInts(value);
    }
    return attribute.build();
  }

  /** The model. */
  public ModelProto build() {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
        .setGraph(graph)
        .build();
  }

  /** Writes a model folder with the model as version 1. */
  public Path write(Path repository, String name, String yaml) throws IOException {
    TestModels.write(repository, name, yaml, build());
    return repository.resolve(name);
  }

  private static ValueInfoProto value(String name, TensorProto.DataType type, int... shape) {
    TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
    for (int i = 0; i < shape.length; i++) {
      TensorShapeProto.Dimension.Builder dim = TensorShapeProto.Dimension.newBuilder();
      dims.addDim(
          shape[i] >= 0
              ? dim.setDimValue(shape[i])
              : dim.setDimParam(shape[i] == -1 ? "rows" : "open" + i));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(dims)))
        .build();
  }
}
