package dev.podium.graph;

import java.util.List;

/**
 * A value of the function of one row. Made by {@link Nodes}, where two nodes are equal exactly if
 * they are the same object.
 */
final class Node {
  private final int id;
  private final Op op;
  private final List<Node> inputs;
  private final List<Integer> shape;
  private final ElementType type;
  private final Role role;

  Node(int id, Op op, List<Node> inputs, List<Integer> shape, ElementType type, Role role) {
    this.id = id;
    this.op = op;
    this.inputs = inputs;
    this.shape = shape;
    this.type = type;
    this.role = role;
  }

  /** Grows from inputs to results. */
  int id() {
    return id;
  }

  Op op() {
    return op;
  }

  List<Node> inputs() {
    return inputs;
  }

  Node input(int index) {
    return inputs.get(index);
  }

  /** Shape without rows; null for what was left as exported. */
  List<Integer> shape() {
    return shape;
  }

  int rank() {
    return shape.size();
  }

  /** Size of an axis, counted from the end if negative. */
  int dim(int axis) {
    return shape.get(axis < 0 ? shape.size() + axis : axis);
  }

  int size() {
    int size = 1;
    for (int dim : shape) {
      size = Math.multiplyExact(size, dim);
    }
    return size;
  }

  ElementType type() {
    return type;
  }

  Role role() {
    return role;
  }

  boolean isCandidate() {
    return role == Role.CANDIDATE;
  }

  boolean isElementwise(String name) {
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
