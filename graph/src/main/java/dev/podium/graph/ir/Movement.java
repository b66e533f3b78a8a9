package dev.podium.graph.ir;

import java.util.ArrayList;
import java.util.List;

/**
 * How {@link Nodes} makes nodes that move values and compute none: one after another becomes one,
 * and an Expand moves towards the results.
 */
final class Movement {
  private final Nodes nodes;

  Movement(Nodes nodes) {
    this.nodes = nodes;
  }

  Node reshape(Node input, List<Integer> shape) {
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
    return nodes.exactly(new Op.Reshape(List.copyOf(shape)), List.of(input));
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

  Node transpose(Node input, List<Integer> permutation) {
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
    return nodes.exactly(new Op.Transpose(List.copyOf(permutation)), List.of(input));
  }

  /** Turns the operands instead of the result, where those are smaller; null if not. */
  private Node transposeEarlier(Node input, List<Integer> permutation) {
    if (input.op() instanceof Op.Elementwise op) {
      List<Node> turned = new ArrayList<>();
      int broadcast = 0;
      for (Node operand : input.inputs()) {
        Node ranked = operand.rank() == 0 ? operand : nodes.atRank(operand, input.rank());
        broadcast += ranked.size() < input.size() || ranked.role() == ValueRole.CONSTANT ? 1 : 0;
        turned.add(operand.rank() == 0 ? operand : transpose(ranked, permutation));
      }
      return broadcast > 0 ? nodes.elementwise(op, turned) : null;
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

  /** Broadcasts to a shape; the rank may grow. */
  Node expand(Node input, List<Integer> shape) {
    if (input.shape().equals(shape)) {
      return input;
    }
    if (!shape.equals(Shapes.broadcast(List.of(input.shape(), shape)))) {
      throw new IllegalArgumentException("Expand: " + input.shape() + " to " + shape);
    }
    if (input.op() instanceof Op.Expand) {
      return expand(input.input(0), shape);
    }
    Node ranked = nodes.atRank(input, shape.size());
    if (ranked.shape().equals(shape)) {
      return ranked;
    }
    return nodes.exactly(new Op.Expand(List.copyOf(shape)), List.of(ranked));
  }

  Node concat(List<Node> parts, int axis) {
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
    return nodes.exactly(new Op.Concat(axis), flat);
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

  Node slice(Node input, int axis, int from, int to, int step) {
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
      return slice(input.input(0), axis, inner.from() + from, inner.from() + to, 1);
    }
    if (input.op() instanceof Op.Concat concat && concat.axis() == axis && step == 1) {
      List<Node> kept = new ArrayList<>();
      int at = 0;
      for (Node part : input.inputs()) {
        int start = Math.max(from, at);
        int end = Math.min(to, at + part.dim(axis));
        if (start < end) {
          kept.add(slice(part, axis, start - at, end - at, 1));
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
    return nodes.exactly(new Op.Slice(axis, from, to, step), List.of(input));
  }
}
