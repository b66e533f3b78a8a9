package dev.podium.graph.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Writes one ONNX graph. */
public final class GraphWriter {
  /**
   * Axes became inputs of ReduceSum and Squeeze here: the oldest operator set that this class
   * writes.
   */
  public static final int OLDEST_OPSET = 13;

  private final ModelProto exported;
  private final int opset;
  private final GraphProto.Builder graph = GraphProto.newBuilder();
  private final Set<String> taken = new HashSet<>();
  private final Set<String> initialisers = new HashSet<>();
  private final Map<TensorProto, String> literals = new HashMap<>();

  public GraphWriter(ModelProto exported, int opset, String suffix) {
    this.exported = exported;
    this.opset = Math.max(opset, OLDEST_OPSET);
    graph.setName(exported.getGraph().getName() + suffix);
    exported.getGraph().getInputList().forEach(input -> taken.add(input.getName()));
    exported.getGraph().getInitializerList().forEach(tensor -> taken.add(tensor.getName()));
    exported.getGraph().getNodeList().forEach(node -> taken.addAll(node.getOutputList()));
  }

  /** A name that the exported graph does not use. */
  public String fresh(String base) {
    String name = base;
    for (int i = 1; !taken.add(name); i++) {
      name = base + "_" + i;
    }
    return name;
  }

  public void input(ValueInfoProto input) {
    graph.addInput(input);
  }

  public void output(ValueInfoProto output) {
    graph.addOutput(output);
  }

  public static ValueInfoProto value(String name, ElementType type, List<Integer> shape) {
    TensorShapeProto.Builder dims = TensorShapeProto.newBuilder();
    shape.forEach(dim -> dims.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(dim)));
    TypeProto.Tensor tensor =
        TypeProto.Tensor.newBuilder().setElemType(type.onnxCode()).setShape(dims).build();
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(TypeProto.newBuilder().setTensorType(tensor))
        .build();
  }

  /** A value with the rows that another has, and a shape after them. */
  public static ValueInfoProto rows(
      ValueInfoProto other, String name, ElementType type, List<Integer> shape) {
    ValueInfoProto.Builder value = value(name, type, shape).toBuilder();
    value
        .getTypeBuilder()
        .getTensorTypeBuilder()
        .getShapeBuilder()
        .addDim(0, other.getType().getTensorType().getShape().getDim(0));
    return value.build();
  }

  public String initialiser(TensorProto named) {
    if (initialisers.add(named.getName())) {
      graph.addInitializer(named);
    }
    return named.getName();
  }

  public String literal(TensorProto tensor) {
    TensorProto anonymous = tensor.toBuilder().clearName().clearDocString().build();
    String known = literals.get(anonymous);
    if (known == null) {
      known = fresh("literal");
      literals.put(anonymous, known);
      graph.addInitializer(anonymous.toBuilder().setName(known));
    }
    return known;
  }

  public String longs(List<? extends Number> values) {
    return literal(Tensors.longs(values.stream().mapToLong(Number::longValue).toArray()));
  }

  public String node(
      String type, String output, List<AttributeProto> attributes, String... inputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setOpType(type)
            .setName(output)
            .addOutput(output)
            .addAllAttribute(attributes);
    for (String input : inputs) {
      node.addInput(input);
    }
    graph.addNode(node);
    return output;
  }

  public void copy(NodeProto node) {
    graph.addNode(node);
  }

  /** A reduction with axes where this operator set wants them. */
  public String reduce(String type, String output, String input, List<Integer> axes, boolean keep) {
    AttributeProto keepdims = integer("keepdims", keep ? 1 : 0);
    if (opset >= 18 || type.equals("ReduceSum")) {
      return node(type, output, List.of(keepdims), input, longs(axes));
    }
    return node(type, output, List.of(keepdims, integers("axes", axes)), input);
  }

  public static AttributeProto integer(String name, long value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.INT)
        .setI(value)
        .build();
  }

  public static AttributeProto number(String name, float value) {
    return AttributeProto.newBuilder()
        .setName(name)
        .setType(AttributeProto.AttributeType.FLOAT)
        .setF(value)
        .build();
  }

  public static AttributeProto integers(String name, List<Integer> values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    values.forEach(attribute::addInts);
    return attribute.build();
  }

  /** The model, with the exported one's versions, domains and functions. */
  public OnnxGraph build() {
    ModelProto.Builder model = exported.toBuilder().clearTrainingInfo().setGraph(graph);
    model.clearOpsetImport();
    for (OperatorSetIdProto domain : exported.getOpsetImportList()) {
      boolean isDefault = domain.getDomain().isEmpty() || domain.getDomain().equals("ai.onnx");
      model.addOpsetImport(isDefault ? domain.toBuilder().setVersion(opset) : domain.toBuilder());
    }
    // Operator set 13 came with version 7 of the file format.
    model.setIrVersion(Math.max(exported.getIrVersion(), 7));
    return OnnxGraph.of(model.build());
  }
}
