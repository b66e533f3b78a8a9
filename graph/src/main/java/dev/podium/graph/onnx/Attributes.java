package dev.podium.graph.onnx;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import java.util.List;

/** Attributes of an ONNX node by name. */
public final class Attributes {
  private Attributes() {}

  public static AttributeProto find(NodeProto node, String name) {
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.getName().equals(name)) {
        return attribute;
      }
    }
    return null;
  }

  public static long integer(NodeProto node, String name, long absent) {
    AttributeProto attribute = find(node, name);
    return attribute == null ? absent : attribute.getI();
  }

  public static float number(NodeProto node, String name, float absent) {
    AttributeProto attribute = find(node, name);
    return attribute == null ? absent : attribute.getF();
  }

  static String text(NodeProto node, String name, String absent) {
    AttributeProto attribute = find(node, name);
    return attribute == null ? absent : attribute.getS().toStringUtf8();
  }

  /** Null if absent. */
  public static List<Long> integers(NodeProto node, String name) {
    AttributeProto attribute = find(node, name);
    return attribute == null ? null : attribute.getIntsList();
  }
}
