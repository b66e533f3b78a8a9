package dev.podium.graph.ir;

import dev.podium.graph.onnx.ElementType;
import java.util.List;

/**
 * A value of the function of one row. Made by {@link Nodes}, where two nodes are equal exactly if
 * they are the same object.
 */
public final class Node {
  private final int id;
  private final Op op;
  private final List<Node> inputs;
  private final List<Integer> shape;
  private final ElementType type;
  private final ValueRole role;

  Node(int id, Op op, List<Node> inputs, Inference.Value value) {
    this.id = id;
    this.op = op;
    this.inputs = inputs;
    this.shape = value.shape();
    this.type = value.type();
    this.role = value.role();
  }

  /** Grows from inputs to results. */
  public int id() {
    return id;
  }

  public Op op() {
    return op;
  }

  public List<Node> inputs() {
    return inputs;
  }

  public Node input(int index) {
    return inputs.get(index);
  }

  /** Shape without rows; null for what was left as exported. */
  public List<Integer> shape() {
    return shape;
  }

  public int rank() {
    return shape.size();
  }

  /** Size of an axis, counted from the end if negative. */
  public int dim(int axis) {
    return shape.get(axis < 0 ? shape.size() + axis : axis);
  }

  public int size() {
    int size = 1;
    for (int dim : shape) {
      size = Math.multiplyExact(size, dim);
    }
    return size;
  }

  public ElementType type() {
    return type;
  }

  public ValueRole role() {
    return role;
  }

  public boolean isCandidate() {
    return role == ValueRole.CANDIDATE;
  }

  public boolean isElementwise(String name) {
    return op instanceof Op.Elementwise e && e.type().equals(name);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("%" + id + " = " + op + "(");
    for (Node input : inputs) {
      text.append('%').append(input.id).append(' ');
    }
    return text.append(") ").append(shape).append(' ').append(role).toString();
  }
}
