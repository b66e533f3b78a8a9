package dev.podium.graph.importer;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Unsupported;
import java.util.List;

/** How one kind of ONNX operator works on one row. */
interface ImportRule {
  /**
   * @param node the operator
   * @param inputs its inputs, none of them opaque and each with a node; null where an optional
   *     input is absent
   * @param nodes makes the result
   * @return one value for each output of the operator
   * @throws Unsupported if the operator can't be followed here
   */
  List<Tracked> apply(Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported;

  /**
   * An operator in its graph.
   *
   * @param proto the node
   * @param opset version of the default operator set
   */
  record Operator(NodeProto proto, int opset) {
    String type() {
      return proto.getOpType();
    }
  }
}
