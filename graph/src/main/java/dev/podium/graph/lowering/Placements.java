package dev.podium.graph.lowering;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Decides where the candidate half keeps the rows of each value. */
public final class Placements {
  /** Smaller values are not worth moving rows for. */
  private static final int FEWEST_REPEATED = 32;

  private Placements() {}

  /** Rows first everywhere. */
  public static Map<Node, Placement> rowsFirst(RowFunction function) {
    Map<Node, Placement> placements = new HashMap<>();
    for (Node node : function.order()) {
      placements.put(node, node.isCandidate() ? Placement.FIRST : Placement.NONE);
    }
    return placements;
  }

  /**
   * Rows last for connected candidate values that can have them there, if among them a sum over a
   * row's own axes is broadcast back (a normalisation: Dice, say), or numbers of the units are
   * repeated over positions; rows first elsewhere.
   */
  public static Map<Node, Placement> rowsLastWherePays(RowFunction function) {
    Map<Node, Placement> placements = rowsFirst(function);
    Map<Node, List<Node>> neighbours = new HashMap<>();
    Set<Node> seeds = new HashSet<>();
    for (Node node : function.order()) {
      if (!canBeLast(node)) {
        continue;
      }
      for (Node input : node.inputs()) {
        if (canBeLast(input)) {
          neighbours.computeIfAbsent(node, key -> new ArrayList<>()).add(input);
          neighbours.computeIfAbsent(input, key -> new ArrayList<>()).add(node);
        }
      }
      if (isBroadcastOfReduced(node) || hasShortRuns(node)) {
        seeds.add(node);
      }
    }
    ArrayDeque<Node> open = new ArrayDeque<>(seeds);
    while (!open.isEmpty()) {
      Node node = open.pop();
      if (placements.put(node, Placement.LAST) != Placement.LAST) {
        open.addAll(neighbours.getOrDefault(node, List.of()));
      }
    }
    return placements;
  }

  private static boolean isBroadcastOfReduced(Node node) {
    if (!(node.op() instanceof Op.Elementwise) || node.size() < 8) {
      return false;
    }
    boolean wide = false;
    boolean narrow = false;
    for (Node input : node.inputs()) {
      wide |= input.isCandidate() && input.size() == node.size();
      narrow |= input.isCandidate() && input.size() < node.size() && isReduced(input);
    }
    return wide && narrow;
  }

  /**
   * Whether an operand without rows, one number a unit say, is repeated for each row: the runtime
   * then works on runs as short as the unit's positions.
   */
  private static boolean hasShortRuns(Node node) {
    return node.op() instanceof Op.Elementwise
        && node.rank() >= 2
        && node.size() >= FEWEST_REPEATED
        && node.inputs().stream()
            .anyMatch(
                input -> !input.isCandidate() && input.size() > 1 && input.size() < node.size());
  }

  /** Whether a value was reduced a few element-wise steps ago. */
  private static boolean isReduced(Node node) {
    for (int i = 0; i < 6; i++) {
      if (node.op() instanceof Op.Reduce) {
        return true;
      }
      Node next = null;
      if (node.op() instanceof Op.Elementwise || node.op() instanceof Op.Reshape) {
        for (Node input : node.inputs()) {
          next = input.isCandidate() ? input : next;
        }
      }
      if (next == null) {
        return false;
      }
      node = next;
    }
    return false;
  }

  /** Whether the candidate half knows how to compute a node with rows last. */
  static boolean canBeLast(Node node) {
    if (!node.isCandidate() || node.shape() == null) {
      return false;
    }
    Op op = node.op();
    if (op instanceof Op.MatMul) {
      Node left = node.input(0);
      Node right = node.input(1);
      return left.isCandidate() && !right.isCandidate() && right.rank() == 2
          || !left.isCandidate() && left.rank() == 2 && right.isCandidate() && right.rank() == 2;
    }
    return op instanceof Op.Elementwise
        || op instanceof Op.Reduce
        || op instanceof Op.Reshape
        || op instanceof Op.Transpose
        || op instanceof Op.Expand
        || op instanceof Op.Concat
        || op instanceof Op.Slice
        || op instanceof Op.Softmax;
  }
}
