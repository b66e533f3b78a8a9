package dev.podium.graph.reference;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.onnx.Functions;
import dev.podium.graph.onnx.OnnxGraph;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes a graph again so that it computes in double precision what the exported one computes in
 * single or half precision.
 *
 * <p>Inputs keep their types, so that the same buffers can be fed; outputs of real numbers become
 * double. Weights stay as they are and are cast where they are read, after the look-up where that
 * is a look-up of rows, so a table takes no more memory. An operator that the runtime has for
 * single precision alone is computed in single precision, between casts; {@code inSingle} names
 * those.
 */
public final class DoubleForm {
  private static final String SUFFIX = "__double";
  private static final String SINGLE = "__single";
  private static final int DOUBLE = TensorProto.DataType.DOUBLE.getNumber();
  private static final int FLOAT = TensorProto.DataType.FLOAT.getNumber();

  private final OnnxGraph graph;
  private final Set<String> inSingle;

  private DoubleForm(OnnxGraph graph, Set<String> inSingle) {
    this.graph = graph;
    this.inSingle = inSingle;
  }

  /**
   * The graph in double precision.
   *
   * @param graph the exported graph
   * @param inSingle types of operators that are computed in single precision; the caller adds those
   *     that the runtime refuses
   * @throws IllegalArgumentException if a type can't be told
   */
  public static OnnxGraph of(OnnxGraph graph, Set<String> inSingle) {
    return new DoubleForm(Functions.inlined(graph), inSingle).written();
  }

  private OnnxGraph written() {
    ModelProto model = graph.model();
    Scope scope = new Scope(null);
    GraphProto written = write(model.getGraph(), scope, true);
    return OnnxGraph.of(model.toBuilder().setGraph(written).build());
  }

  static boolean isNarrow(int type) {
    return type == FLOAT
        || type == TensorProto.DataType.FLOAT16.getNumber()
        || type == TensorProto.DataType.BFLOAT16.getNumber();
  }

  /** What is known of names in a graph: its own, then those of the graphs around it. */
  private static final class Scope {
    private final Scope around;

    /** Element types as exported. */
    private final Map<String, Integer> types = new HashMap<>();

    /** Tensors that are narrow in the new graph, too: weights, inputs. */
    private final Set<String> kept = new HashSet<>();

    /** Of those, the ones whose cast has been written. */
    private final Set<String> cast = new HashSet<>();

    private GraphProto.Builder writing;

    Scope(Scope around) {
      this.around = around;
    }

    Integer type(String name) {
      Integer type = types.get(name);
      return type != null || around == null ? type : around.type(name);
    }

    Scope owner(String name) {
      return types.containsKey(name) || around == null ? this : around.owner(name);
    }

    /** The tensor in double precision; written where it is first asked for. */
    String wide(String name) {
      Scope owner = owner(name);
      if (name.isEmpty() || !owner.kept.contains(name)) {
        return name;
      }
      if (cast.add(name)) {
        // In the graph that asks, so that it stands before its reader.
        writing.addNode(castNode(name, name + SUFFIX + depth(), DOUBLE));
      }
      return name + SUFFIX + depth();
    }

    private int depth() {
      return around == null ? 0 : 1 + around.depth();
    }
  }

  private static NodeProto castNode(String from, String to, int type) {
    return NodeProto.newBuilder()
        .setOpType("Cast")
        .setName(to)
        .addInput(from)
        .addOutput(to)
        .addAttribute(
            AttributeProto.newBuilder()
                .setName("to")
                .setType(AttributeProto.AttributeType.INT)
                .setI(type))
        .build();
  }

  private GraphProto write(GraphProto proto, Scope scope, boolean outermost) {
    GraphProto.Builder written =
        proto.toBuilder().clearNode().clearOutput().clearValueInfo().clearInput();
    scope.writing = written;
    for (TensorProto tensor : proto.getInitializerList()) {
      scope.types.put(tensor.getName(), tensor.getDataType());
      if (isNarrow(tensor.getDataType())) {
        scope.kept.add(tensor.getName());
      }
    }
    for (ValueInfoProto input : proto.getInputList()) {
      int type = input.getType().getTensorType().getElemType();
      scope.types.put(input.getName(), type);
      if (outermost && isNarrow(type)) {
        scope.kept.add(input.getName());
      }
      written.addInput(outermost ? input : widened(input));
    }
    for (NodeProto node : proto.getNodeList()) {
      write(node, scope, written);
    }
    for (ValueInfoProto output : proto.getOutputList()) {
      String name = output.getName();
      if (scope.owner(name).kept.contains(name)) {
        throw new IllegalArgumentException("output '" + name + "' is an input or a weight");
      }
      written.addOutput(widened(output));
    }
    return written.build();
  }

  private static ValueInfoProto widened(ValueInfoProto value) {
    TypeProto type = value.getType();
    if (!type.hasTensorType() || !isNarrow(type.getTensorType().getElemType())) {
      return value;
    }
    return value.toBuilder()
        .setType(
            type.toBuilder().setTensorType(type.getTensorType().toBuilder().setElemType(DOUBLE)))
        .build();
  }

  private void write(NodeProto node, Scope scope, GraphProto.Builder written) {
    boolean lookUp =
        node.getOpType().equals("Gather")
            && scope.owner(node.getInput(0)).kept.contains(node.getInput(0));
    int[] types;
    NodeProto.Builder copy = node.toBuilder();
    boolean body = false;
    for (int i = 0; i < node.getAttributeCount(); i++) {
      if (node.getAttribute(i).hasG()) {
        body = true;
      }
    }
    if (body) {
      types = bodies(node, copy, scope);
    } else {
      types = Types.of(node, scope::type);
    }
    for (int i = 0; i < node.getOutputCount(); i++) {
      scope.types.put(node.getOutput(i), i < types.length ? types[i] : 0);
    }
    if (!body && (lookUp || isSingle(node))) {
      single(node, copy, scope, written);
      return;
    }
    copy.clearInput();
    node.getInputList().forEach(name -> copy.addInput(scope.wide(name)));
    if (node.getOpType().equals("Cast")) {
      for (int i = 0; i < copy.getAttributeCount(); i++) {
        if (copy.getAttribute(i).getName().equals("to")
            && isNarrow((int) copy.getAttribute(i).getI())) {
          copy.setAttribute(i, copy.getAttribute(i).toBuilder().setI(DOUBLE));
        }
      }
    }
    List<NodeProto> spelled = isNarrowResult(node, scope) ? Spelled.of(copy.build()) : null;
    if (spelled == null) {
      written.addNode(copy);
    } else {
      written.addAllNode(spelled);
    }
  }

  private static boolean isNarrowResult(NodeProto node, Scope scope) {
    return isNarrow(scope.types.get(node.getOutput(0)));
  }

  private boolean isSingle(NodeProto node) {
    return switch (node.getOpType()) {
      case "Constant", "ConstantOfShape", "EyeLike", "RandomNormal", "RandomUniform" -> true;
      default -> node.getDomain().equals("ai.onnx.ml") || inSingle.contains(node.getOpType());
    };
  }

  /** The operator as exported, between casts. */
  private void single(
      NodeProto node, NodeProto.Builder copy, Scope scope, GraphProto.Builder written) {
    copy.clearInput();
    for (int i = 0; i < node.getInputCount(); i++) {
      String name = node.getInput(i);
      Integer type = name.isEmpty() ? null : scope.type(name);
      boolean widened = type != null && isNarrow(type) && !scope.owner(name).kept.contains(name);
      if (widened) {
        String narrow = node.getOutput(0) + SINGLE + i;
        written.addNode(castNode(name, narrow, type));
        copy.addInput(narrow);
      } else {
        copy.addInput(name);
      }
    }
    copy.clearOutput();
    for (String output : node.getOutputList()) {
      boolean narrow = !output.isEmpty() && isNarrow(scope.types.get(output));
      copy.addOutput(narrow ? output + SINGLE : output);
    }
    written.addNode(copy);
    for (String output : node.getOutputList()) {
      if (!output.isEmpty() && isNarrow(scope.types.get(output))) {
        written.addNode(castNode(output + SINGLE, output, DOUBLE));
      }
    }
  }

  /** Bodies of If, Loop and Scan, and the types of what they give. */
  private int[] bodies(NodeProto node, NodeProto.Builder copy, Scope scope) {
    int[] types = new int[node.getOutputCount()];
    for (int i = 0; i < node.getAttributeCount(); i++) {
      AttributeProto attribute = node.getAttribute(i);
      if (!attribute.hasG()) {
        continue;
      }
      Scope inner = new Scope(scope);
      GraphProto body = write(attribute.getG(), inner, false);
      copy.setAttribute(i, attribute.toBuilder().setG(body));
      // A Loop's body gives its condition first, which the operator does not.
      int skipped = node.getOpType().equals("Loop") ? 1 : 0;
      for (int output = 0; output < types.length; output++) {
        String name = attribute.getG().getOutput(output + skipped).getName();
        types[output] = inner.type(name);
      }
    }
    return types;
  }
}
