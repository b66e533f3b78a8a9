package dev.podium.graph.importer;

import ai.onnx.proto.OnnxMl.AttributeProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Shapes;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.Attributes;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Operators that work element by element, with broadcasting. */
final class ElementwiseRules {
  private static final List<String> UNARY =
      List.of(
          "Abs",
          "Acos",
          "Acosh",
          "Asin",
          "Asinh",
          "Atan",
          "Atanh",
          "Cast",
          "Ceil",
          "Celu",
          "Cos",
          "Cosh",
          "Elu",
          "Erf",
          "Exp",
          "Floor",
          "Gelu",
          "HardSigmoid",
          "HardSwish",
          "IsInf",
          "IsNaN",
          "LeakyRelu",
          "Log",
          "Mish",
          "Neg",
          "Not",
          "Reciprocal",
          "Relu",
          "Round",
          "Selu",
          "Shrink",
          "Sigmoid",
          "Sign",
          "Sin",
          "Sinh",
          "Softplus",
          "Softsign",
          "Sqrt",
          "Swish",
          "Tan",
          "Tanh",
          "ThresholdedRelu");
  private static final List<String> BROADCASTING =
      List.of(
          "Add",
          "And",
          "Div",
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "Max",
          "Min",
          "Mod",
          "Mul",
          "Or",
          "PRelu",
          "Pow",
          "Sub",
          "Where",
          "Xor");

  private ElementwiseRules() {}

  static Map<String, ImportRule> rules() {
    Map<String, ImportRule> rules = new HashMap<>();
    UNARY.forEach(type -> rules.put(type, ElementwiseRules::elementwise));
    BROADCASTING.forEach(type -> rules.put(type, ElementwiseRules::elementwise));
    rules.put("Identity", (node, inputs, nodes) -> List.of(inputs.get(0)));
    rules.put("Dropout", ElementwiseRules::dropout);
    rules.put("Sum", ElementwiseRules::sum);
    rules.put("Mean", ElementwiseRules::mean);
    rules.put("Clip", ElementwiseRules::clip);
    return rules;
  }

  private static List<Tracked> elementwise(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    return List.of(
        apply(new Op.Elementwise(node.type(), node.proto().getAttributeList()), inputs, nodes));
  }

  static Tracked apply(String type, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    return apply(new Op.Elementwise(type, List.of()), inputs, nodes);
  }

  private static Tracked apply(Op.Elementwise op, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Alignment alignment = Alignment.of(inputs, nodes);
    if (Shapes.broadcast(alignment.values().stream().map(Node::shape).toList()) == null) {
      throw new Unsupported("operand shapes don't broadcast");
    }
    return Tracked.value(nodes.elementwise(op, alignment.values()), alignment.layout());
  }

  private static List<Tracked> dropout(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    boolean training = false;
    if (inputs.size() > 2 && inputs.get(2) != null) {
      Double mode = nodes.weights().uniform(inputs.get(2).node());
      training = mode == null || mode != 0;
    }
    if (training || node.proto().getOutputCount() > 1) {
      throw new Unsupported("drops values at random");
    }
    return List.of(inputs.get(0));
  }

  private static List<Tracked> sum(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked sum = inputs.get(0);
    for (Tracked input : inputs.subList(1, inputs.size())) {
      sum = apply("Add", List.of(sum, input), nodes);
    }
    return List.of(sum);
  }

  private static List<Tracked> mean(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked sum = sum(node, inputs, nodes).get(0);
    if (sum.node().type() != ElementType.FLOAT32 && sum.node().type() != ElementType.FLOAT64) {
      throw new Unsupported("mean of " + sum.node().type());
    }
    Node share = nodes.scalar(1.0 / inputs.size(), sum.node().type());
    return List.of(apply("Mul", List.of(sum, Tracked.value(share, null)), nodes));
  }

  /** As Max and Min, whose bounds may be absent. */
  private static List<Tracked> clip(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    List<Tracked> bounds = new ArrayList<>();
    for (int i = 1; i <= 2; i++) {
      AttributeProto attribute = Attributes.find(node.proto(), i == 1 ? "min" : "max");
      Tracked bound = i < inputs.size() ? inputs.get(i) : null;
      if (attribute != null) {
        bound = Tracked.value(nodes.scalar(attribute.getF(), value.node().type()), null);
      }
      bounds.add(bound);
    }
    if (bounds.get(0) != null) {
      value = apply("Max", List.of(value, bounds.get(0)), nodes);
    }
    if (bounds.get(1) != null) {
      value = apply("Min", List.of(value, bounds.get(1)), nodes);
    }
    return List.of(value);
  }
}
