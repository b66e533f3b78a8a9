package dev.podium.graph.ir;

import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Shape, type and role of a value, from its operator and its operands: the one place for them. */
final class Inference {
  private static final Set<String> PREDICATES =
      Set.of(
          "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "And",
          "Or",
          "Xor",
          "Not",
          "IsNaN",
          "IsInf");

  private Inference() {}

  /**
   * What is known of a value.
   *
   * @param shape shape without rows; null for what is left as exported
   * @param type element type
   * @param role what it depends on
   */
  record Value(List<Integer> shape, ElementType type, ValueRole role) {
    Value {
      shape = shape == null ? null : List.copyOf(shape);
    }
  }

  private static final OpTable<List<Node>, Value, RuntimeException> TABLE =
      OpTable.<List<Node>, Value, RuntimeException>builder()
          .on(
              Op.Input.class,
              (op, in) ->
                  new Value(
                      op.shape(),
                      op.type(),
                      op.context() ? ValueRole.CONTEXT : ValueRole.CANDIDATE))
          .on(
              Op.Initialiser.class,
              (op, in) -> new Value(op.shape(), op.type(), ValueRole.CONSTANT))
          .on(
              Op.Literal.class,
              (op, in) ->
                  new Value(
                      op.tensor().getDimsList().stream().map(Math::toIntExact).toList(),
                      ElementType.of(op.tensor().getDataType()),
                      ValueRole.CONSTANT))
          .on(Op.Elementwise.class, Inference::elementwise)
          .on(Op.MatMul.class, (op, in) -> value(in, matMul(in.get(0), in.get(1)), typeOf(in)))
          .on(Op.Reduce.class, (op, in) -> value(in, reduced(op, in.get(0)), typeOf(in)))
          .on(Op.Softmax.class, (op, in) -> like(in, op.axis()))
          .on(Op.LayerNorm.class, (op, in) -> like(in, op.axis()))
          .on(Op.Concat.class, (op, in) -> value(in, joined(op, in), typeOf(in)))
          .on(Op.Slice.class, (op, in) -> value(in, cut(op, in.get(0)), typeOf(in)))
          .on(Op.Gather.class, Inference::gather)
          .on(
              Op.TableRows.class,
              (op, in) -> value(in, List.of(op.sizes().size()), ElementType.INT64))
          .on(Op.SumOfEntries.class, Inference::sumOfEntries)
          .on(
              Op.GatherElements.class,
              (op, in) -> {
                within("GatherElements", op.axis(), in.get(0));
                return value(in, in.get(1).shape(), typeOf(in));
              })
          .on(Op.Reshape.class, (op, in) -> value(in, reshaped(op, in.get(0)), typeOf(in)))
          .on(Op.Transpose.class, (op, in) -> value(in, turned(op, in.get(0)), typeOf(in)))
          .on(Op.Expand.class, (op, in) -> value(in, expanded(op, in.get(0)), typeOf(in)))
          .on(Op.Exported.class, (op, in) -> left(typeOf(in)))
          .on(Op.RowCounts.class, (op, in) -> left(op.numbers().type()))
          .on(Op.Opaque.class, (op, in) -> left(ElementType.OTHER))
          .build("shapes, types and roles");

  /**
   * What an operator gives.
   *
   * @throws IllegalArgumentException if the operands' shapes don't fit it
   */
  static Value of(Op op, List<Node> inputs) {
    return TABLE.apply(op, inputs);
  }

  private static Value value(List<Node> inputs, List<Integer> shape, ElementType type) {
    ValueRole role = ValueRole.CONSTANT;
    for (Node input : inputs) {
      role = role.or(input.role());
    }
    return new Value(shape, type, role);
  }

  private static Value left(ElementType type) {
    return new Value(null, type, ValueRole.CANDIDATE);
  }

  private static Value like(List<Node> inputs, int axis) {
    within("axis", axis, inputs.get(0));
    return value(inputs, inputs.get(0).shape(), typeOf(inputs));
  }

  private static ElementType typeOf(List<Node> inputs) {
    return inputs.get(0).type();
  }

  private static void within(String what, int axis, Node node) {
    if (axis < 0 || axis >= node.rank()) {
      throw new IllegalArgumentException(
          what + ": axis " + axis + " (expected: one of " + node.shape() + ")");
    }
  }

  private static Value elementwise(Op.Elementwise op, List<Node> inputs) {
    List<Integer> shape = Shapes.broadcast(inputs.stream().map(Node::shape).toList());
    if (shape == null) {
      throw new IllegalArgumentException(op.type() + ": shapes don't broadcast: " + inputs);
    }
    ElementType type = inputs.get(op.type().equals("Where") ? 1 : 0).type();
    if (PREDICATES.contains(op.type())) {
      type = ElementType.BOOL;
    } else if (op.type().equals("Cast")) {
      type = ElementType.of((int) op.attributes().get(0).getI());
    }
    return value(inputs, shape, type);
  }

  private static List<Integer> matMul(Node a, Node b) {
    List<Integer> left = a.shape();
    List<Integer> right = b.shape();
    boolean vector = left.size() == 1;
    if (left.isEmpty() || right.size() < 2 || a.dim(-1) != b.dim(-2) || vector && b.rank() != 2) {
      throw new IllegalArgumentException("MatMul: " + left + " by " + right);
    }
    if (vector) {
      return List.of(right.get(1));
    }
    List<Integer> batch =
        Shapes.broadcast(
            List.of(left.subList(0, left.size() - 2), right.subList(0, right.size() - 2)));
    if (batch == null) {
      throw new IllegalArgumentException("MatMul: " + left + " by " + right);
    }
    List<Integer> shape = new ArrayList<>(batch);
    shape.add(left.get(left.size() - 2));
    shape.add(right.get(right.size() - 1));
    return shape;
  }

  private static List<Integer> reduced(Op.Reduce op, Node input) {
    List<Integer> shape = new ArrayList<>(input.shape());
    for (int axis : op.axes()) {
      within(op.type(), axis, input);
      shape.set(axis, 1);
    }
    return shape;
  }

  private static List<Integer> joined(Op.Concat op, List<Node> parts) {
    Node first = parts.get(0);
    within("Concat", op.axis(), first);
    int length = 0;
    for (Node part : parts) {
      boolean fits = part.rank() == first.rank();
      for (int i = 0; fits && i < part.rank(); i++) {
        fits = i == op.axis() || part.dim(i) == first.dim(i);
      }
      if (!fits) {
        throw new IllegalArgumentException(
            "Concat along axis " + op.axis() + ": " + first.shape() + " and " + part.shape());
      }
      length += part.dim(op.axis());
    }
    return Shapes.with(first.shape(), op.axis(), length);
  }

  private static List<Integer> cut(Op.Slice op, Node input) {
    within("Slice", op.axis(), input);
    if (op.from() < 0 || op.to() > input.dim(op.axis()) || op.from() >= op.to() || op.step() < 1) {
      throw new IllegalArgumentException(
          "Slice: ["
              + op.from()
              + ", "
              + op.to()
              + ") of axis "
              + op.axis()
              + " of "
              + input.shape());
    }
    int length = (op.to() - op.from() + op.step() - 1) / op.step();
    return Shapes.with(input.shape(), op.axis(), length);
  }

  private static Value gather(Op.Gather op, List<Node> inputs) {
    Node data = inputs.get(0);
    within("Gather", op.axis(), data);
    List<Integer> shape = new ArrayList<>(data.shape().subList(0, op.axis()));
    shape.addAll(inputs.get(1).shape());
    shape.addAll(data.shape().subList(op.axis() + 1, data.rank()));
    return value(inputs, shape, data.type());
  }

  private static Value sumOfEntries(Op.SumOfEntries op, List<Node> inputs) {
    int count = op.sources().size();
    if (count == 0 || inputs.size() != 2 * count) {
      throw new IllegalArgumentException(
          "SumOfEntries: "
              + inputs.size()
              + " operands (expected: "
              + count
              + " ids and as many tables)");
    }
    List<Integer> table = inputs.get(count).shape();
    return value(inputs, table.subList(1, table.size()), inputs.get(count).type());
  }

  private static List<Integer> reshaped(Op.Reshape op, Node input) {
    if (Shapes.size(op.shape()) != input.size()) {
      throw new IllegalArgumentException("Reshape: " + input.shape() + " to " + op.shape());
    }
    return op.shape();
  }

  private static List<Integer> turned(Op.Transpose op, Node input) {
    boolean[] seen = new boolean[input.rank()];
    List<Integer> shape = new ArrayList<>();
    for (int axis : op.permutation()) {
      within("Transpose", axis, input);
      seen[axis] = true;
      shape.add(input.dim(axis));
    }
    for (boolean one : seen) {
      if (!one || shape.size() != seen.length) {
        throw new IllegalArgumentException(
            "Transpose: " + input.shape() + " by " + op.permutation());
      }
    }
    return shape;
  }

  private static List<Integer> expanded(Op.Expand op, Node input) {
    if (!op.shape().equals(Shapes.broadcast(List.of(input.shape(), op.shape())))) {
      throw new IllegalArgumentException("Expand: " + input.shape() + " to " + op.shape());
    }
    return op.shape();
  }
}
