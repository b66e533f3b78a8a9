package dev.podium.graph.lowering;

import ai.onnx.proto.OnnxMl.AttributeProto;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.Tensors;
import java.util.List;

/** Writes {@link Op.TableRows}, which ONNX has no operator for. */
final class TableRowsWriter {
  private final Half half;
  private final GraphWriter out;

  TableRowsWriter(Half half) {
    this.half = half;
    this.out = half.out;
  }

  /**
   * Ids as one column a row, with what is out of bounds found by each id's extremes: two passes
   * that only read.
   */
  String write(Node node, Op.TableRows op, String name) throws Unsupported {
    boolean rows = node.isCandidate();
    int count = op.sizes().size();
    List<Integer> shape = rows ? List.of(count, 1) : List.of(count);
    String[] parts = new String[count];
    for (int i = 0; i < count; i++) {
      Node id = node.input(i);
      parts[i] =
          rows
              ? half.at(id, Placement.FIRST)
              : half.emit(half.function.nodes().reshape(id, List.of(1)));
    }
    String joined = node("Concat", List.of(GraphWriter.integer("axis", 0)), parts);
    String ids = rows ? node("Reshape", List.of(), joined, out.longs(List.of(count, -1))) : joined;
    String highest = rows ? out.reduce("ReduceMax", out.fresh("ids"), ids, List.of(1), true) : ids;
    String lowest = rows ? out.reduce("ReduceMin", out.fresh("ids"), ids, List.of(1), true) : ids;
    String sizes = longs(op.sizes(), shape);
    String negated = longs(op.sizes().stream().map(size -> -size).toList(), shape);
    String above = node("GreaterOrEqual", List.of(), highest, sizes);
    String below = node("Less", List.of(), lowest, negated);
    // So far off that no id leads back into the table, even where the sum overflows.
    String far = out.literal(Tensors.longs(1L << 62).toBuilder().clearDims().build());
    String minusFar = out.literal(Tensors.longs(-1L << 62).toBuilder().clearDims().build());
    String start = node("Where", List.of(), below, minusFar, longs(op.starts(), shape));
    start = node("Where", List.of(), above, far, start);
    String fromEnd = node("Add", List.of(), start, sizes);
    String zero = out.literal(Tensors.longs(0).toBuilder().clearDims().build());
    String isNegative = node("Less", List.of(), ids, zero);
    String offset = node("Where", List.of(), isNegative, fromEnd, start);
    if (!rows) {
      return out.node("Add", name, List.of(), ids, offset);
    }
    AttributeProto rowsFirst = GraphWriter.integers("perm", List.of(1, 0));
    return out.node("Transpose", name, List.of(rowsFirst), node("Add", List.of(), ids, offset));
  }

  private String node(String type, List<AttributeProto> attributes, String... inputs) {
    return out.node(type, out.fresh("ids"), attributes, inputs);
  }

  private String longs(List<Integer> values, List<Integer> shape) {
    double[] numbers = values.stream().mapToDouble(Integer::doubleValue).toArray();
    return out.literal(Tensors.tensor(ElementType.INT64, shape, numbers));
  }
}
