package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.importer.Tracked;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Makes nodes. Equal nodes are made once, what has no effect is not made at all, and broadcasting
 * is kept as narrow as it can be: an Expand moves towards the results and vanishes where
 * broadcasting does the same. Not thread-safe.
 *
 * <p>A candidate operand of an Elementwise or MatMul node always has the rank of the result, so
 * that the row axis in front of it lines up.
 */
public final class Nodes {
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

  private record Key(Op op, List<Node> inputs) {}

  private final Map<Key, Node> made = new HashMap<>();
  private final Weights weights;

  public Nodes(Weights weights) {
    this.weights = weights;
  }

  public Weights weights() {
    return weights;
  }

  private Node make(
      Op op, List<Node> inputs, List<Integer> shape, ElementType type, ValueRole least) {
    Key key = new Key(op, inputs);
    Node known = made.get(key);
    if (known != null) {
      return known;
    }
    ValueRole role = least;
    for (Node input : inputs) {
      role = role.or(input.role());
    }
    Node node =
        new Node(
            made.size(),
            op,
            List.copyOf(inputs),
            shape == null ? null : List.copyOf(shape),
            type,
            role);
    made.put(key, node);
    return node;
  }

  private Node make(Op op, List<Node> inputs, List<Integer> shape, ElementType type) {
    return make(op, inputs, shape, type, ValueRole.CONSTANT);
  }

  // Sources.

  public Node input(String name, boolean context, List<Integer> shape, ElementType type) {
    return make(
        new Op.Input(name, context),
        List.of(),
        shape,
        type,
        context ? ValueRole.CONTEXT : ValueRole.CANDIDATE);
  }

  public Node initialiser(String name) {
    TensorProto tensor = weights.get(name);
    List<Integer> shape = tensor.getDimsList().stream().map(Math::toIntExact).toList();
    return make(new Op.Initialiser(name), List.of(), shape, ElementType.of(tensor.getDataType()));
  }

  public Node literal(TensorProto tensor) {
    List<Integer> shape = tensor.getDimsList().stream().map(Math::toIntExact).toList();
    return make(new Op.Literal(tensor), List.of(), shape, ElementType.of(tensor.getDataType()));
  }

  /** A number of the given type, without axes. */
  public Node scalar(double value, ElementType type) {
    return literal(Weights.tensor(type, List.of(), new double[] {value}));
  }

  // Left as exported.

  public Node exported(String name, Layout layout, Node value) {
    return make(
        new Op.Exported(name, layout), List.of(value), null, value.type(), ValueRole.CANDIDATE);
  }

  public Node rowCounts(String name, Tracked.Numbers numbers) {
    return make(
        new Op.RowCounts(name, numbers), List.of(), null, numbers.type(), ValueRole.CANDIDATE);
  }

  public Node opaque(Op.Opaque op, List<Node> inputs) {
    return make(op, inputs, null, ElementType.OTHER, ValueRole.CANDIDATE);
  }

  // Element by element.

  public Node elementwise(String type, Node... inputs) {
    return elementwise(new Op.Elementwise(type, List.of()), List.of(inputs));
  }

  public Node cast(Node input, ElementType type) {
    if (input.type() == type) {
      return input;
    }
    AttributeProto to =
        AttributeProto.newBuilder()
            .setName("to")
            .setType(AttributeProto.AttributeType.INT)
            .setI(type.onnxCode())
            .build();
    return elementwise(new Op.Elementwise("Cast", List.of(to)), List.of(input));
  }

  public Node elementwise(Op.Elementwise op, List<Node> inputs) {
    List<Integer> shape = Shapes.broadcast(inputs.stream().map(Node::shape).toList());
    if (shape == null) {
      throw new IllegalArgumentException(op.type() + ": shapes don't broadcast: " + inputs);
    }
    List<Node> narrow = new ArrayList<>();
    for (Node input : inputs) {
      narrow.add(input.op() instanceof Op.Expand ? input.input(0) : input);
    }
    List<Integer> narrowShape = Shapes.broadcast(narrow.stream().map(Node::shape).toList());
    for (int i = 0; i < narrow.size(); i++) {
      if (narrow.get(i).isCandidate()) {
        narrow.set(i, atRank(narrow.get(i), narrowShape.size()));
      }
    }
    Node result = make(op, narrow, narrowShape, elementType(op, inputs));
    return expand(result, shape);
  }

  private static ElementType elementType(Op.Elementwise op, List<Node> inputs) {
    if (PREDICATES.contains(op.type())) {
      return ElementType.BOOL;
    }
    if (op.type().equals("Cast")) {
      return ElementType.of((int) op.attributes().get(0).getI());
    }
    return inputs.get(op.type().equals("Where") ? 1 : 0).type();
  }

  /** Axes of size 1 in front, up to a rank. */
  public Node atRank(Node node, int rank) {
    if (node.rank() >= rank) {
      return node;
    }
    List<Integer> shape = new ArrayList<>(Collections.nCopies(rank - node.rank(), 1));
    shape.addAll(node.shape());
    return reshape(node, shape);
  }

  // Sums and products.

  /**
   * The matrix product as in ONNX, with broadcasting over leading axes. Both operands need at least
   * one axis; a single axis means a row vector on the left and a column vector on the right.
   */
  public Node matMul(Node left, Node right) {
    if (left.rank() == 1
        && (right.rank() != 2 || right.isCandidate() || left.dim(0) != right.dim(0))) {
      Node product = matMul(reshape(left, List.of(1, left.dim(0))), right);
      return right.rank() == 1
          ? product
          : reshape(product, Shapes.without(product.shape(), product.rank() - 2));
    }
    if (right.rank() == 1) {
      Node product = matMul(left, reshape(right, List.of(right.dim(0), 1)));
      return reshape(product, Shapes.without(product.shape(), product.rank() - 1));
    }
    if (left.dim(-1) != right.dim(-2)) {
      throw new IllegalArgumentException("MatMul: " + left.shape() + " by " + right.shape());
    }
    // A product over repeated rows or matrices is the repeated product.
    if (left.op() instanceof Op.Expand
        && left.input(0).dim(-1) == left.dim(-1)
        && left.rank() == left.input(0).rank()
        && left.rank() > 1) {
      Node narrow = matMul(left.input(0), right);
      List<Integer> shape = new ArrayList<>(matMulShape(left.shape(), right.shape()));
      return expand(narrow, shape);
    }
    List<Integer> shape = matMulShape(left.shape(), right.shape());
    int rank = Math.max(left.rank(), right.rank());
    Node a = left.isCandidate() && left.rank() > 1 ? atRank(left, rank) : left;
    Node b = right.isCandidate() ? atRank(right, rank) : right;
    return make(new Op.MatMul(), List.of(a, b), shape, left.type());
  }

  private static List<Integer> matMulShape(List<Integer> left, List<Integer> right) {
    if (left.size() == 1) {
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

  /** Reduces axes, which stay with size 1. */
  public Node reduce(String type, Node input, Set<Integer> axes) {
    List<Integer> sorted = List.copyOf(new TreeSet<>(axes));
    if (sorted.isEmpty()) {
      throw new IllegalArgumentException(type + ": no axes");
    }
    List<Integer> shape = new ArrayList<>(input.shape());
    sorted.forEach(axis -> shape.set(axis, 1));
    boolean idempotent =
        type.equals("ReduceMean") || type.equals("ReduceMax") || type.equals("ReduceMin");
    if (idempotent && shape.equals(input.shape())) {
      return input;
    }
    if (input.op() instanceof Op.Expand && input.rank() == input.input(0).rank()) {
      Node source = input.input(0);
      boolean free = true;
      long copies = 1;
      for (int axis : sorted) {
        if (source.dim(axis) != input.dim(axis)) {
          free = false;
          copies *= input.dim(axis);
        }
      }
      if (free || idempotent) {
        return expand(reduce(type, source, axes), shape);
      }
      if (type.equals("ReduceSum") && input.type().isFloat()) {
        Node sum = reduce(type, source, axes);
        return expand(elementwise("Mul", sum, scalar(copies, input.type())), shape);
      }
    }
    return make(new Op.Reduce(type, sorted), List.of(input), shape, input.type());
  }

  public Node softmax(String type, Node input, int axis) {
    if (input.op() instanceof Op.Expand
        && input.rank() == input.input(0).rank()
        && input.input(0).dim(axis) == input.dim(axis)) {
      return expand(softmax(type, input.input(0), axis), input.shape());
    }
    return make(new Op.Softmax(type, axis), List.of(input), input.shape(), input.type());
  }

  public Node layerNorm(Op.LayerNorm op, List<Node> inputs) {
    return make(op, inputs, inputs.get(0).shape(), inputs.get(0).type());
  }

  // Movement.

  public Node reshape(Node input, List<Integer> shape) {
    if (input.shape().equals(shape)) {
      return input;
    }
    if (Shapes.size(shape) != input.size()) {
      throw new IllegalArgumentException("Reshape: " + input.shape() + " to " + shape);
    }
    if (input.op() instanceof Op.Reshape) {
      return reshape(input.input(0), shape);
    }
    if (input.op() instanceof Op.Expand) {
      Node pushed = reshapeBelowExpand(input, shape);
      if (pushed != null) {
        return pushed;
      }
    }
    return make(new Op.Reshape(List.copyOf(shape)), List.of(input), shape, input.type());
  }

  /** Reshape(Expand(x)) as Expand(Reshape(x)) where only axes of size 1 come or go. */
  private Node reshapeBelowExpand(Node expand, List<Integer> shape) {
    List<Integer> from = expand.shape();
    Node source = expand.input(0);
    if (source.rank() != from.size()) {
      return null;
    }
    List<Integer> narrow = new ArrayList<>();
    int i = 0;
    for (int dim : shape) {
      while (i < from.size() && from.get(i) == 1 && dim != 1) {
        i++;
      }
      if (i < from.size() && from.get(i) == dim) {
        narrow.add(source.dim(i));
        i++;
      } else if (dim == 1) {
        narrow.add(1);
      } else {
        return null;
      }
    }
    while (i < from.size() && from.get(i) == 1) {
      i++;
    }
    if (i < from.size() || Shapes.size(narrow) != source.size()) {
      return null;
    }
    return expand(reshape(source, narrow), shape);
  }

  public Node transpose(Node input, List<Integer> permutation) {
    List<Integer> shape = permutation.stream().map(input.shape()::get).toList();
    int last = -1;
    boolean moves = false;
    for (int axis : permutation) {
      if (input.dim(axis) != 1) {
        moves |= axis < last;
        last = axis;
      }
    }
    if (!moves) {
      return reshape(input, shape);
    }
    if (input.op() instanceof Op.Transpose inner) {
      return transpose(input.input(0), permutation.stream().map(inner.permutation()::get).toList());
    }
    if (input.op() instanceof Op.Expand && input.rank() == input.input(0).rank()) {
      return expand(transpose(input.input(0), permutation), shape);
    }
    if (input.role() == ValueRole.CONTEXT) {
      Node earlier = transposeEarlier(input, permutation);
      if (earlier != null) {
        return earlier;
      }
    }
    return make(new Op.Transpose(List.copyOf(permutation)), List.of(input), shape, input.type());
  }

  /** Turns the operands instead of the result, where those are smaller; null if not. */
  private Node transposeEarlier(Node input, List<Integer> permutation) {
    if (input.op() instanceof Op.Elementwise op) {
      List<Node> turned = new ArrayList<>();
      int broadcast = 0;
      for (Node operand : input.inputs()) {
        Node ranked = operand.rank() == 0 ? operand : atRank(operand, input.rank());
        broadcast += ranked.size() < input.size() || ranked.role() == ValueRole.CONSTANT ? 1 : 0;
        turned.add(operand.rank() == 0 ? operand : transpose(ranked, permutation));
      }
      return broadcast > 0 ? elementwise(op, turned) : null;
    }
    if (input.op() instanceof Op.Reshape
        && input.rank() == 2
        && permutation.equals(List.of(1, 0))) {
      Node source = input.input(0);
      if (source.rank() > 2 && source.dim(0) == input.dim(0)) {
        List<Integer> rotated = new ArrayList<>();
        for (int i = 1; i < source.rank(); i++) {
          rotated.add(i);
        }
        rotated.add(0);
        return reshape(transpose(source, rotated), List.of(input.dim(1), input.dim(0)));
      }
    }
    return null;
  }

  /** Swaps the last two axes. */
  public Node transposeLast(Node input) {
    List<Integer> permutation = new ArrayList<>();
    for (int i = 0; i < input.rank(); i++) {
      permutation.add(i);
    }
    Collections.swap(permutation, input.rank() - 1, input.rank() - 2);
    return transpose(input, permutation);
  }

  /** Broadcasts to a shape; the rank may grow. */
  public Node expand(Node input, List<Integer> shape) {
    if (input.shape().equals(shape)) {
      return input;
    }
    if (!shape.equals(Shapes.broadcast(List.of(input.shape(), shape)))) {
      throw new IllegalArgumentException("Expand: " + input.shape() + " to " + shape);
    }
    if (input.op() instanceof Op.Expand) {
      return expand(input.input(0), shape);
    }
    Node ranked = atRank(input, shape.size());
    if (ranked.shape().equals(shape)) {
      return ranked;
    }
    return make(new Op.Expand(List.copyOf(shape)), List.of(ranked), shape, input.type());
  }

  public Node concat(List<Node> parts, int axis) {
    List<Node> flat = new ArrayList<>();
    for (Node part : parts) {
      if (part.op() instanceof Op.Concat inner && inner.axis() == axis) {
        flat.addAll(part.inputs());
      } else {
        flat.add(part);
      }
    }
    if (flat.size() == 1) {
      return flat.get(0);
    }
    List<Integer> shape = new ArrayList<>(flat.get(0).shape());
    int length = 0;
    for (Node part : flat) {
      length += part.dim(axis);
    }
    shape.set(axis, length);
    Node below = concatBelowExpand(flat, axis, shape);
    if (below != null) {
      return below;
    }
    return make(new Op.Concat(axis), flat, shape, flat.get(0).type());
  }

  /**
   * Concat(Expand(a), Expand(b)) as Expand(Concat(a, b)) where both are repeated along the same
   * axes.
   */
  private Node concatBelowExpand(List<Node> parts, int axis, List<Integer> shape) {
    List<Integer> repeated = null;
    List<Node> sources = new ArrayList<>();
    for (Node part : parts) {
      if (!(part.op() instanceof Op.Expand) || part.input(0).dim(axis) != part.dim(axis)) {
        return null;
      }
      List<Integer> axes = new ArrayList<>();
      for (int i = 0; i < part.rank(); i++) {
        if (part.dim(i) != part.input(0).dim(i)) {
          axes.add(i);
        }
      }
      if (repeated != null && !repeated.equals(axes)) {
        return null;
      }
      repeated = axes;
      sources.add(part.input(0));
    }
    return expand(concat(sources, axis), shape);
  }

  public Node slice(Node input, int axis, int from, int to) {
    return slice(input, axis, from, to, 1);
  }

  public Node slice(Node input, int axis, int from, int to, int step) {
    if (from == 0 && to == input.dim(axis) && step == 1) {
      return input;
    }
    if (from < 0 || to > input.dim(axis) || from >= to || step < 1) {
      throw new IllegalArgumentException(
          "Slice: [" + from + ", " + to + ") of axis " + axis + " of " + input.shape());
    }
    int length = (to - from + step - 1) / step;
    List<Integer> shape = new ArrayList<>(input.shape());
    shape.set(axis, length);
    if (input.op() instanceof Op.Slice inner
        && inner.axis() == axis
        && inner.step() == 1
        && step == 1) {
      return slice(input.input(0), axis, inner.from() + from, inner.from() + to);
    }
    if (input.op() instanceof Op.Concat concat && concat.axis() == axis && step == 1) {
      List<Node> kept = new ArrayList<>();
      int at = 0;
      for (Node part : input.inputs()) {
        int start = Math.max(from, at);
        int end = Math.min(to, at + part.dim(axis));
        if (start < end) {
          kept.add(slice(part, axis, start - at, end - at));
        }
        at += part.dim(axis);
      }
      return concat(kept, axis);
    }
    if (input.op() instanceof Op.Concat concat) {
      return concat(
          input.inputs().stream().map(part -> slice(part, axis, from, to, step)).toList(),
          concat.axis());
    }
    if (input.op() instanceof Op.Expand) {
      Node source = input.input(0);
      return source.dim(axis) == 1
          ? expand(source, shape)
          : expand(slice(source, axis, from, to, step), shape);
    }
    return make(new Op.Slice(axis, from, to, step), List.of(input), shape, input.type());
  }

  public Node gather(Node data, Node indices, int axis) {
    List<Integer> shape = new ArrayList<>(data.shape().subList(0, axis));
    shape.addAll(indices.shape());
    shape.addAll(data.shape().subList(axis + 1, data.rank()));
    return make(new Op.Gather(axis), List.of(data, indices), shape, data.type());
  }

  public Node tableRows(Op.TableRows op, List<Node> ids) {
    return make(op, ids, List.of(ids.size()), ElementType.INT64);
  }

  /**
   * @param ids one without axes for each table
   * @param tables [ids, shape of the sum] each
   */
  public Node sumOfEntries(Op.SumOfEntries op, List<Node> ids, List<Node> tables) {
    List<Node> inputs = new ArrayList<>(ids);
    inputs.addAll(tables);
    List<Integer> shape = tables.get(0).shape();
    return make(op, inputs, shape.subList(1, shape.size()), tables.get(0).type());
  }

  public Node gatherElements(Node data, Node indices, int axis) {
    return make(new Op.GatherElements(axis), List.of(data, indices), indices.shape(), data.type());
  }

  /** The same operation on other inputs. */
  Node rebuild(Node node, List<Node> inputs) {
    if (inputs.equals(node.inputs())) {
      return node;
    }
    Op op = node.op();
    if (op instanceof Op.Elementwise elementwise) {
      return elementwise(elementwise, inputs);
    } else if (op instanceof Op.MatMul) {
      return matMul(inputs.get(0), inputs.get(1));
    } else if (op instanceof Op.Reduce reduce) {
      return reduce(reduce.type(), inputs.get(0), new TreeSet<>(reduce.axes()));
    } else if (op instanceof Op.Softmax softmax) {
      return softmax(softmax.type(), inputs.get(0), softmax.axis());
    } else if (op instanceof Op.LayerNorm layerNorm) {
      return layerNorm(layerNorm, inputs);
    } else if (op instanceof Op.Concat concat) {
      return concat(inputs, concat.axis());
    } else if (op instanceof Op.Slice slice) {
      return slice(inputs.get(0), slice.axis(), slice.from(), slice.to(), slice.step());
    } else if (op instanceof Op.Gather gather) {
      return gather(inputs.get(0), inputs.get(1), gather.axis());
    } else if (op instanceof Op.TableRows rows) {
      return tableRows(rows, inputs);
    } else if (op instanceof Op.SumOfEntries sum) {
      int count = sum.sources().size();
      return sumOfEntries(sum, inputs.subList(0, count), inputs.subList(count, 2 * count));
    } else if (op instanceof Op.GatherElements gather) {
      return gatherElements(inputs.get(0), inputs.get(1), gather.axis());
    } else if (op instanceof Op.Reshape reshape) {
      return reshape(inputs.get(0), reshape.shape());
    } else if (op instanceof Op.Transpose transpose) {
      return transpose(inputs.get(0), transpose.permutation());
    } else if (op instanceof Op.Expand expand) {
      return expand(inputs.get(0), expand.shape());
    } else if (op instanceof Op.Exported exported) {
      return exported(exported.name(), exported.layout(), inputs.get(0));
    } else if (op instanceof Op.Opaque opaque) {
      return opaque(opaque, inputs);
    }
    return node;
  }
}
