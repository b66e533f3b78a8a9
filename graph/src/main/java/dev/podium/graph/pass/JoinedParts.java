package dev.podium.graph.pass;

import dev.podium.graph.analysis.ColumnRanges;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Computes a slice from the parts that it goes back to: exporters join the candidate to the history
 * (RecBole's DIN), or all ids to one another, work on the whole, and split the result. Taken apart
 * again, the history's part is context.
 *
 * <p>Only where a value is used by slices alone that don't overlap, or where the slice is no
 * candidate value: otherwise some of the work would be done twice for each candidate.
 */
final class JoinedParts implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("JOINED_PARTS", Phase.NORMALISE).always();
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Map<Node, List<Node>> users = function.users();
    Set<Node> outputs = function.results();
    ColumnRanges columns = new ColumnRanges(nodes);
    return function.rewrite(
        (before, node) -> {
          if (!(node.op() instanceof Op.Slice slice) || !node.isCandidate() || slice.step() != 1) {
            return node;
          }
          Node value = node.input(0);
          List<ColumnRanges.Range> inside = inside(columns.ranges(value, slice.axis()), slice);
          if (inside.stream().mapToInt(ColumnRanges.Range::length).sum()
              != node.dim(slice.axis())) {
            return node;
          }
          Node part = columns.select(value, slice.axis(), inside);
          Node whole = before.input(0);
          boolean takenApart =
              !outputs.contains(whole) && isTakenApart(whole, users.get(whole), slice.axis());
          return log.counted(node, part.isCandidate() && !takenApart ? node : part);
        });
  }

  /** The ranges of a slice; what is no candidate value may be cut anywhere. */
  private static List<ColumnRanges.Range> inside(List<ColumnRanges.Range> ranges, Op.Slice slice) {
    List<ColumnRanges.Range> inside = new ArrayList<>();
    for (ColumnRanges.Range range : ranges) {
      int from = Math.max(range.from(), slice.from());
      int to = Math.min(range.to(), slice.to());
      if (from < to && (to - from == range.length() || !range.candidate())) {
        inside.add(new ColumnRanges.Range(from, to, range.candidate()));
      }
    }
    return inside;
  }

  /** Whether those who use a value are slices alone, along one axis, that don't overlap. */
  private static boolean isTakenApart(Node value, List<Node> users, int axis) {
    int taken = 0;
    for (Node user : users) {
      if (!(user.op() instanceof Op.Slice slice) || slice.axis() != axis || slice.step() != 1) {
        return false;
      }
      taken += slice.to() - slice.from();
    }
    return taken <= value.dim(axis);
  }
}
