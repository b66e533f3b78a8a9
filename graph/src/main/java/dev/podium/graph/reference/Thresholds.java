package dev.podium.graph.reference;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.Attributes;
import dev.podium.graph.onnx.Functions;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorValues;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The numbers that a graph compares with: a value on the one side is treated otherwise than one on
 * the other, so both sides have to be tried.
 */
public final class Thresholds {
  private static final Set<String> COMPARISONS =
      Set.of("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Clip");

  private static final int MOST_READ = 1 << 16;

  /** More of one list (the splits of a tree) are left out evenly. */
  private static final int MOST_OF_A_LIST = 256;

  private final TreeSet<Double> found = new TreeSet<>();

  private Thresholds() {}

  /** All finite ones, in ascending order; those inside of branches and loops are among them. */
  public static double[] of(OnnxGraph graph) {
    Thresholds thresholds = new Thresholds();
    thresholds.read(Functions.inlined(graph).model().getGraph(), Map.of());
    return thresholds.found.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private void read(GraphProto graph, Map<String, TensorProto> around) {
    Map<String, TensorProto> constants = new HashMap<>(around);
    graph.getInitializerList().forEach(tensor -> constants.put(tensor.getName(), tensor));
    for (NodeProto node : graph.getNodeList()) {
      AttributeProto value = Attributes.find(node, "value");
      if (node.getOpType().equals("Constant") && value != null) {
        constants.put(node.getOutput(0), value.getT());
      }
      if (COMPARISONS.contains(node.getOpType())) {
        for (String input : node.getInputList()) {
          if (constants.containsKey(input)) {
            add(TensorValues.of(constants.get(input), MOST_READ));
          }
        }
      }
      if (node.getOpType().startsWith("TreeEnsemble")) {
        AttributeProto splits = Attributes.find(node, "nodes_values");
        if (splits != null) {
          add(splits.getFloatsList().stream().mapToDouble(Float::doubleValue).toArray());
        }
      }
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          read(attribute.getG(), constants);
        }
        List<GraphProto> bodies = attribute.getGraphsList();
        bodies.forEach(body -> read(body, constants));
      }
    }
  }

  private void add(double[] values) {
    if (values == null) {
      return;
    }
    int step = Math.max(1, values.length / MOST_OF_A_LIST);
    for (int i = 0; i < values.length; i += step) {
      if (Double.isFinite(values[i])) {
        found.add(values[i]);
      }
    }
  }
}
