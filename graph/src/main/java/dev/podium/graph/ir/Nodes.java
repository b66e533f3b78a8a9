package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.Tensors;
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
  private record Key(Op op, List<Node> inputs) {}

  private final Map<Key, Node> made = new HashMap<>();
  private final Movement movement = new Movement(this);
  private final Weights weights;

  public Nodes(Weights weights) {
    this.weights = weights;
  }

  public Weights weights() {
    return weights;
  }

  /** An operator over its operands, with nothing simplified. */
  Node exactly(Op op, List<Node> inputs) {
    Key key = new Key(op, List.copyOf(inputs));
    Node known = made.get(key);
    if (known == null) {
      known = new Node(made.size(), op, key.inputs(), Inference.of(op, inputs));
      made.put(key, known);
    }
    return known;
  }

  // Sources.

  public Node input(String name, boolean context, List<Integer> shape, ElementType type) {
    return exactly(new Op.Input(name, context, List.copyOf(shape), type), List.of());
  }

  public Node initialiser(String name) {
    TensorProto tensor = weights.get(name);
    List<Integer> shape = tensor.getDimsList().stream().map(Math::toIntExact).toList();
    ElementType type = ElementType.of(tensor.getDataType());
    return exactly(new Op.Initialiser(name, shape, type), List.of());
  }

  public Node literal(TensorProto tensor) {
    return exactly(new Op.Literal(tensor), List.of());
  }

  /** A number of the given type, without axes. */
  public Node scalar(double value, ElementType type) {
    return literal(Tensors.tensor(type, List.of(), new double[] {value}));
  }

  // Left as exported.

  public Node exported(String name, Layout layout, Node value) {
    return exactly(new Op.Exported(name, layout), List.of(value));
  }

  public Node rowCounts(String name, Numbers numbers) {
    return exactly(new Op.RowCounts(name, numbers), List.of());
  }

  public Node opaque(Op.Opaque op, List<Node> inputs) {
    return exactly(op, inputs);
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
    Node result = exactly(op, narrow);
    return expand(result, shape);
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
      List<Integer> shape = Inference.of(new Op.MatMul(), List.of(left, right)).shape();
      return expand(matMul(left.input(0), right), shape);
    }
    int rank = Math.max(left.rank(), right.rank());
    Node a = left.isCandidate() && left.rank() > 1 ? atRank(left, rank) : left;
    Node b = right.isCandidate() ? atRank(right, rank) : right;
    return exactly(new Op.MatMul(), List.of(a, b));
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
    return exactly(new Op.Reduce(type, sorted), List.of(input));
  }

  public Node softmax(String type, Node input, int axis) {
    if (input.op() instanceof Op.Expand
        && input.rank() == input.input(0).rank()
        && input.input(0).dim(axis) == input.dim(axis)) {
      return expand(softmax(type, input.input(0), axis), input.shape());
    }
    return exactly(new Op.Softmax(type, axis), List.of(input));
  }

  public Node layerNorm(Op.LayerNorm op, List<Node> inputs) {
    return exactly(op, inputs);
  }

  // Movement.

  public Node reshape(Node input, List<Integer> shape) {
    return movement.reshape(input, shape);
  }

  public Node transpose(Node input, List<Integer> permutation) {
    return movement.transpose(input, permutation);
  }

  /** Broadcasts to a shape; the rank may grow. */
  public Node expand(Node input, List<Integer> shape) {
    return movement.expand(input, shape);
  }

  public Node concat(List<Node> parts, int axis) {
    return movement.concat(parts, axis);
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

  public Node slice(Node input, int axis, int from, int to) {
    return slice(input, axis, from, to, 1);
  }

  public Node slice(Node input, int axis, int from, int to, int step) {
    return movement.slice(input, axis, from, to, step);
  }

  public Node gather(Node data, Node indices, int axis) {
    return exactly(new Op.Gather(axis), List.of(data, indices));
  }

  public Node tableRows(Op.TableRows op, List<Node> ids) {
    return exactly(op, ids);
  }

  /**
   * @param ids one without axes for each table
   * @param tables [ids, shape of the sum] each
   */
  public Node sumOfEntries(Op.SumOfEntries op, List<Node> ids, List<Node> tables) {
    List<Node> inputs = new ArrayList<>(ids);
    inputs.addAll(tables);
    return exactly(op, inputs);
  }

  public Node gatherElements(Node data, Node indices, int axis) {
    return exactly(new Op.GatherElements(axis), List.of(data, indices));
  }

  /** The same operation on other inputs. */
  Node rebuild(Node node, List<Node> inputs) {
    return inputs.equals(node.inputs()) ? node : node(node.op(), inputs);
  }

  /**
   * An operator over its operands, as simple as it can be made. What there is nothing to simplify
   * about is made as it is.
   */
  public Node node(Op op, List<Node> inputs) {
    if (op instanceof Op.Elementwise elementwise) {
      return elementwise(elementwise, inputs);
    } else if (op instanceof Op.MatMul) {
      return matMul(inputs.get(0), inputs.get(1));
    } else if (op instanceof Op.Reduce reduce) {
      return reduce(reduce.type(), inputs.get(0), new TreeSet<>(reduce.axes()));
    } else if (op instanceof Op.Softmax softmax) {
      return softmax(softmax.type(), inputs.get(0), softmax.axis());
    } else if (op instanceof Op.Concat concat) {
      return concat(inputs, concat.axis());
    } else if (op instanceof Op.Slice slice) {
      return slice(inputs.get(0), slice.axis(), slice.from(), slice.to(), slice.step());
    } else if (op instanceof Op.Reshape reshape) {
      return reshape(inputs.get(0), reshape.shape());
    } else if (op instanceof Op.Transpose transpose) {
      return transpose(inputs.get(0), transpose.permutation());
    } else if (op instanceof Op.Expand expand) {
      return expand(inputs.get(0), expand.shape());
    }
    return exactly(op, inputs);
  }
}
