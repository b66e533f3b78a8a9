package dev.podium.graph.importer;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.ir.AffineDim;
import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Numbers;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.Weights;
import dev.podium.graph.ir.Work;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import dev.podium.graph.onnx.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads an exported graph as a function of one row. One importer reads one graph. */
public final class Importer {
  private static final Map<String, ImportRule> RULES = new HashMap<>();

  /**
   * Operators that take a shape or a range, which may depend on the number of rows, at these
   * positions.
   */
  private static final Map<String, Integer> FIRST_SHAPE_INPUT =
      Map.of("Reshape", 1, "Expand", 1, "Tile", 1, "Slice", 1, "ConstantOfShape", 0);

  /** Operators that only give a tensor another shape. */
  private static final Set<String> FREE =
      Set.of("Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Dropout");

  static {
    RULES.putAll(ElementwiseRules.rules());
    RULES.putAll(ShapeRules.rules());
    RULES.putAll(MovementRules.rules());
    RULES.putAll(GatherRules.rules());
    RULES.putAll(ProductRules.rules());
  }

  private final OnnxGraph graph;
  private final InputSides sides;
  private final Weights weights = new Weights();
  private final Nodes nodes = new Nodes(weights);
  private final Map<String, Tracked> tensors = new HashMap<>();
  private final Map<String, String> refusals = new LinkedHashMap<>();
  private boolean mixesRows;
  private Work work = Work.NONE;

  public Importer(OnnxGraph graph, InputSides inputs) {
    this.graph = graph;
    this.sides = inputs;
  }

  /** Operators left as exported, by name, each with its reason. */
  public Map<String, String> refusals() {
    return refusals;
  }

  /** Work of the operators that were followed, as exported. */
  public Work work() {
    return work;
  }

  /** Whether an operator was seen that makes a row depend on its neighbours. */
  public boolean mixesRows() {
    return mixesRows;
  }

  /**
   * The function of one row.
   *
   * @throws Unsupported if the graph as a whole is not one of rows
   */
  public RowFunction read() throws Unsupported {
    GraphProto proto = graph.graph();
    if (proto.getSparseInitializerCount() > 0) {
      throw new Unsupported("the graph has sparse initialisers");
    }
    for (TensorProto tensor : proto.getInitializerList()) {
      initialiser(tensor.getName(), tensor);
    }
    for (TensorInfo input : graph.inputs()) {
      tensors.put(input.name(), input(input));
    }
    for (NodeProto node : proto.getNodeList()) {
      read(node);
    }
    List<RowFunction.Output> outputs = new ArrayList<>();
    for (TensorInfo output : graph.outputs()) {
      Tracked value = tensors.get(output.name());
      if (value == null || value.node() == null) {
        throw new Unsupported(
            "output '" + output.name() + "' depends on nothing but the number of rows");
      }
      outputs.add(new RowFunction.Output(output.name(), value.node(), value.layout()));
    }
    return new RowFunction(nodes, outputs);
  }

  private void initialiser(String name, TensorProto tensor) {
    TensorProto named =
        tensor.getName().equals(name) ? tensor : tensor.toBuilder().setName(name).build();
    weights.put(name, named);
    Numbers numbers = null;
    if (tensor.getDimsCount() <= 1) {
      long[] values = Tensors.wholeNumbers(tensor);
      if (values != null) {
        List<AffineDim> list = java.util.Arrays.stream(values).mapToObj(AffineDim::of).toList();
        numbers =
            new Numbers(list, tensor.getDimsCount() == 0, ElementType.of(tensor.getDataType()));
      }
    }
    tensors.put(name, new Tracked(nodes.initialiser(name), null, numbers));
  }

  private static IllegalArgumentException misfit(
      TensorInfo input, List<Long> given, String expected) {
    return new IllegalArgumentException(
        "shape of input '" + input.name() + "': " + given + " (expected: " + expected + ")");
  }

  private Tracked input(TensorInfo input) throws Unsupported {
    if (input.shape().isEmpty() || input.shape().get(0) >= 0) {
      throw new Unsupported(
          "input '"
              + input.name()
              + "' has shape "
              + input.shape()
              + " (expected: an open row axis first)");
    }
    List<Integer> shape = new ArrayList<>();
    List<Long> given = sides.shapes().get(input.name());
    if (given != null && given.size() != input.shape().size() - 1) {
      throw misfit(input, given, (input.shape().size() - 1) + " dimensions after the rows");
    }
    TensorInfo row = input.ofOneRow();
    if (given != null && !row.takes(given)) {
      throw misfit(input, given, row.shape() + " as in the graph");
    }
    for (long wanted : given == null ? row.shape() : given) {
      if (wanted < 1) {
        throw new Unsupported(
            "input '" + input.name() + "' has an open dimension after the rows: give its shape");
      }
      shape.add(Math.toIntExact(wanted));
    }
    List<InputSides.Range> ranges = sides.contextColumns().get(input.name());
    if (ranges == null) {
      boolean isContext = sides.wholeContext().contains(input.name());
      return Tracked.value(
          nodes.input(input.name(), isContext, shape, input.type()), Layout.ROWS_FIRST);
    }
    if (shape.size() != 1 || ranges.get(ranges.size() - 1).to() > shape.get(0)) {
      throw new IllegalArgumentException(
          "context columns "
              + ranges
              + " of input '"
              + input.name()
              + "' (expected: columns of a matrix of shape [rows, columns], here "
              + input.shape()
              + ")");
    }
    Node shared = nodes.input(input.name(), true, shape, input.type());
    Node own = nodes.input(input.name(), false, shape, input.type());
    List<Node> parts = new ArrayList<>();
    int at = 0;
    for (InputSides.Range range : ranges) {
      if (range.from() > at) {
        parts.add(nodes.slice(own, 0, at, range.from()));
      }
      parts.add(nodes.slice(shared, 0, range.from(), range.to()));
      at = range.to();
    }
    if (at < shape.get(0)) {
      parts.add(nodes.slice(own, 0, at, shape.get(0)));
    }
    return Tracked.value(nodes.concat(parts, 0), Layout.ROWS_FIRST);
  }

  private void read(NodeProto node) {
    if (node.getOpType().equals("Constant") && isDefault(node) && constant(node)) {
      return;
    }
    try {
      List<Tracked> results = follow(node);
      count(node, results);
      for (int i = 0; i < node.getOutputCount(); i++) {
        if (!node.getOutput(i).isEmpty()) {
          tensors.put(node.getOutput(i), results.get(i));
        }
      }
    } catch (Unsupported e) {
      String name =
          node.getOpType()
              + " '"
              + (node.getName().isEmpty() ? node.getOutput(0) : node.getName())
              + "'";
      if (!e.getMessage().isEmpty()) {
        refusals.put(name, e.getMessage());
      }
      mixesRows |= e.mixesRows();
      leave(node);
    }
  }

  private void count(NodeProto node, List<Tracked> results) {
    for (Tracked result : results) {
      if (result.hasRows() && !FREE.contains(node.getOpType())) {
        long products = 0;
        if (node.getOpType().equals("MatMul") || node.getOpType().equals("Gemm")) {
          products = (long) result.node().size() * tensors.get(node.getInput(0)).node().dim(-1);
        }
        long bytes = (long) result.node().size() * result.node().type().bytes();
        work = work.plus(new Work(0, products, 0, bytes));
      }
    }
  }

  private boolean constant(NodeProto node) {
    AttributeProto attribute = node.getAttribute(0);
    String name = node.getOutput(0);
    switch (attribute.getName()) {
      case "value" -> initialiser(name, attribute.getT());
      case "value_float" ->
          initialiser(
              name,
              Tensors.tensor(ElementType.FLOAT32, List.of(), new double[] {attribute.getF()}));
      case "value_int" ->
          initialiser(name, Tensors.longs(attribute.getI()).toBuilder().clearDims().build());
      case "value_ints" ->
          initialiser(
              name,
              Tensors.longs(attribute.getIntsList().stream().mapToLong(Long::longValue).toArray()));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean isDefault(NodeProto node) {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
  }

  private List<Tracked> follow(NodeProto node) throws Unsupported {
    List<Tracked> inputs = new ArrayList<>();
    for (String name : node.getInputList()) {
      inputs.add(name.isEmpty() ? null : tensors.get(name));
    }
    for (Tracked input : inputs) {
      if (input != null && input.isOpaque()) {
        throw new Unsupported("");
      }
    }
    if (!isDefault(node)) {
      throw new Unsupported(
          "operator " + node.getDomain() + ":" + node.getOpType() + " is not known");
    }
    Numbers numbers = ShapeArithmetic.evaluate(node, inputs);
    if (numbers != null) {
      return List.of(numbers(numbers));
    }
    ImportRule rule = RULES.get(node.getOpType());
    if (rule == null) {
      throw new Unsupported("operator " + node.getOpType() + " is not known");
    }
    int firstShape = FIRST_SHAPE_INPUT.getOrDefault(node.getOpType(), Integer.MAX_VALUE);
    for (int i = 0; i < inputs.size() && i < firstShape; i++) {
      if (inputs.get(i) != null && inputs.get(i).node() == null) {
        throw new Unsupported("computes with the number of rows");
      }
      if (inputs.get(i) != null && inputs.get(i).node().shape().contains(0)) {
        throw new Unsupported("an empty tensor");
      }
    }
    return rule.apply(new ImportRule.Operator(node, Math.toIntExact(graph.opset())), inputs, nodes);
  }

  private Tracked numbers(Numbers numbers) {
    boolean exact = numbers.values().stream().allMatch(v -> Math.abs(v.constant()) < 1L << 53);
    if (!numbers.isConstant() || numbers.values().isEmpty() || !exact) {
      return new Tracked(null, null, numbers);
    }
    double[] values = numbers.values().stream().mapToDouble(AffineDim::constant).toArray();
    List<Integer> shape = numbers.scalar() ? List.of() : List.of(values.length);
    return new Tracked(nodes.literal(Tensors.tensor(numbers.type(), shape, values)), null, numbers);
  }

  /** Keeps an operator as it is, on the candidate side, with its inputs as they were. */
  private void leave(NodeProto node) {
    Set<String> names = new LinkedHashSet<>(node.getInputList());
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.hasG()) {
        captured(attribute.getG(), names);
      }
      attribute.getGraphsList().forEach(body -> captured(body, names));
    }
    List<Node> inputs = new ArrayList<>();
    for (String name : names) {
      Tracked input = tensors.get(name);
      if (input == null) {
        continue;
      }
      if (input.isOpaque()) {
        inputs.add(input.node());
      } else if (input.node() == null) {
        inputs.add(nodes.rowCounts(name, input.numbers()));
      } else {
        inputs.add(nodes.exported(name, input.layout(), input.node()));
      }
    }
    for (int i = 0; i < node.getOutputCount(); i++) {
      if (!node.getOutput(i).isEmpty()) {
        tensors.put(
            node.getOutput(i), Tracked.value(nodes.opaque(new Op.Opaque(node, i), inputs), null));
      }
    }
  }

  /** Adds the names that a subgraph takes from the graphs around it. */
  private static void captured(GraphProto body, Set<String> names) {
    Set<String> own = new HashSet<>();
    body.getInputList().forEach(input -> own.add(input.getName()));
    body.getInitializerList().forEach(tensor -> own.add(tensor.getName()));
    body.getNodeList().forEach(node -> own.addAll(node.getOutputList()));
    Set<String> used = new LinkedHashSet<>();
    for (NodeProto node : body.getNodeList()) {
      used.addAll(node.getInputList());
      for (AttributeProto attribute : node.getAttributeList()) {
        if (attribute.hasG()) {
          captured(attribute.getG(), used);
        }
        attribute.getGraphsList().forEach(inner -> captured(inner, used));
      }
    }
    body.getOutputList().forEach(output -> used.add(output.getName()));
    used.removeAll(own);
    names.addAll(used);
  }
}
