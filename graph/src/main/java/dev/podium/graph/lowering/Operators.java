package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.AttributeProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.OpTable;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.GraphWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * How each operator is written as ONNX, where its value is at home. Whatever has rows has them on
 * an axis of their own, so that axes of one row's value move by one where rows come first.
 */
final class Operators {
  /**
   * One node to write.
   *
   * @param half the half that it is written into
   * @param node the node
   * @param home where its value is at home
   * @param name the name of its tensor; unused by what has a name of its own
   */
  record Writing(Half half, Node node, Placement home, java.util.function.Supplier<String> name) {
    private int shift() {
      return home == Placement.FIRST ? 1 : 0;
    }

    private String input() throws Unsupported {
      return half.at(node.input(0), home);
    }

    private GraphWriter out() {
      return half.out;
    }

    private List<AttributeProto> axis(int axis) {
      return List.of(GraphWriter.integer("axis", axis + shift()));
    }

    private List<Integer> shifted(List<Integer> axes) {
      int shift = shift();
      return axes.stream().map(axis -> axis + shift).toList();
    }
  }

  private static final OpTable<Writing, String, Unsupported> TABLE =
      OpTable.<Writing, String, Unsupported>builder()
          .on(
              Op.Initialiser.class,
              (op, w) -> w.out().initialiser(w.half().function.nodes().weights().get(op.name())))
          .on(Op.Literal.class, (op, w) -> w.out().literal(op.tensor()))
          .on(
              Op.Elementwise.class,
              (op, w) -> node(w, op.type(), op.attributes(), w.half().operands(w.node(), w.home())))
          .on(
              Op.MatMul.class,
              (op, w) -> node(w, "MatMul", List.of(), w.half().operands(w.node(), w.home())))
          .on(Op.Reduce.class, (op, w) -> reduce(w, op, w.node().input(0), true))
          .on(Op.Softmax.class, (op, w) -> node(w, op.type(), w.axis(op.axis()), w.input()))
          .on(Op.LayerNorm.class, Operators::layerNorm)
          .on(
              Op.Concat.class,
              (op, w) -> node(w, "Concat", w.axis(op.axis()), w.half().spread(w.node(), w.home())))
          .on(Op.Slice.class, Operators::slice)
          .on(Op.Gather.class, Operators::gather)
          .on(
              Op.TableRows.class,
              (op, w) -> new TableRowsWriter(w.half()).write(w.node(), op, w.name().get()))
          .on(
              Op.GatherElements.class,
              (op, w) ->
                  node(w, "GatherElements", w.axis(op.axis()), w.half().spread(w.node(), w.home())))
          .on(Op.Reshape.class, Operators::reshape)
          .on(Op.Transpose.class, Operators::transpose)
          .on(Op.Expand.class, Operators::expand)
          .on(Op.Input.class, Operators::elsewhere)
          .on(Op.SumOfEntries.class, Operators::elsewhere)
          .on(Op.Exported.class, Operators::elsewhere)
          .on(Op.RowCounts.class, Operators::elsewhere)
          .on(Op.Opaque.class, Operators::elsewhere)
          .build("how operators are written");

  private Operators() {}

  /** Writes a node that both halves write alike; gives the name of its tensor. */
  static String write(Writing writing) throws Unsupported {
    return TABLE.apply(writing.node().op(), writing);
  }

  private static String node(
      Writing w, String type, List<AttributeProto> attributes, String... inputs) {
    return w.out().node(type, w.name().get(), attributes, inputs);
  }

  /** Halves write these each in their own way, or not at all. */
  private static String elsewhere(Op op, Writing w) {
    throw new IllegalStateException(
        w.node() + ": not written here (expected: by " + w.half().getClass().getSimpleName() + ")");
  }

  private static String reduce(Writing w, Op.Reduce op, Node value, boolean keep)
      throws Unsupported {
    return w.out()
        .reduce(
            op.type(), w.name().get(), w.half().at(value, w.home()), w.shifted(op.axes()), keep);
  }

  private static String layerNorm(Op.LayerNorm op, Writing w) throws Unsupported {
    List<AttributeProto> attributes = new ArrayList<>(w.axis(op.axis()));
    attributes.add(GraphWriter.number("epsilon", op.epsilon()));
    return node(w, "LayerNormalization", attributes, w.half().operands(w.node(), w.home()));
  }

  private static String slice(Op.Slice op, Writing w) throws Unsupported {
    return node(
        w,
        "Slice",
        List.of(),
        w.input(),
        w.out().longs(List.of(op.from())),
        w.out().longs(List.of(op.to())),
        w.out().longs(List.of(op.axis() + w.shift())),
        w.out().longs(List.of(op.step())));
  }

  private static String gather(Op.Gather op, Writing w) throws Unsupported {
    int shift = w.node().input(0).isCandidate() ? w.shift() : 0;
    List<AttributeProto> axis = List.of(GraphWriter.integer("axis", op.axis() + shift));
    return node(w, "Gather", axis, w.half().operands(w.node(), w.home()));
  }

  private static String reshape(Op.Reshape op, Writing w) throws Unsupported {
    if (w.half().dropsReduced(w.node())) {
      Node reduced = w.node().input(0);
      return reduce(w, (Op.Reduce) reduced.op(), reduced.input(0), false);
    }
    return node(
        w, "Reshape", List.of(), w.input(), w.out().longs(Half.rowShape(op.shape(), w.home())));
  }

  private static String transpose(Op.Transpose op, Writing w) throws Unsupported {
    List<Integer> permutation = new ArrayList<>(w.shifted(op.permutation()));
    if (w.home() == Placement.FIRST) {
      permutation.add(0, 0);
    } else if (w.home() == Placement.LAST) {
      permutation.add(permutation.size());
    }
    return node(w, "Transpose", List.of(GraphWriter.integers("perm", permutation)), w.input());
  }

  private static String expand(Op.Expand op, Writing w) throws Unsupported {
    List<Integer> shape = new ArrayList<>(op.shape());
    if (w.home() == Placement.FIRST) {
      shape.add(0, 1);
    } else if (w.home() == Placement.LAST) {
      shape.add(1);
    }
    return node(w, "Expand", List.of(), w.input(), w.out().longs(shape));
  }
}
