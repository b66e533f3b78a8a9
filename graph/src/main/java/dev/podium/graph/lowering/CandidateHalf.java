package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.ir.Layout;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The boundary and the candidates in, scores out. */
final class CandidateHalf extends Half {
  private final Map<Node, Placement> placements;
  private final Map<String, ValueInfoProto> inputs;
  private final Map<Node, String> boundary = new LinkedHashMap<>();
  private final Map<Node, String> sums = new LinkedHashMap<>();
  private final Map<Node, String> madeFirst = new HashMap<>();
  private final Map<Node, String> madeLast = new HashMap<>();
  private final LeftAsExported left;
  private String countedBy;
  private String rows;

  /**
   * @param inputs the exported graph's inputs that are not context as a whole, by name
   * @param placements where candidate nodes are at home
   */
  CandidateHalf(
      GraphWriter out,
      RowFunction function,
      Map<String, ValueInfoProto> inputs,
      Map<Node, Placement> placements) {
    super(out, function);
    this.inputs = inputs;
    this.placements = placements;
    this.left = new LeftAsExported(this, inputs.keySet());
  }

  /**
   * Context nodes that this half reads, with the names it reads them by. Complete after {@link
   * #write}.
   */
  Map<Node, String> boundary() {
    return boundary;
  }

  /** Sums that this half takes instead of computing them, with their names; as for the boundary. */
  Map<Node, String> sums() {
    return sums;
  }

  OnnxGraph write(List<ValueInfoProto> outputs) throws Unsupported {
    if (inputs.isEmpty()) {
      throw new Unsupported("there is no candidate input to count rows by");
    }
    Map<String, ValueInfoProto> read = new LinkedHashMap<>(inputs);
    read.keySet().removeAll(readBySumsAlone());
    read.values().forEach(out::input);
    for (Node node : function.order()) {
      if (node.op() instanceof Op.SumOfEntries) {
        String name = out.fresh("sum_" + sums.size());
        sums.put(node, name);
        out.input(
            GraphWriter.rows(inputs.values().iterator().next(), name, node.type(), node.shape()));
      }
    }
    countedBy = read.isEmpty() ? sums.values().iterator().next() : read.keySet().iterator().next();
    for (RowFunction.Output output : function.outputs()) {
      if (Layout.ROWS_FIRST.equals(output.layout()) && home(output.value()) == Placement.FIRST) {
        choose(output.value(), output.name());
      }
    }
    for (RowFunction.Output output : function.outputs()) {
      Node value = output.value();
      String name = value.shape() == null ? emit(value) : asExported(value, output.layout());
      if (!name.equals(output.name())) {
        out.node("Identity", output.name(), List.of(), name);
      }
    }
    boundary.forEach((node, name) -> out.input(GraphWriter.value(name, node.type(), node.shape())));
    outputs.forEach(out::output);
    return out.build();
  }

  /** Inputs that only the sums read: whoever computes the sums reads them. */
  private Set<String> readBySumsAlone() {
    Set<String> bySums = new HashSet<>();
    Set<String> byOthers = new HashSet<>();
    for (Node node : function.order()) {
      if (node.op() instanceof Op.SumOfEntries sum) {
        sum.sources().stream()
            .filter(source -> !source.context())
            .forEach(source -> bySums.add(source.input()));
      } else if (node.shape() == null) {
        // Left as exported: what it reads by name isn't known here.
        return Set.of();
      }
    }
    for (Node node : function.order(node -> node.op() instanceof Op.SumOfEntries)) {
      if (node.op() instanceof Op.Input input && !input.context()) {
        byOthers.add(input.name());
      }
    }
    bySums.removeAll(byOthers);
    return bySums;
  }

  @Override
  List<Node> needed(Node node) {
    if (node.role() == ValueRole.CONTEXT || sums.containsKey(node)) {
      return List.of();
    }
    if (product(node) != null) {
      return List.of(product(node).input(0));
    }
    List<Node> read = dropsReduced(node) ? node.input(0).inputs() : node.inputs();
    // With rows last, what has no rows is read in another shape.
    return home(node) == Placement.LAST ? read.stream().filter(Node::isCandidate).toList() : read;
  }

  @Override
  Placement home(Node node) {
    return node.isCandidate() ? placements.getOrDefault(node, Placement.FIRST) : Placement.NONE;
  }

  @Override
  String writeNode(Node node) throws Unsupported {
    if (node.role() == ValueRole.CONTEXT) {
      String known = boundary.get(node);
      if (known == null) {
        known = out.fresh("context_" + boundary.size());
        boundary.put(node, known);
      }
      return known;
    }
    if (sums.containsKey(node)) {
      return sums.get(node);
    }
    if (node.op() instanceof Op.Input input) {
      return input.name();
    } else if (node.op() instanceof Op.Exported value) {
      return left.exported(node.input(0), value);
    } else if (node.op() instanceof Op.RowCounts counts) {
      return left.rowCounts(counts);
    } else if (node.op() instanceof Op.Opaque opaque) {
      return left.opaque(opaque);
    } else if (home(node) == Placement.LAST
        && (node.op() instanceof Op.MatMul || product(node) != null)) {
      return productWithRowsLast(node);
    } else if (isSumOfLeading(node)) {
      return sumOfLeading(node, (Op.Reduce) node.op());
    }
    return write(node);
  }

  /** Whether a node with rows last is a sum or mean over its first axes. */
  private boolean isSumOfLeading(Node node) {
    return home(node) == Placement.LAST
        && node.type() == ElementType.FLOAT32
        && node.op() instanceof Op.Reduce reduce
        && (reduce.type().equals("ReduceSum") || reduce.type().equals("ReduceMean"))
        && reduce.axes().get(reduce.axes().size() - 1) == reduce.axes().size() - 1;
  }

  /**
   * As a product with a row of ones: the runtime's reduction over the axes in front reads the value
   * several times slower than its matrix product does.
   */
  private String sumOfLeading(Node node, Op.Reduce reduce) throws Unsupported {
    Node input = node.input(0);
    int summands = input.size() / node.size();
    double[] weights = new double[summands];
    Arrays.fill(weights, reduce.type().equals("ReduceMean") ? 1.0 / summands : 1);
    String ones = out.literal(Tensors.tensor(ElementType.FLOAT32, List.of(1, summands), weights));
    return columnProduct(node, ones, input, summands);
  }

  /** A matrix by a value with rows last, whose first axes are {@code inner} together. */
  private String columnProduct(Node node, String matrix, Node value, int inner) throws Unsupported {
    String flat =
        out.node(
            "Reshape",
            out.fresh("columns_" + value.id()),
            List.of(),
            at(value, Placement.LAST),
            out.longs(List.of(inner, -1)));
    String result = out.node("MatMul", out.fresh("product_" + node.id()), List.of(), matrix, flat);
    return out.node(
        "Reshape",
        nameFor(node),
        List.of(),
        result,
        out.longs(rowShape(node.shape(), Placement.LAST)));
  }

  /**
   * The vector-matrix product that a node of rows last is, perhaps with a summand added; null if it
   * is none.
   */
  private Node product(Node node) {
    if (home(node) != Placement.LAST) {
      return null;
    }
    if (node.isElementwise("Add")) {
      for (int i = 0; i < 2; i++) {
        Node matMul = node.input(i);
        if (isVectorProduct(matMul)
            && usedOnce(matMul)
            && !node.input(1 - i).isCandidate()
            && node.type() == ElementType.FLOAT32) {
          return matMul;
        }
      }
    }
    return isVectorProduct(node) && node.type() == ElementType.FLOAT32 ? node : null;
  }

  private boolean isVectorProduct(Node node) {
    return node.op() instanceof Op.MatMul
        && node.input(0).isCandidate()
        && node.input(0).rank() == 1
        && home(node) == Placement.LAST;
  }

  /**
   * Products with rows last have the candidates on the right: (x·W) of every row is Wᵀ by the rows
   * as columns.
   */
  private String productWithRowsLast(Node node) throws Unsupported {
    Node product = product(node);
    if (product != null) {
      return vectorProduct(node, product);
    }
    Nodes nodes = function.nodes();
    Node left = node.input(0);
    Node right = node.input(1);
    if (left.isCandidate()) {
      return out.node(
          "MatMul",
          nameFor(node),
          List.of(),
          emit(nodes.transposeLast(right)),
          at(left, Placement.LAST));
    }
    return columnProduct(node, emit(left), right, right.dim(0));
  }

  private String vectorProduct(Node node, Node product) throws Unsupported {
    Nodes nodes = function.nodes();
    Node vector = product.input(0);
    List<String> operands = new ArrayList<>();
    operands.add(emit(nodes.transposeLast(product.input(1))));
    boolean rowsFirst = home(vector) == Placement.FIRST;
    operands.add(emit(vector));
    if (node != product) {
      Node summand = node.input(node.input(0) == product ? 1 : 0);
      operands.add(column(nodes.expand(summand, product.shape())));
    }
    return out.node(
        "Gemm",
        nameFor(node),
        rowsFirst ? List.of(GraphWriter.integer("transB", 1)) : List.of(),
        operands.toArray(new String[0]));
  }

  @Override
  String at(Node node, Placement placement) throws Unsupported {
    Placement home = home(node);
    if (home == placement || placement == Placement.NONE) {
      return emit(node);
    }
    Map<Node, String> made = placement == Placement.FIRST ? madeFirst : madeLast;
    String known = made.get(node);
    if (known == null) {
      known =
          home == Placement.NONE ? repeated(node, placement) : moved(node, emit(node), placement);
      made.put(node, known);
    }
    return known;
  }

  private String moved(Node node, String name, Placement placement) {
    if (node.rank() == 0) {
      return name;
    }
    if (node.size() == 1) {
      List<Integer> shape = new ArrayList<>(node.shape());
      shape.add(placement == Placement.FIRST ? 0 : shape.size(), -1);
      return out.node(
          "Reshape", out.fresh("moved_" + node.id()), List.of(), name, out.longs(shape));
    }
    List<Integer> permutation = new ArrayList<>();
    for (int i = 0; i < node.rank(); i++) {
      permutation.add(placement == Placement.FIRST ? i : i + 1);
    }
    permutation.add(
        placement == Placement.FIRST ? 0 : node.rank(),
        placement == Placement.FIRST ? node.rank() : 0);
    return out.node(
        "Transpose",
        out.fresh("moved_" + node.id()),
        List.of(GraphWriter.integers("perm", permutation)),
        name);
  }

  private String repeated(Node node, Placement placement) throws Unsupported {
    String own = out.longs(node.shape());
    String[] parts =
        placement == Placement.FIRST ? new String[] {rows(), own} : new String[] {own, rows()};
    String shape =
        node.rank() == 0
            ? rows()
            : out.node(
                "Concat", out.fresh("shape"), List.of(GraphWriter.integer("axis", 0)), parts);
    String source = placement == Placement.LAST ? column(node) : emit(node);
    return out.node("Expand", out.fresh("repeated_" + node.id()), List.of(), source, shape);
  }

  /** The number of rows, as a list of one. */
  String rows() {
    if (rows == null) {
      String shape = out.node("Shape", out.fresh("shape"), List.of(), countedBy);
      rows =
          out.node(
              "Slice",
              out.fresh("rows"),
              List.of(),
              shape,
              out.longs(List.of(0)),
              out.longs(List.of(1)));
    }
    return rows;
  }

  /** A value in the layout that it had in the exported graph. */
  String asExported(Node value, Layout layout) throws Unsupported {
    if (layout == null) {
      return emit(value);
    }
    String name = at(value, Placement.FIRST);
    if (layout.axis() > 0) {
      List<Integer> permutation = new ArrayList<>();
      for (int i = 1; i <= value.rank(); i++) {
        permutation.add(i);
      }
      permutation.add(layout.axis(), 0);
      name =
          out.node(
              "Transpose",
              out.fresh("rows_at_" + layout.axis()),
              List.of(GraphWriter.integers("perm", permutation)),
              name);
    }
    if (layout.flat()) {
      List<Integer> shape = new ArrayList<>(value.shape());
      shape.set(layout.axis(), -1);
      name = out.node("Reshape", out.fresh("flat"), List.of(), name, out.longs(shape));
    }
    return name;
  }
}
