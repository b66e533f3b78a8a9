package dev.podium.graph.importer;

import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Layout;
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
import java.util.Set;
import java.util.TreeSet;

/** Operators that compute along axes: products, reductions, normalisations. */
final class ProductRules {
  private static final List<String> REDUCTIONS =
      List.of(
          "ReduceL1",
          "ReduceL2",
          "ReduceLogSum",
          "ReduceLogSumExp",
          "ReduceMax",
          "ReduceMean",
          "ReduceMin",
          "ReduceProd",
          "ReduceSum",
          "ReduceSumSquare");

  private ProductRules() {}

  static Map<String, ImportRule> rules() {
    Map<String, ImportRule> rules = new HashMap<>();
    rules.put("MatMul", ProductRules::matMul);
    rules.put("Gemm", ProductRules::gemm);
    rules.put("BatchNormalization", ProductRules::batchNormalization);
    rules.put("LayerNormalization", ProductRules::layerNormalization);
    rules.put("Softmax", ProductRules::softmax);
    rules.put("LogSoftmax", ProductRules::softmax);
    REDUCTIONS.forEach(type -> rules.put(type, ProductRules::reduce));
    return rules;
  }

  private static void requireFloat(Tracked... values) throws Unsupported {
    for (Tracked value : values) {
      ElementType type = value.node().type();
      if (type != ElementType.FLOAT32 && type != ElementType.FLOAT64) {
        throw new Unsupported("elements of type " + type);
      }
    }
  }

  private static List<Tracked> matMul(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    return List.of(matMul(inputs.get(0), inputs.get(1), nodes));
  }

  private static Tracked matMul(Tracked left, Tracked right, Nodes nodes) throws Unsupported {
    requireFloat(left, right);
    int leftRank = left.rank();
    int rightRank = right.rank();
    if (leftRank < 1
        || rightRank < 1
        || rightRank == 1 && right.hasRows()
        || leftRank == 1 && left.hasRows()) {
      throw Unsupported.mixesRows("multiplies along the row axis");
    }
    // Axes counted from the end: -1 and -2 are those of the matrices, the ones before are repeated
    // over.
    Integer leftRows = left.hasRows() ? left.layout().axis() - leftRank : null;
    Integer rightRows = right.hasRows() ? right.layout().axis() - rightRank : null;
    if (leftRows != null && leftRows == -1 || rightRows != null && rightRows >= -2) {
      throw Unsupported.mixesRows("multiplies along the row axis");
    }
    if (leftRows != null && leftRows == -2) {
      // The rows are the matrix's own: [.., rows, k] by [k, n].
      if (right.hasRows() || rightRank > 2) {
        throw Unsupported.mixesRows("rows of one operand meet another axis of the other");
      }
      if (left.node().dim(-1) != right.node().dim(0)) {
        throw new Unsupported("shapes " + left.shape() + " and " + right.shape());
      }
      Node product = nodes.matMul(left.node(), right.node());
      return Tracked.value(product, left.layout());
    }
    if (leftRank < 2 || rightRank < 2) {
      if (left.hasRows() == right.hasRows() || rightRank > 1) {
        if (left.hasRows() || right.hasRows()) {
          throw new Unsupported("a vector with rows");
        }
      }
      if (left.hasRows() && left.layout().flat()) {
        throw new Unsupported("a vector with rows");
      }
      if (left.node().dim(-1) != right.node().dim(rightRank == 1 ? 0 : -2)) {
        throw new Unsupported("shapes " + left.shape() + " and " + right.shape());
      }
      return Tracked.value(nodes.matMul(left.node(), right.node()), left.layout());
    }
    int rank = Math.max(leftRank, rightRank);
    Alignment alignment = batchAlignment(left, right, rank, nodes);
    Node a = alignment.values().get(0);
    Node b = alignment.values().get(1);
    List<Integer> batch =
        Shapes.broadcast(
            List.of(a.shape().subList(0, a.rank() - 2), b.shape().subList(0, b.rank() - 2)));
    if (a.dim(-1) != b.dim(-2) || batch == null) {
      throw new Unsupported("shapes " + left.shape() + " and " + right.shape());
    }
    return Tracked.value(nodes.matMul(a, b), alignment.layout());
  }

  /** Rows among the leading axes of both operands must meet each other or a single entry. */
  private static Alignment batchAlignment(Tracked left, Tracked right, int rank, Nodes nodes)
      throws Unsupported {
    Layout layout = null;
    List<Node> values = new ArrayList<>();
    for (Tracked operand : List.of(left, right)) {
      if (operand.hasRows()) {
        if (operand.layout().flat()) {
          throw new Unsupported("rows and another axis in one leading axis");
        }
        Layout shifted = new Layout(operand.layout().axis() + rank - operand.rank(), false);
        if (layout != null && !layout.equals(shifted)) {
          throw Unsupported.mixesRows("rows of one operand meet another axis of the other");
        }
        layout = shifted;
      }
    }
    for (Tracked operand : List.of(left, right)) {
      Node node = operand.node();
      if (layout != null && !operand.hasRows()) {
        int axis = layout.axis() - (rank - operand.rank());
        if (axis >= 0) {
          if (node.dim(axis) != 1) {
            throw Unsupported.mixesRows("rows of one operand meet another axis of the other");
          }
          node = nodes.reshape(node, Shapes.without(node.shape(), axis));
        }
      } else if (layout != null) {
        node = nodes.atRank(node, rank - 1);
      }
      values.add(node);
    }
    return new Alignment(values, layout);
  }

  private static List<Tracked> gemm(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked left = inputs.get(0);
    Tracked right = inputs.get(1);
    if (Attributes.integer(node.proto(), "transA", 0) != 0) {
      if (left.hasRows()) {
        throw Unsupported.mixesRows("multiplies along the row axis");
      }
      left = Tracked.value(nodes.transposeLast(left.node()), null);
    }
    if (Attributes.integer(node.proto(), "transB", 0) != 0) {
      if (right.hasRows()) {
        throw Unsupported.mixesRows("multiplies along the row axis");
      }
      right = Tracked.value(nodes.transposeLast(right.node()), null);
    }
    Tracked product =
        scaled(matMul(left, right, nodes), Attributes.number(node.proto(), "alpha", 1), nodes);
    if (inputs.size() < 3 || inputs.get(2) == null) {
      return List.of(product);
    }
    Tracked bias = scaled(inputs.get(2), Attributes.number(node.proto(), "beta", 1), nodes);
    return List.of(ElementwiseRules.apply("Add", List.of(product, bias), nodes));
  }

  private static Tracked scaled(Tracked value, float factor, Nodes nodes) throws Unsupported {
    if (factor == 1) {
      return value;
    }
    Node scalar = nodes.scalar(factor, value.node().type());
    return ElementwiseRules.apply("Mul", List.of(value, Tracked.value(scalar, null)), nodes);
  }

  /** The inference form: a factor and a summand for each channel. */
  private static List<Tracked> batchNormalization(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    Tracked value = inputs.get(0);
    if (Attributes.integer(node.proto(), "training_mode", 0) != 0
        || Attributes.integer(node.proto(), "is_test", 1) == 0 && node.opset() < 7
        || node.proto().getOutputCount() > 1) {
      throw Unsupported.mixesRows("takes its statistics from the rows");
    }
    if (value.rank() < 2) {
      throw new Unsupported("a tensor of shape " + value.shape());
    }
    requireFloat(value);
    for (Tracked parameter : inputs.subList(1, 5)) {
      if (parameter.hasRows()
          || parameter.rank() != 1
          || parameter.node().type() != value.node().type()) {
        throw new Unsupported("statistics of shape " + parameter.shape());
      }
    }
    int channels = ownAxisOf(value);
    ElementType type = value.node().type();
    Node scale = inputs.get(1).node();
    Node bias = inputs.get(2).node();
    Node mean = inputs.get(3).node();
    Node variance = inputs.get(4).node();
    Node epsilon = nodes.scalar(Attributes.number(node.proto(), "epsilon", 1e-5f), type);
    Node deviation = nodes.elementwise("Sqrt", nodes.elementwise("Add", variance, epsilon));
    Node factor = nodes.elementwise("Div", scale, deviation);
    Node summand = nodes.elementwise("Sub", bias, nodes.elementwise("Mul", mean, factor));
    List<Integer> shape = new ArrayList<>();
    for (int i = channels; i < value.node().rank(); i++) {
      shape.add(i == channels ? value.node().dim(channels) : 1);
    }
    if (factor.size() != value.node().dim(channels)) {
      throw new Unsupported(factor.size() + " channels for a tensor of shape " + value.shape());
    }
    Node result =
        nodes.elementwise(
            "Add",
            nodes.elementwise("Mul", value.node(), nodes.reshape(factor, shape)),
            nodes.reshape(summand, shape));
    return List.of(Tracked.value(result, value.layout()));
  }

  private static int ownAxisOf(Tracked value) throws Unsupported {
    return Operands.ownAxis(value, 1);
  }

  private static List<Tracked> layerNormalization(
      ImportRule.Operator node, List<Tracked> inputs, Nodes nodes) throws Unsupported {
    Tracked value = inputs.get(0);
    requireFloat(value);
    int axis = Operands.axis(Attributes.integer(node.proto(), "axis", -1), value.rank());
    if (value.hasRows() && axis <= value.layout().axis()) {
      throw Unsupported.mixesRows("normalises over the row axis");
    }
    if (node.proto().getOutputCount() > 1
        || Attributes.integer(node.proto(), "stash_type", 1) != 1) {
      throw new Unsupported("gives its statistics");
    }
    List<Node> operands = new ArrayList<>();
    for (Tracked input : inputs) {
      if (input == null) {
        continue;
      }
      if (input != value && (input.hasRows() || input.node().isCandidate())) {
        throw new Unsupported("scale differs by row");
      }
      operands.add(input.node());
    }
    Op.LayerNorm op =
        new Op.LayerNorm(
            Operands.ownAxis(value, axis), Attributes.number(node.proto(), "epsilon", 1e-5f));
    return List.of(Tracked.value(nodes.layerNorm(op, operands), value.layout()));
  }

  private static List<Tracked> softmax(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    requireFloat(value);
    int axis =
        Operands.axis(
            Attributes.integer(node.proto(), "axis", node.opset() < 13 ? 1 : -1), value.rank());
    if (node.opset() < 13 && axis != value.rank() - 1) {
      throw new Unsupported("normalises over several axes");
    }
    return List.of(
        Tracked.value(
            nodes.softmax(node.type(), value.node(), Operands.ownAxis(value, axis)),
            value.layout()));
  }

  private static List<Tracked> reduce(ImportRule.Operator node, List<Tracked> inputs, Nodes nodes)
      throws Unsupported {
    Tracked value = inputs.get(0);
    List<Long> axes = Operands.axes(node, inputs);
    if (axes == null || axes.isEmpty()) {
      if (Attributes.integer(node.proto(), "noop_with_empty_axes", 0) != 0) {
        return List.of(value);
      }
      if (value.hasRows()) {
        throw Unsupported.mixesRows("reduces over the rows");
      }
      axes = java.util.stream.LongStream.range(0, value.rank()).boxed().toList();
    }
    Set<Integer> exported = new TreeSet<>();
    Set<Integer> own = new TreeSet<>();
    for (long given : axes) {
      int axis = Operands.axis(given, value.rank());
      exported.add(axis);
      own.add(Operands.ownAxis(value, axis));
    }
    if (own.isEmpty()) {
      return List.of(value);
    }
    Tracked reduced = Tracked.value(nodes.reduce(node.type(), value.node(), own), value.layout());
    if (Attributes.integer(node.proto(), "keepdims", 1) != 0) {
      return List.of(reduced);
    }
    List<AffineDim> target = new ArrayList<>();
    for (int i = 0; i < value.rank(); i++) {
      if (!exported.contains(i)) {
        target.add(reduced.shape().get(i));
      }
    }
    return List.of(ShapeRules.reshape(reduced, target, nodes));
  }
}
