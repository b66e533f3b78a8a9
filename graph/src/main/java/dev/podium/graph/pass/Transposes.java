package dev.podium.graph.pass;

import dev.podium.graph.analysis.Transposed;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Leaves out transposing to and fro: {@code f(xᵀ)ᵀ} is {@code f(x)} for what works element by
 * element (DeepCTR-Torch normalises batches along axis 1, and puts the units there for it).
 */
final class Transposes implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("TRANSPOSES", Phase.NORMALISE)
        .always()
        .after("JOINED_PARTS", "parts that are taken apart are turned, or not, one by one");
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Transposed turned = new Transposed(nodes, false);
    Map<Node, List<Node>> users = function.users();
    Set<Node> outputs = function.results();
    return function.rewrite(
        (before, node) -> {
          if (!isTranspose(node) || !isTranspose(before) || !isOwn(before, users, outputs)) {
            return node;
          }
          Node result = turned.of(node.input(0));
          if (result == null) {
            return node;
          }
          log.applied();
          return result;
        });
  }

  private static boolean isTranspose(Node node) {
    return node.isCandidate()
        && node.op() instanceof Op.Transpose
        && node.rank() == 2
        && node.input(0).op() instanceof Op.Elementwise;
  }

  /** Whether what a value is made of, element by element, is made for this transpose alone. */
  private static boolean isOwn(Node transpose, Map<Node, List<Node>> users, Set<Node> outputs) {
    Set<Node> steps = new HashSet<>(Set.of(transpose));
    List<Node> open = new ArrayList<>(List.of(transpose.input(0)));
    while (!open.isEmpty()) {
      Node node = open.remove(open.size() - 1);
      if (node.isCandidate() && node.op() instanceof Op.Elementwise && steps.add(node)) {
        open.addAll(node.inputs());
      }
    }
    return steps.stream()
        .filter(step -> step != transpose)
        .allMatch(step -> !outputs.contains(step) && steps.containsAll(users.get(step)));
  }
}
