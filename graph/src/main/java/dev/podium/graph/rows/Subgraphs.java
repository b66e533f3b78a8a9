package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.LinkedHashSet;
import java.util.Set;

/** Graphs inside of operators. */
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
}
