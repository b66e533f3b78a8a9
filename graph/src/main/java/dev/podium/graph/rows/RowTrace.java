package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Follows sets of rows through one graph, with a fixed number of rows. All shapes are then plain
 * numbers, so wherever an exporter puts the rows (first, last, merged with heads or positions), a
 * movement of elements is a movement of sets. Values are followed only where shapes and positions
 * are computed.
 *
 * <p>What depends on the number of rows, or on a row's position among the others, is a dependence
 * like any other: it has a bit of its own ({@link #COUNT}). Shapes that hold the number of rows are
 * told by comparing with a trace of another number of rows.
 */
final class RowTrace {
  /** The bit of what depends on how many rows there are, or at which place a row stands. */
  static final int COUNT = 1 << 16;

  private final OnnxGraph graph;
  private final Map<String, List<Long>> rowShapes;
  private final Set<String> shared;
  private final int rows;
  private final Map<String, int[]> otherShapes;
  private final Map<String, int[]> shapes = new HashMap<>();
  private final Map<String, Traced> outputs = new LinkedHashMap<>();

  /**
   * The first operator that joined sets of several rows in an element, and why if not by itself.
   */
  private RowDependence.Mixing firstMixing;

  /**
   * @param graph without functions of its own
   * @param shared inputs that are the same for all rows
   * @param otherShapes shapes of all tensors with another number of rows; null for the first trace
   */
  RowTrace(
      OnnxGraph graph,
      Map<String, List<Long>> rowShapes,
      Set<String> shared,
      int rows,
      Map<String, int[]> otherShapes) {
    this.graph = graph;
    this.rowShapes = rowShapes;
    this.shared = shared;
    this.rows = rows;
    this.otherShapes = otherShapes;
  }

  /** Follows the whole graph. */
  void run() {
    Scope scope = new Scope(null, "");
    for (TensorInfo input : graph.inputs()) {
      scope.put(input.name(), input(input));
    }
    GraphProto proto = graph.model().getGraph();
    run(proto, scope);
    proto
        .getOutputList()
        .forEach(output -> outputs.put(output.getName(), scope.get(output.getName())));
  }

  /** The shapes of all tensors whose shapes are known, by name. */
  Map<String, int[]> shapes() {
    return shapes;
  }

  /**
   * The first thing that makes an output's row depend on more than the row; null if nothing does.
   */
  RowDependence.Mixing mixing(List<String> names) {
    for (String name : names) {
      Traced output = outputs.get(name);
      String what = "output '" + name + "'";
      if (output == null) {
        return new RowDependence.Mixing(what, "the graph has no such output");
      }
      if (!output.isKnown() || output.rank() == 0 || output.shape()[0] != rows) {
        if (firstMixing != null) {
          return firstMixing;
        }
        return new RowDependence.Mixing(what, "its first axis does not follow the rows");
      }
      for (int row = 0; row < rows; row++) {
        int set = output.rows().take(0, new int[] {row}, 0).all();
        if ((set & COUNT) != 0) {
          return new RowDependence.Mixing(
              what, "it depends on how many rows there are, or on a row's place among them");
        }
        if ((set & ~(1 << row)) != 0) {
          return firstMixing != null
              ? firstMixing
              : new RowDependence.Mixing(what, "its rows are not in the order of the inputs' rows");
        }
      }
    }
    return null;
  }

  private Traced input(TensorInfo input) {
    List<Long> row = rowShapes.get(input.name());
    List<Long> declared = input.shape();
    if (declared.isEmpty()) {
      throw new Untraceable("input '" + input.name() + "' has no row axis");
    }
    int[] shape = new int[declared.size()];
    shape[0] = rows;
    for (int axis = 1; axis < shape.length; axis++) {
      long dim = row == null ? declared.get(axis) : row.get(axis - 1);
      if (dim < 1) {
        throw new Untraceable("input '" + input.name() + "' has an open dimension after the rows");
      }
      shape[axis] = Math.toIntExact(dim);
    }
    return Traced.of(
        shared.contains(input.name()) ? Dependence.same(shape, 0) : Dependence.ofRows(shape));
  }

  /** Names that a graph sees: its own, then those of the graphs around it. */
  static final class Scope {
    private final Scope around;
    private final String prefix;
    private final Map<String, Traced> tensors = new HashMap<>();

    Scope(Scope around, String prefix) {
      this.around = around;
      this.prefix = prefix;
    }

    void put(String name, Traced tensor) {
      tensors.put(name, tensor);
    }

    Traced get(String name) {
      for (Scope scope = this; scope != null; scope = scope.around) {
        Traced tensor = scope.tensors.get(name);
        if (tensor != null) {
          return tensor;
        }
      }
      return null;
    }
  }

  private void run(GraphProto proto, Scope scope) {
    for (TensorProto tensor : proto.getInitializerList()) {
      scope.put(tensor.getName(), Constants.traced(tensor));
    }
    proto
        .getSparseInitializerList()
        .forEach(sparse -> scope.put(sparse.getValues().getName(), Traced.unknown(0)));
    run(proto.getNodeList(), scope);
  }

  private void run(List<NodeProto> nodes, Scope scope) {
    for (NodeProto node : nodes) {
      List<Traced> inputs = new ArrayList<>();
      for (String name : node.getInputList()) {
        inputs.add(name.isEmpty() ? null : scope.get(name));
      }
      List<Traced> results = results(node, inputs, scope);
      for (int i = 0; i < node.getOutputCount(); i++) {
        String name = node.getOutput(i);
        Traced result = i < results.size() ? results.get(i) : null;
        if (name.isEmpty() || result == null) {
          continue;
        }
        scope.put(name, result);
        if (result.isKnown()) {
          shapes.put(scope.prefix + name, result.shape());
        }
      }
    }
  }

  private List<Traced> results(NodeProto node, List<Traced> inputs, Scope scope) {
    String reason = "";
    List<Traced> results;
    try {
      results = known(node, inputs, scope);
    } catch (Untraceable e) {
      reason = e.getMessage();
      int set = 0;
      for (Traced input : inputs) {
        set |= input == null ? 0 : input.all();
      }
      for (String name : Subgraphs.captured(node)) {
        Traced captured = scope.get(name);
        set |= captured == null ? 0 : captured.all();
      }
      results = new ArrayList<>();
      for (int i = 0; i < node.getOutputCount(); i++) {
        results.add(Traced.unknown(set));
      }
    }
    if (firstMixing == null
        && results.stream().anyMatch(RowTrace::mixes)
        && inputs.stream().noneMatch(input -> input != null && input.isKnown() && mixes(input))) {
      firstMixing =
          new RowDependence.Mixing(
              name(node), reason.isEmpty() ? "its result joins values of several rows" : reason);
    }
    return results;
  }

  private static boolean mixes(Traced tensor) {
    if (!tensor.isKnown()) {
      return Integer.bitCount(tensor.set()) > 1;
    }
    for (int set : tensor.rows().sets().cells()) {
      if (Integer.bitCount(set) > 1) {
        return true;
      }
    }
    return false;
  }

  private static String name(NodeProto node) {
    String name = node.getName().isEmpty() ? node.getOutput(0) : node.getName();
    return node.getOpType() + " '" + name + "'";
  }

  private List<Traced> known(NodeProto node, List<Traced> inputs, Scope scope) {
    if (node.getOpType().equals("If") && isDefault(node)) {
      return branch(node, inputs.get(0), scope);
    }
    RowRule rule = RowRules.find(node.getDomain(), node.getOpType());
    if (rule == null) {
      String domain = isDefault(node) ? "" : node.getDomain() + ":";
      throw new Untraceable(
          "operator " + domain + node.getOpType() + " is not known to keep rows apart");
    }
    for (Traced input : inputs) {
      if (input != null && !input.isKnown()) {
        throw new Untraceable("it follows an operator that can't be followed");
      }
    }
    return rule.apply(new RowRule.Call(node, inputs, varying(node, scope), opset(node)));
  }

  private long opset(NodeProto node) {
    return isDefault(node) ? graph.opset() : 0;
  }

  private static boolean isDefault(NodeProto node) {
    return node.getDomain().isEmpty() || node.getDomain().equals("ai.onnx");
  }

  /** For each input, which axes have another length with another number of rows. */
  private List<boolean[]> varying(NodeProto node, Scope scope) {
    List<boolean[]> varying = new ArrayList<>();
    for (String name : node.getInputList()) {
      Traced input = name.isEmpty() ? null : scope.get(name);
      if (input == null) {
        varying.add(null);
        continue;
      }
      boolean[] axes = new boolean[input.rank()];
      int[] other = otherShapes == null ? null : otherShape(name, scope, input);
      for (int axis = 0; axis < axes.length; axis++) {
        axes[axis] =
            other != null && (other.length != axes.length || other[axis] != input.shape()[axis]);
      }
      varying.add(axes);
    }
    return varying;
  }

  private int[] otherShape(String name, Scope scope, Traced input) {
    for (Scope at = scope; at != null; at = at.around) {
      if (at.tensors.containsKey(name)) {
        int[] other = otherShapes.get(at.prefix + name);
        if (other != null) {
          return other;
        }
        break;
      }
    }
    // Inputs and initialisers are recorded nowhere: inputs vary along the rows, initialisers never.
    boolean isInput = graph.inputs().stream().anyMatch(info -> info.name().equals(name));
    int[] same = input.shape().clone();
    if (isInput && same.length > 0) {
      same[0] = -1;
    }
    return same;
  }

  /** Both branches where the condition is data; the one taken where it is a matter of shapes. */
  private List<Traced> branch(NodeProto node, Traced condition, Scope scope) {
    GraphProto[] bodies = new GraphProto[2];
    for (AttributeProto attribute : node.getAttributeList()) {
      if (attribute.getName().equals("then_branch")) {
        bodies[0] = attribute.getG();
      } else if (attribute.getName().equals("else_branch")) {
        bodies[1] = attribute.getG();
      }
    }
    boolean decided =
        condition.isKnown()
            && condition.values() != null
            && condition.values().length == 1
            && !Double.isNaN(condition.values()[0]);
    List<Traced> results = null;
    for (int i = 0; i < 2; i++) {
      if (decided && (condition.values()[0] != 0) != (i == 0)) {
        continue;
      }
      Scope inner = new Scope(scope, scope.prefix + name(node) + i + "/");
      run(bodies[i], inner);
      List<Traced> branch = new ArrayList<>();
      bodies[i].getOutputList().forEach(output -> branch.add(inner.get(output.getName())));
      results = results == null ? branch : either(results, branch);
    }
    int more = condition.all();
    return results.stream().map(result -> result.with(more)).toList();
  }

  private static List<Traced> either(List<Traced> a, List<Traced> b) {
    List<Traced> results = new ArrayList<>();
    for (int i = 0; i < a.size(); i++) {
      Traced x = a.get(i);
      Traced y = b.get(i);
      boolean alike = x.isKnown() && y.isKnown() && Arrays.equals(x.shape(), y.shape());
      results.add(
          alike
              ? Traced.of(Dependence.union(List.of(x.rows(), y.rows())))
              : Traced.unknown(x.all() | y.all()));
    }
    return results;
  }
}
