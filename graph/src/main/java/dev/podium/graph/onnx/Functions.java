package dev.podium.graph.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Puts the bodies of the functions that a model brings along where they are called. */
public final class Functions {
  private final Map<String, FunctionProto> functions = new HashMap<>();
  private int calls;

  private Functions(ModelProto model) {
    for (FunctionProto function : model.getFunctionsList()) {
      functions.put(function.getDomain() + ":" + function.getName(), function);
    }
  }

  /** The same graph without functions. */
  public static OnnxGraph inlined(OnnxGraph graph) {
    ModelProto model = graph.model();
    if (model.getFunctionsCount() == 0) {
      return graph;
    }
    GraphProto.Builder inlined = model.getGraph().toBuilder().clearNode();
    new Functions(model).expand(model.getGraph().getNodeList(), inlined);
    ModelProto.Builder result = model.toBuilder().clearFunctions().setGraph(inlined);
    Set<String> domains = new HashSet<>();
    model.getOpsetImportList().forEach(domain -> domains.add(domain.getDomain()));
    for (FunctionProto function : model.getFunctionsList()) {
      for (OperatorSetIdProto domain : function.getOpsetImportList()) {
        if (domains.add(domain.getDomain())) {
          result.addOpsetImport(domain);
        }
      }
    }
    return OnnxGraph.of(result.build());
  }

  private void expand(List<NodeProto> nodes, GraphProto.Builder into) {
    for (NodeProto node : nodes) {
      FunctionProto function = functions.get(node.getDomain() + ":" + node.getOpType());
      if (function == null) {
        into.addNode(node);
      } else {
        expand(body(function, node), into);
      }
    }
  }

  /** A function's operators under names of this call. */
  private List<NodeProto> body(FunctionProto function, NodeProto call) {
    String prefix = "call" + calls++ + "_";
    Map<String, String> names = new HashMap<>();
    names.put("", "");
    for (int i = 0; i < function.getInputCount(); i++) {
      names.put(function.getInput(i), i < call.getInputCount() ? call.getInput(i) : "");
    }
    for (int i = 0; i < function.getOutputCount() && i < call.getOutputCount(); i++) {
      if (!call.getOutput(i).isEmpty()) {
        names.put(function.getOutput(i), call.getOutput(i));
      }
    }
    Map<String, AttributeProto> given = new HashMap<>();
    function.getAttributeProtoList().forEach(a -> given.put(a.getName(), a));
    call.getAttributeList().forEach(a -> given.put(a.getName(), a));
    return function.getNodeList().stream()
        .map(node -> renamed(node, names, given, prefix))
        .toList();
  }

  private static NodeProto renamed(
      NodeProto node, Map<String, String> names, Map<String, AttributeProto> given, String prefix) {
    NodeProto.Builder copy =
        node.toBuilder()
            .clearInput()
            .clearOutput()
            .clearAttribute()
            .setName(prefix + node.getOutput(0));
    node.getInputList().forEach(n -> copy.addInput(names.computeIfAbsent(n, x -> prefix + x)));
    node.getOutputList().forEach(n -> copy.addOutput(names.computeIfAbsent(n, x -> prefix + x)));
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        GraphProto.Builder body = attribute.getG().toBuilder().clearNode().clearOutput();
        attribute.getG().getNodeList().forEach(n -> body.addNode(renamed(n, names, given, prefix)));
        attribute
            .getG()
            .getOutputList()
            .forEach(
                output ->
                    body.addOutput(
                        output.toBuilder()
                            .setName(names.computeIfAbsent(output.getName(), x -> prefix + x))));
        copy.addAttribute(attribute.toBuilder().setG(body));
      } else if (attribute.getRefAttrName().isEmpty()) {
        copy.addAttribute(attribute);
      } else if (given.containsKey(attribute.getRefAttrName())) {
        copy.addAttribute(
            given.get(attribute.getRefAttrName()).toBuilder().setName(attribute.getName()));
      }
    }
    return copy.build();
  }
}
