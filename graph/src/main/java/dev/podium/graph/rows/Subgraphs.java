package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Graphs inside of operators, and functions that a model brings along. */
final class Subgraphs {
  private Subgraphs() {}

  /** Names that the bodies of an operator may take from around them; its own are among them. */
  static Set<String> captured(NodeProto node) {
    Set<String> names = new LinkedHashSet<>();
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        add(attribute.getG(), names);
      }
      attribute.getGraphsList().forEach(body -> add(body, names));
    }
    return names;
  }

  private static void add(GraphProto body, Set<String> names) {
    for (NodeProto node : body.getNodeList()) {
      names.addAll(node.getInputList());
      names.addAll(captured(node));
    }
    body.getOutputList().forEach(output -> names.add(output.getName()));
  }

  /** A function's operators, with the attributes that its caller gives in their places. */
  static List<NodeProto> withAttributes(FunctionProto function, NodeProto caller) {
    Map<String, AttributeProto> given = new HashMap<>();
    function
        .getAttributeProtoList()
        .forEach(attribute -> given.put(attribute.getName(), attribute));
    caller.getAttributeList().forEach(attribute -> given.put(attribute.getName(), attribute));
    List<NodeProto> nodes = new ArrayList<>();
    for (NodeProto node : function.getNodeList()) {
      NodeProto.Builder copy = node.toBuilder().clearAttribute();
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.getRefAttrName().isEmpty()) {
          copy.addAttribute(attribute);
        } else if (given.containsKey(attribute.getRefAttrName())) {
          AttributeProto value = given.get(attribute.getRefAttrName());
          copy.addAttribute(value.toBuilder().setName(attribute.getName()));
        }
      }
      nodes.add(copy.build());
    }
    return nodes;
  }
}
