package dev.podium.graph.analysis;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Shapes;
import dev.podium.graph.ir.ValueRole;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Cuts a value along one axis into ranges of columns that come from one place each, and takes some
 * of the ranges without computing the others.
 */
public final class ColumnRanges {
  private final Nodes nodes;
  private final ValueRole side;

  public ColumnRanges(Nodes nodes) {
    this(nodes, ValueRole.CANDIDATE);
  }

  /**
   * @param side whose values are cut; others are taken whole
   */
  public ColumnRanges(Nodes nodes, ValueRole side) {
    this.nodes = nodes;
    this.side = side;
  }

  /**
   * Columns {@code from} to {@code to - 1}; {@code candidate} if any of them depends on candidate
   * inputs.
   */
  public record Range(int from, int to, boolean candidate) {
    public int length() {
      return to - from;
    }
  }

  /** The ranges of an axis in order, as fine as the parts that were joined along it. */
  public List<Range> ranges(Node node, int axis) {
    int length = node.dim(axis);
    Op op = node.op();
    if (node.role() != side || length == 1) {
      return List.of(new Range(0, length, node.isCandidate()));
    }
    if (op instanceof Op.Concat concat && concat.axis() == axis) {
      List<Range> ranges = new ArrayList<>();
      int at = 0;
      for (Node part : node.inputs()) {
        for (Range range : ranges(part, axis)) {
          ranges.add(new Range(at + range.from(), at + range.to(), range.candidate()));
        }
        at += part.dim(axis);
      }
      return ranges;
    }
    if (op instanceof Op.Concat) {
      return common(node.inputs().stream().map(part -> ranges(part, axis)).toList(), length);
    }
    if (op instanceof Op.Elementwise || op instanceof Op.Expand) {
      List<List<Range>> all = new ArrayList<>();
      for (Node input : node.inputs()) {
        int own = axis - (node.rank() - input.rank());
        boolean along = own >= 0 && input.dim(own) == length;
        all.add(along ? ranges(input, own) : List.of(new Range(0, length, input.isCandidate())));
      }
      return common(all, length);
    }
    if (op instanceof Op.Reshape) {
      Source source = source(node, axis);
      if (source != null) {
        List<Range> ranges = new ArrayList<>();
        for (Range range : ranges(node.input(0), source.axis())) {
          if (range.from() * source.times() % source.per() != 0
              || range.to() * source.times() % source.per() != 0) {
            return List.of(new Range(0, length, true));
          }
          ranges.add(
              new Range(
                  range.from() * source.times() / source.per(),
                  range.to() * source.times() / source.per(),
                  range.candidate()));
        }
        return ranges;
      }
    }
    if (op instanceof Op.Transpose transpose) {
      return ranges(node.input(0), transpose.permutation().get(axis));
    }
    if (op instanceof Op.Reduce reduce && !reduce.axes().contains(axis)) {
      return ranges(node.input(0), axis);
    }
    if (op instanceof Op.Softmax softmax && softmax.axis() != axis) {
      return ranges(node.input(0), axis);
    }
    if (op instanceof Op.Gather && node.input(1).role() == side && axis < node.input(1).rank()) {
      return ranges(node.input(1), axis);
    }
    if (isAlongRowsOfProduct(node, axis)) {
      return ranges(node.input(0), axis);
    }
    Picked picked = Picked.of(node, nodes);
    if (picked != null && picked.axis() == axis) {
      List<Range> ranges = ranges(picked.data(), axis);
      List<Range> each = new ArrayList<>();
      for (int place : picked.places()) {
        each.add(new Range(each.size(), each.size() + 1, at(ranges, place).candidate()));
      }
      return each;
    }
    if (picked != null) {
      return ranges(picked.data(), axis);
    }
    return List.of(new Range(0, length, true));
  }

  /**
   * The same value with only some of its columns, in order.
   *
   * @param ranges from {@link #ranges} of the same node and axis, in order; at least one
   */
  public Node select(Node node, int axis, List<Range> ranges) {
    int length = ranges.stream().mapToInt(Range::length).sum();
    if (length == node.dim(axis)) {
      return node;
    }
    List<Integer> shape = Shapes.with(node.shape(), axis, length);
    Op op = node.op();
    if (op instanceof Op.Concat concat && concat.axis() == axis) {
      List<Node> parts = new ArrayList<>();
      int at = 0;
      for (Node part : node.inputs()) {
        List<Range> inside = new ArrayList<>();
        for (Range range : ranges) {
          int from = Math.max(range.from(), at) - at;
          int to = Math.min(range.to(), at + part.dim(axis)) - at;
          if (from < to) {
            inside.add(new Range(from, to, range.candidate()));
          }
        }
        if (!inside.isEmpty()) {
          parts.add(select(part, axis, inside));
        }
        at += part.dim(axis);
      }
      return nodes.concat(parts, axis);
    }
    if (op instanceof Op.Concat concat) {
      return nodes.concat(
          node.inputs().stream().map(part -> select(part, axis, ranges)).toList(), concat.axis());
    }
    if (op instanceof Op.Elementwise || op instanceof Op.Expand) {
      List<Node> inputs = new ArrayList<>();
      for (Node input : node.inputs()) {
        int own = axis - (node.rank() - input.rank());
        boolean along = own >= 0 && input.dim(own) == node.dim(axis);
        inputs.add(along ? select(input, own, ranges) : input);
      }
      return op instanceof Op.Elementwise elementwise
          ? nodes.elementwise(elementwise, inputs)
          : nodes.expand(inputs.get(0), shape);
    }
    if (op instanceof Op.Reshape) {
      Source source = source(node, axis);
      if (source != null && ranges.stream().allMatch(range -> fits(range, source))) {
        List<Range> inside =
            ranges.stream()
                .map(
                    range ->
                        new Range(
                            range.from() * source.per() / source.times(),
                            range.to() * source.per() / source.times(),
                            range.candidate()))
                .toList();
        return nodes.reshape(select(node.input(0), source.axis(), inside), shape);
      }
    }
    if (op instanceof Op.Transpose transpose) {
      return nodes.transpose(
          select(node.input(0), transpose.permutation().get(axis), ranges),
          transpose.permutation());
    }
    if (op instanceof Op.Reduce reduce && !reduce.axes().contains(axis)) {
      return nodes.reduce(
          reduce.type(), select(node.input(0), axis, ranges), new TreeSet<>(reduce.axes()));
    }
    if (op instanceof Op.Softmax softmax && softmax.axis() != axis) {
      return nodes.softmax(softmax.type(), select(node.input(0), axis, ranges), softmax.axis());
    }
    if (op instanceof Op.Gather gather
        && node.input(1).role() == side
        && axis < node.input(1).rank()) {
      return nodes.gather(node.input(0), select(node.input(1), axis, ranges), gather.axis());
    }
    if (isAlongRowsOfProduct(node, axis)) {
      return nodes.matMul(select(node.input(0), axis, ranges), node.input(1));
    }
    Picked picked = Picked.of(node, nodes);
    if (picked != null && picked.axis() == axis) {
      return select(picked, ranges);
    }
    if (picked != null) {
      return nodes.gather(select(picked.data(), axis, ranges), node.input(1), picked.axis());
    }
    List<Node> parts = new ArrayList<>();
    for (Range range : joined(ranges)) {
      parts.add(nodes.slice(node, axis, range.from(), range.to()));
    }
    return nodes.concat(parts, axis);
  }

  /** Some of the entries that were picked, from those of the data's ranges that hold them. */
  private Node select(Picked picked, List<Range> ranges) {
    List<Range> all = ranges(picked.data(), picked.axis());
    TreeMap<Integer, Range> read = new TreeMap<>();
    List<Integer> places = new ArrayList<>();
    for (Range range : ranges) {
      for (int i = range.from(); i < range.to(); i++) {
        int place = picked.places()[i];
        Range holder = at(all, place);
        read.put(holder.from(), holder);
        places.add(place);
      }
    }
    int[] moved = new int[places.size()];
    for (int i = 0; i < moved.length; i++) {
      int place = places.get(i);
      int before =
          read.headMap(at(all, place).from()).values().stream().mapToInt(Range::length).sum();
      moved[i] = before + place - at(all, place).from();
    }
    Node data = select(picked.data(), picked.axis(), List.copyOf(read.values()));
    return Picked.pick(data, picked.axis(), moved, nodes);
  }

  private static Range at(List<Range> ranges, int place) {
    return ranges.stream().filter(range -> place < range.to()).findFirst().orElseThrow();
  }

  /** Whether an axis of {@code [.., positions, k]·[k, n]} is one of the positions'. */
  private static boolean isAlongRowsOfProduct(Node node, int axis) {
    return node.op() instanceof Op.MatMul
        && node.input(0).rank() == node.rank()
        && node.input(1).rank() == 2
        && axis < node.rank() - 1;
  }

  private static boolean fits(Range range, Source source) {
    return range.from() * source.per() % source.times() == 0
        && range.to() * source.per() % source.times() == 0;
  }

  /** Neighbours as one range. */
  public static List<Range> joined(List<Range> ranges) {
    List<Range> joined = new ArrayList<>();
    for (Range range : ranges) {
      Range last = joined.isEmpty() ? null : joined.get(joined.size() - 1);
      if (last != null && last.to() == range.from()) {
        joined.set(
            joined.size() - 1,
            new Range(last.from(), range.to(), last.candidate() || range.candidate()));
      } else {
        joined.add(range);
      }
    }
    return joined;
  }

  /** Ranges that none of the cuts goes through; candidate where any of them is. */
  private static List<Range> common(List<List<Range>> all, int length) {
    TreeSet<Integer> cuts = new TreeSet<>(List.of(0, length));
    all.forEach(ranges -> ranges.forEach(range -> cuts.add(range.from())));
    List<Range> result = new ArrayList<>();
    int from = 0;
    for (int to : cuts.tailSet(0, false)) {
      int start = from;
      boolean candidate =
          all.stream()
              .anyMatch(
                  ranges ->
                      ranges.stream()
                          .anyMatch(r -> r.candidate() && r.from() <= start && start < r.to()));
      result.add(new Range(from, to, candidate));
      from = to;
    }
    return result;
  }

  /**
   * Where an axis of a reshaped value comes from: columns of {@code axis} of the operand, of which
   * {@code per} make {@code times} columns.
   */
  private record Source(int axis, int times, int per) {}

  /** Null if the axis does not start where an axis of the operand starts. */
  private static Source source(Node reshape, int axis) {
    List<Integer> from = reshape.input(0).shape();
    List<Integer> to = reshape.shape();
    int before = Shapes.size(to.subList(0, axis));
    int size = to.get(axis);
    int covered = 1;
    for (int i = 0; i < from.size(); i++) {
      if (covered == before && from.get(i) != 1) {
        if (from.get(i) == size) {
          return new Source(i, 1, 1);
        }
        if (size % from.get(i) == 0) {
          // Several axes of the operand in one: whole columns of the first of them.
          int rest = size / from.get(i);
          int product = 1;
          for (int j = i + 1; j < from.size() && product < rest; j++) {
            product *= from.get(j);
          }
          return product == rest ? new Source(i, rest, 1) : null;
        }
        if (from.get(i) % size == 0) {
          return new Source(i, 1, from.get(i) / size);
        }
        return null;
      }
      covered *= from.get(i);
      if (covered > before) {
        return null;
      }
    }
    return null;
  }
}
