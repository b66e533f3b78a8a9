package dev.podium.server;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Small models for tests, written as ONNX by hand so that their scores are plain to see. */
public final class TestModels {
  private static final long OPSET = 17;

  private TestModels() {}

  /** Copies a model's folder. */
  public static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Files.copy(path, to.resolve(from.relativize(path)));
      }
    }
  }

  /**
   * {@code score = x[0] + 10 * x[1] + 100 * item + 1000 * user}; {@code log = ln(x[0])}, which is
   * NaN below 0. Features: context {@code user} (below 10, default 0), candidates {@code item}
   * (below 1,000) and {@code x} (two numbers).
   */
  public static void sum(Path repository, String name) throws IOException {
    write(
        repository,
        name,
        """
        tile_rows: 256
        features:
          - {name: user, role: context, vocabulary: {size: 10}, default: 0}
          - {name: item, vocabulary: {size: 1000}}
          - {name: x}
        """,
        sumModel());
  }

  static ModelProto sumModel() {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("sum");
    graph.addInput(value("user", TensorProto.DataType.INT64));
    graph.addInput(value("item", TensorProto.DataType.INT64));
    graph.addInput(value("x", TensorProto.DataType.FLOAT, 2));
    graph.addInitializer(floats("x_weights", new long[] {2, 1}, 1, 10));
    graph.addInitializer(floats("item_weight", new long[] {}, 100));
    graph.addInitializer(floats("user_weight", new long[] {}, 1000));
    graph.addInitializer(longs("one", 1));
    graph.addInitializer(longs("zero", 0));
    graph.addNode(node("MatMul", "x_part", "x", "x_weights"));
    graph.addNode(node("Unsqueeze", "item_column", "item", "one"));
    graph.addNode(cast("item_float", "item_column"));
    graph.addNode(node("Mul", "item_part", "item_float", "item_weight"));
    graph.addNode(node("Unsqueeze", "user_column", "user", "one"));
    graph.addNode(cast("user_float", "user_column"));
    graph.addNode(node("Mul", "user_part", "user_float", "user_weight"));
    graph.addNode(node("Add", "x_item", "x_part", "item_part"));
    graph.addNode(node("Add", "score", "x_item", "user_part"));
    graph.addNode(node("Slice", "first", "x", "zero", "one", "one"));
    graph.addNode(node("Log", "log", "first"));
    graph.addOutput(value("score", TensorProto.DataType.FLOAT, 1));
    graph.addOutput(value("log", TensorProto.DataType.FLOAT, 1));
    return model(graph);
  }

  /** As {@link #sum}, with so many more operators one after the other, which change no score. */
  public static void deep(Path repository, String name, int operators) throws IOException {
    sum(repository, name);
    ModelProto.Builder model = sumModel().toBuilder();
    GraphProto.Builder graph = model.getGraphBuilder().clearNode().clearOutput();
    graph.addInitializer(floats("nothing", new long[] {}, 0));
    for (NodeProto node : sumModel().getGraph().getNodeList()) {
      graph.addNode(
          node.getOutput(0).equals("score") ? node("Add", "sum0", "x_item", "user_part") : node);
    }
    for (int i = 0; i < operators; i++) {
      graph.addNode(node("Relu", "sum" + (i + 1), "sum" + i));
    }
    graph.addNode(node("Add", "score", "sum" + operators, "nothing"));
    graph.addOutput(value("score", TensorProto.DataType.FLOAT, 1));
    Files.write(repository.resolve(name).resolve("1/model.onnx"), model.build().toByteArray());
  }

  /** As {@link #sum}, with its weights in a file of their own. */
  public static void sumWithExternalData(Path repository, String name) throws IOException {
    sum(repository, name);
    moveWeightsOut(repository.resolve(name).resolve("1"), 2 * Float.BYTES);
  }

  /** Moves a version's larger weights into a file of their own, as PyTorch does. */
  public static void moveWeightsOut(Path version, int leastBytes) throws IOException {
    Path file = version.resolve("model.onnx");
    ModelProto.Builder model = ModelProto.parseFrom(Files.readAllBytes(file)).toBuilder();
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    for (TensorProto.Builder tensor : model.getGraphBuilder().getInitializerBuilderList()) {
      boolean isFloat = tensor.getDataType() == TensorProto.DataType.FLOAT.getNumber();
      if (isFloat && tensor.getRawData().size() >= leastBytes) {
        Map<String, String> place =
            Map.of(
                "location", "model.onnx.data",
                "offset", String.valueOf(data.size()),
                "length", String.valueOf(tensor.getRawData().size()));
        tensor.getRawData().writeTo(data);
        tensor.clearRawData().setDataLocation(TensorProto.DataLocation.EXTERNAL);
        place.forEach(
            (key, value) ->
                tensor.addExternalData(
                    StringStringEntryProto.newBuilder().setKey(key).setValue(value)));
      }
    }
    Files.write(file, model.build().toByteArray());
    Files.write(version.resolve("model.onnx.data"), data.toByteArray());
  }

  /**
   * Gives every type of input back as a score of its own: int32, double, bool, and whether the text
   * is "yes".
   */
  public static void everyType(Path repository, String name) throws IOException {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("types");
    graph.addInput(value("i", TensorProto.DataType.INT32));
    graph.addInput(value("d", TensorProto.DataType.DOUBLE));
    graph.addInput(value("b", TensorProto.DataType.BOOL));
    graph.addInput(value("s", TensorProto.DataType.STRING));
    graph.addNode(cast("i_score", "i"));
    graph.addNode(node("Identity", "d_score", "d"));
    graph.addNode(cast("b_score", "b"));
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName("yes")
            .setDataType(TensorProto.DataType.STRING.getNumber())
            .addStringData(ByteString.copyFromUtf8("yes")));
    graph.addNode(node("Equal", "s_equal", "s", "yes"));
    graph.addNode(cast("s_score", "s_equal"));
    graph.addOutput(value("i_score", TensorProto.DataType.FLOAT));
    graph.addOutput(value("d_score", TensorProto.DataType.DOUBLE));
    graph.addOutput(value("b_score", TensorProto.DataType.FLOAT));
    graph.addOutput(value("s_score", TensorProto.DataType.FLOAT));
    ModelProto model =
        model(graph).toBuilder().clearOpsetImport().addOpsetImport(opset(19)).build();
    write(repository, name, "", model);
  }

  /** As {@link #sum}, claiming a version of the operator set. */
  public static void withOpset(Path repository, String name, long version) throws IOException {
    sum(repository, name);
    ModelProto model =
        sumModel().toBuilder().clearOpsetImport().addOpsetImport(opset(version)).build();
    Files.write(repository.resolve(name).resolve("1/model.onnx"), model.toByteArray());
  }

  /** {@code share = x / sum of x over all rows}: each score depends on the whole request. */
  public static void share(Path repository, String name) throws IOException {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("share");
    graph.addInput(value("x", TensorProto.DataType.FLOAT, 1));
    graph.addInitializer(longs("rows", 0));
    graph.addNode(node("ReduceSum", "sum", "x", "rows"));
    graph.addNode(node("Div", "share", "x", "sum"));
    graph.addOutput(value("share", TensorProto.DataType.FLOAT, 1));
    write(repository, name, "tile_rows: 16\n", model(graph));
  }

  /**
   * {@code score = 10 * item + sum of history}: a context feature {@code history} of at most four
   * numbers, the newest kept, and a candidate feature {@code item} with a default of 1.
   */
  public static void history(Path repository, String name) throws IOException {
    GraphProto.Builder graph = GraphProto.newBuilder().setName("history");
    graph.addInput(value("item", TensorProto.DataType.INT64, 1));
    graph.addInput(value("history", TensorProto.DataType.INT64, 4));
    graph.addInitializer(floats("ones", new long[] {4, 1}, 1, 1, 1, 1));
    graph.addInitializer(floats("ten", new long[] {}, 10));
    graph.addNode(cast("history_float", "history"));
    graph.addNode(node("MatMul", "sum", "history_float", "ones"));
    graph.addNode(cast("item_float", "item"));
    graph.addNode(node("Mul", "item_part", "item_float", "ten"));
    graph.addNode(node("Add", "score", "item_part", "sum"));
    graph.addOutput(value("score", TensorProto.DataType.FLOAT, 1));
    write(
        repository,
        name,
        """
        features:
          - {name: history, role: context, kind: sequence, length: 4, truncation: left, default: []}
          - {name: item, default: 1}
        """,
        model(graph));
  }

  /**
   * The inputs of {@link #sum} in another order, with other rules and another score: {@code score =
   * x[0] + 20 * x[1] + 100 * item + 1000 * user}, where items from 3 on are item 0, and the user
   * may differ from candidate to candidate.
   */
  public static void sumOtherwise(Path repository, String name) throws IOException {
    GraphProto.Builder graph = sumModel().getGraph().toBuilder();
    graph.setInitializer(0, floats("x_weights", new long[] {2, 1}, 1, 20));
    graph.clearOutput().addOutput(value("score", TensorProto.DataType.FLOAT, 1));
    graph.removeNode(graph.getNodeCount() - 1).removeNode(graph.getNodeCount() - 1);
    graph.clearInput();
    graph.addInput(value("x", TensorProto.DataType.FLOAT, 2));
    graph.addInput(value("user", TensorProto.DataType.INT64));
    graph.addInput(value("item", TensorProto.DataType.INT64));
    write(
        repository,
        name,
        """
        features:
          - {name: x}
          - {name: item, vocabulary: {size: 3}, out_of_vocabulary: 0}
          - {name: user, default: 7}
        """,
        model(graph));
  }

  /** Writes a model folder with one version. */
  public static void write(Path repository, String name, String yaml, ModelProto model)
      throws IOException {
    Path folder = Files.createDirectories(repository.resolve(name).resolve("1"));
    if (!yaml.isEmpty()) {
      Files.writeString(repository.resolve(name).resolve("model.yaml"), yaml);
    }
    Files.write(folder.resolve("model.onnx"), model.toByteArray());
  }

  private static ModelProto model(GraphProto.Builder graph) {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(opset(OPSET))
        .setGraph(graph)
        .build();
  }

  private static OperatorSetIdProto opset(long version) {
    return OperatorSetIdProto.newBuilder().setVersion(version).build();
  }

  private static NodeProto node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setName(output)
        .setOpType(operator)
        .addAllInput(List.of(inputs))
        .addOutput(output)
        .build();
  }

  private static NodeProto cast(String output, String input) {
    return node("Cast", output, input).toBuilder()
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("to")
                .setType(AttributeProto.AttributeType.INT)
                .setI(TensorProto.DataType.FLOAT.getNumber()))
        .build();
  }

  /** A tensor of shape [rows, sizes...]. */
  private static ValueInfoProto value(String name, TensorProto.DataType type, int... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("rows"));
    for (int size : sizes) {
      shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(size));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(
                    TypeProto.Tensor.newBuilder().setElemType(type.getNumber()).setShape(shape)))
        .build();
  }

  private static TensorProto floats(String name, long[] shape, float... values) {
    ByteBuffer data =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      data.putFloat(value);
    }
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(name)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .setRawData(ByteString.copyFrom(data.array()));
    for (long size : shape) {
      tensor.addDims(size);
    }
    return tensor.build();
  }

  private static TensorProto longs(String name, long value) {
    return TensorProto.newBuilder()
        .setName(name)
        .setDataType(TensorProto.DataType.INT64.getNumber())
        .addDims(1)
        .addInt64Data(value)
        .build();
  }

  /** Candidate 1 of the test models, with two numbers in {@code x}. */
  static CandidateBatch.Builder oneCandidate(float first, float second) {
    return CandidateBatch.newBuilder()
        .setCount(1)
        .addColumns(
            FeatureColumn.newBuilder()
                .setName("item")
                .setInt64Values(Int64Values.newBuilder().addValues(1)))
        .addColumns(
            FeatureColumn.newBuilder()
                .setName("x")
                .setFloatValues(FloatValues.newBuilder().addValues(first).addValues(second)));
  }
}
