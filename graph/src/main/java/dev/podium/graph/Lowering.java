package dev.podium.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Writes the function of one row as two ONNX graphs. Constant and context values have no row axis;
 * candidate values have it in front, so an axis of one row is the next one there.
 */
final class Lowering {
  private final OnnxGraph exported;
  private final ContextInputs contextInputs;
  private final RowFunction function;
  private final Map<Node, Integer> uses;
  private final Map<Node, String> boundary = new LinkedHashMap<>();

  Lowering(OnnxGraph exported, ContextInputs contextInputs, RowFunction function) {
    this.exported = exported;
    this.contextInputs = contextInputs;
    this.function = function;
    this.uses = function.uses();
  }

  /** The two graphs and the tensors between them. */
  record Halves(OnnxGraph context, OnnxGraph candidate, List<TensorInfo> boundary) {}

  Halves write() throws Unsupported {
    OnnxGraph candidate = new CandidateHalf().write();
    OnnxGraph context = new ContextHalf().write();
    List<TensorInfo> tensors = new ArrayList<>();
    boundary.forEach(
        (node, name) ->
            tensors.add(
                new TensorInfo(
                    name, node.type(), node.shape().stream().map(Integer::longValue).toList())));
    return new Halves(context, candidate, tensors);
  }

  private ValueInfoProto exportedInput(String name) {
    for (ValueInfoProto input : exported.graph().getInputList()) {
      if (input.getName().equals(name)) {
        return input;
      }
    }
    throw new IllegalArgumentException("no input '" + name + "'");
  }

  private GraphWriter writer(String suffix) {
    return new GraphWriter(exported.model(), Math.toIntExact(exported.opset()), suffix);
  }

  /** What both halves write alike: nodes with known shapes. */
  private abstract class Half {
    final GraphWriter out;
    final Map<Node, String> names = new HashMap<>();

    Half(GraphWriter out) {
      this.out = out;
    }

    /** The tensor's name in this half; writes what it needs first. */
    String emit(Node root) throws Unsupported {
      // By hand, for graphs deeper than the stack.
      java.util.ArrayDeque<Node> open = new java.util.ArrayDeque<>();
      open.push(root);
      while (!open.isEmpty()) {
        Node node = open.peek();
        if (names.containsKey(node)) {
          open.pop();
          continue;
        }
        boolean ready = true;
        for (Node input : needed(node)) {
          if (!names.containsKey(input)) {
            open.push(input);
            ready = false;
          }
        }
        if (ready) {
          names.put(node, writeNode(node));
          open.pop();
        }
      }
      return names.get(root);
    }

    List<Node> needed(Node node) {
      return node.inputs();
    }

    abstract String writeNode(Node node) throws Unsupported;

    String nameFor(Node node) {
      String base =
          node.op() instanceof Op.Elementwise e ? e.type() : node.op().getClass().getSimpleName();
      return out.fresh(base.toLowerCase(java.util.Locale.ROOT) + "_" + node.id());
    }

    /** Writes a node whose result has rows in front if {@code shift} is 1. */
    String write(Node node, int shift) throws Unsupported {
      Op op = node.op();
      if (op instanceof Op.Initialiser initialiser) {
        return out.initialiser(function.nodes().weights().get(initialiser.name()));
      }
      if (op instanceof Op.Literal literal) {
        return out.literal(literal.tensor());
      }
      String name = nameFor(node);
      List<String> in = new ArrayList<>();
      for (Node input : node.inputs()) {
        in.add(names.get(input));
      }
      if (op instanceof Op.Elementwise elementwise) {
        return out.node(
            elementwise.type(), name, elementwise.attributes(), in.toArray(new String[0]));
      } else if (op instanceof Op.MatMul) {
        return out.node("MatMul", name, List.of(), in.get(0), in.get(1));
      } else if (op instanceof Op.Reduce reduce) {
        return out.reduce(reduce.type(), name, in.get(0), shifted(reduce.axes(), shift), true);
      } else if (op instanceof Op.Softmax softmax) {
        return out.node(softmax.type(), name, axis(softmax.axis() + shift), in.get(0));
      } else if (op instanceof Op.LayerNorm norm) {
        List<AttributeProto> attributes = new ArrayList<>(axis(norm.axis() + shift));
        attributes.add(GraphWriter.number("epsilon", norm.epsilon()));
        return out.node("LayerNormalization", name, attributes, in.toArray(new String[0]));
      } else if (op instanceof Op.Concat concat) {
        for (int i = 0; i < in.size(); i++) {
          in.set(i, withRows(node.input(i), shift));
        }
        return out.node("Concat", name, axis(concat.axis() + shift), in.toArray(new String[0]));
      } else if (op instanceof Op.Slice slice) {
        return out.node(
            "Slice",
            name,
            List.of(),
            in.get(0),
            out.longs(List.of(slice.from())),
            out.longs(List.of(slice.to())),
            out.longs(List.of(slice.axis() + shift)),
            out.longs(List.of(slice.step())));
      } else if (op instanceof Op.Gather gather) {
        boolean rowsInData = node.input(0).isCandidate();
        return out.node(
            "Gather", name, axis(gather.axis() + (rowsInData ? shift : 0)), in.get(0), in.get(1));
      } else if (op instanceof Op.GatherElements gather) {
        return out.node(
            "GatherElements",
            name,
            axis(gather.axis() + shift),
            withRows(node.input(0), shift),
            withRows(node.input(1), shift));
      } else if (op instanceof Op.Reshape reshape) {
        if (dropsReduced(node)) {
          Op.Reduce reduce = (Op.Reduce) node.input(0).op();
          return out.reduce(
              reduce.type(),
              name,
              names.get(node.input(0).input(0)),
              shifted(reduce.axes(), shift),
              false);
        }
        List<Integer> shape = new ArrayList<>(reshape.shape());
        if (shift == 1) {
          shape.add(0, 0);
        }
        return out.node("Reshape", name, List.of(), in.get(0), out.longs(shape));
      } else if (op instanceof Op.Transpose transpose) {
        List<Integer> permutation = new ArrayList<>(shifted(transpose.permutation(), shift));
        if (shift == 1) {
          permutation.add(0, 0);
        }
        return out.node(
            "Transpose", name, List.of(GraphWriter.integers("perm", permutation)), in.get(0));
      } else if (op instanceof Op.Expand expand) {
        List<Integer> shape = new ArrayList<>(expand.shape());
        if (shift == 1) {
          shape.add(0, 1);
        }
        return out.node("Expand", name, List.of(), in.get(0), out.longs(shape));
      }
      throw new IllegalStateException("can't write " + node);
    }

    /** A value with rows in front if {@code shift} is 1, repeated if it has none. */
    abstract String withRows(Node node, int shift) throws Unsupported;

    /**
     * Whether a node only drops the axes that a reduction left with size 1, and may be written as
     * part of it.
     */
    boolean dropsReduced(Node node) {
      if (!(node.op() instanceof Op.Reshape) || !(node.input(0).op() instanceof Op.Reduce reduce)) {
        return false;
      }
      List<Integer> shape = new ArrayList<>();
      for (int i = 0; i < node.input(0).rank(); i++) {
        if (!reduce.axes().contains(i)) {
          shape.add(node.input(0).dim(i));
        }
      }
      return shape.equals(node.shape()) && uses.getOrDefault(node.input(0), 0) == 1;
    }

    private List<AttributeProto> axis(int axis) {
      return List.of(GraphWriter.integer("axis", axis));
    }

    private List<Integer> shifted(List<Integer> axes, int shift) {
      return axes.stream().map(axis -> axis + shift).toList();
    }
  }

  /** One row of context in, the boundary out. */
  private final class ContextHalf extends Half {
    private final Map<String, String> squeezed = new HashMap<>();

    ContextHalf() {
      super(writer("_context"));
    }

    OnnxGraph write() throws Unsupported {
      for (Map.Entry<Node, String> entry : boundary.entrySet()) {
        String name = emit(entry.getKey());
        out.node("Identity", entry.getValue(), List.of(), name);
        out.output(
            GraphWriter.value(entry.getValue(), entry.getKey().type(), entry.getKey().shape()));
      }
      return out.build();
    }

    @Override
    String writeNode(Node node) throws Unsupported {
      return node.op() instanceof Op.Input input ? input(node, input) : write(node, 0);
    }

    @Override
    String withRows(Node node, int shift) {
      return names.get(node);
    }

    /** One row comes with its row axis; inside this half there is none. */
    private String input(Node node, Op.Input input) {
      String known = squeezed.get(input.name());
      if (known == null) {
        ValueInfoProto.Builder info = exportedInput(input.name()).toBuilder();
        var shape = info.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
        shape.clearDim().addDim(Dimension.newBuilder().setDimValue(1));
        node.shape().forEach(dim -> shape.addDim(Dimension.newBuilder().setDimValue(dim)));
        out.input(info.build());
        known =
            out.node("Reshape", nameFor(node), List.of(), input.name(), out.longs(node.shape()));
        squeezed.put(input.name(), known);
      }
      return known;
    }
  }

  /** The boundary and the candidates in, scores out. */
  private final class CandidateHalf extends Half {
    private final Set<String> inputs = new HashSet<>();
    private final Map<Node, String> repeated = new HashMap<>();
    private final Map<String, String> renamed = new HashMap<>();
    private final Set<NodeProto> copied =
        Collections.newSetFromMap(new java.util.IdentityHashMap<>());
    private String firstInput;
    private String rows;

    CandidateHalf() {
      super(writer("_candidate"));
    }

    OnnxGraph write() throws Unsupported {
      for (TensorInfo info : exported.inputs()) {
        if (!contextInputs.wholeInputs().contains(info.name())) {
          out.input(exportedInput(info.name()));
          inputs.add(info.name());
          firstInput = firstInput == null ? info.name() : firstInput;
        }
      }
      if (firstInput == null) {
        throw new Unsupported("there is no candidate input to count rows by");
      }
      for (RowFunction.Output output : function.outputs()) {
        String name =
            output.value().shape() == null
                ? emit(output.value())
                : asExported(output.value(), output.layout());
        if (!name.equals(output.name())) {
          out.node("Identity", output.name(), List.of(), name);
        }
      }
      boundary.forEach(
          (node, name) -> out.input(GraphWriter.value(name, node.type(), node.shape())));
      exported.graph().getOutputList().forEach(out::output);
      return out.build();
    }

    @Override
    List<Node> needed(Node node) {
      if (node.role() == Role.CONTEXT) {
        return List.of();
      }
      return dropsReduced(node) ? node.input(0).inputs() : node.inputs();
    }

    @Override
    String writeNode(Node node) throws Unsupported {
      if (node.role() == Role.CONTEXT) {
        return boundary.computeIfAbsent(node, key -> out.fresh("context_" + boundary.size()));
      }
      if (node.op() instanceof Op.Input input) {
        return input.name();
      } else if (node.op() instanceof Op.Exported left) {
        return exported(node.input(0), left);
      } else if (node.op() instanceof Op.RowCounts counts) {
        return rowCounts(counts);
      } else if (node.op() instanceof Op.Opaque opaque) {
        return opaque(opaque);
      }
      return write(node, node.isCandidate() ? 1 : 0);
    }

    @Override
    String withRows(Node node, int shift) {
      if (node.isCandidate() || shift == 0) {
        return names.get(node);
      }
      String known = repeated.get(node);
      if (known == null) {
        String shape =
            node.rank() == 0
                ? rows()
                : out.node(
                    "Concat",
                    out.fresh("shape"),
                    List.of(GraphWriter.integer("axis", 0)),
                    rows(),
                    out.longs(node.shape()));
        known =
            out.node(
                "Expand", out.fresh("repeated_" + node.id()), List.of(), names.get(node), shape);
        repeated.put(node, known);
      }
      return known;
    }

    /** The number of rows, as a list of one. */
    private String rows() {
      if (rows == null) {
        String shape = out.node("Shape", out.fresh("shape"), List.of(), firstInput);
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
    private String asExported(Node value, Layout layout) throws Unsupported {
      String name = emit(value);
      if (layout == null) {
        return name;
      }
      name = withRows(value, 1);
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

    private String exported(Node value, Op.Exported left) throws Unsupported {
      String name = asExported(value, left.layout());
      if (name.equals(left.name())) {
        return name;
      }
      if (inputs.contains(left.name())) {
        // An input matrix with context columns: the whole of it is no input of this half.
        String whole = out.node("Identity", out.fresh(left.name() + "_whole"), List.of(), name);
        renamed.put(left.name(), whole);
        return whole;
      }
      return out.node("Identity", left.name(), List.of(), name);
    }

    private String rowCounts(Op.RowCounts counts) {
      List<Linear> values = counts.numbers().values();
      String perRow = out.longs(values.stream().map(Linear::perRow).toList());
      String constant = out.longs(values.stream().map(Linear::constant).toList());
      String product = out.node("Mul", out.fresh("row_counts"), List.of(), rows(), perRow);
      String sum = out.node("Add", out.fresh("row_counts"), List.of(), product, constant);
      if (counts.numbers().scalar()) {
        sum =
            out.node(
                "Reshape", out.fresh("row_counts"), List.of(), sum, out.longs(List.<Integer>of()));
      }
      AttributeProto to = GraphWriter.integer("to", counts.numbers().type().onnxCode());
      return out.node("Cast", counts.name(), List.of(to), sum);
    }

    private String opaque(Op.Opaque opaque) throws Unsupported {
      NodeProto node = opaque.node();
      if (copied.add(node)) {
        NodeProto.Builder copy = node.toBuilder();
        for (int i = 0; i < copy.getInputCount(); i++) {
          copy.setInput(i, renamed.getOrDefault(copy.getInput(i), copy.getInput(i)));
        }
        boolean hasBodies =
            node.getAttributeList().stream().anyMatch(a -> a.hasG() || a.getGraphsCount() > 0);
        if (hasBodies && !renamed.isEmpty()) {
          throw new Unsupported("a subgraph uses an input matrix with context columns");
        }
        out.copy(copy.build());
      }
      return node.getOutput(opaque.output());
    }
  }
}
