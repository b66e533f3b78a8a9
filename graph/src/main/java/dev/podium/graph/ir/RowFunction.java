package dev.podium.graph.ir;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Predicate;

/**
 * The exported graph as a function of one row. Immutable, save that passes make more nodes.
 *
 * @param nodes makes nodes
 * @param outputs the results, in the graph's order
 */
public record RowFunction(Nodes nodes, List<Output> outputs) {
  /**
   * A graph output.
   *
   * @param name name in the exported graph
   * @param value its value for one row, or an operator left as exported
   * @param layout where the exported output has its rows; null if it has none
   */
  public record Output(String name, Node value, Layout layout) {}

  public RowFunction {
    outputs = List.copyOf(outputs);
  }

  /** All nodes that the outputs need, inputs before users. */
  public List<Node> order() {
    return order(node -> false);
  }

  /** The same without what the given nodes alone need. */
  public List<Node> order(Predicate<Node> given) {
    List<Node> order = new ArrayList<>();
    Set<Node> seen = new HashSet<>();
    for (Output output : outputs) {
      visit(output.value(), given, seen, order);
    }
    return order;
  }

  private static void visit(Node root, Predicate<Node> given, Set<Node> seen, List<Node> order) {
    // By hand, for graphs deeper than the stack.
    record Step(Node node, boolean done) {}
    java.util.ArrayDeque<Step> open = new java.util.ArrayDeque<>();
    open.push(new Step(root, false));
    while (!open.isEmpty()) {
      Step step = open.pop();
      if (step.done()) {
        order.add(step.node());
      } else if (seen.add(step.node())) {
        open.push(new Step(step.node(), true));
        List<Node> inputs =
            given.test(step.node()) ? new ArrayList<>() : new ArrayList<>(step.node().inputs());
        Collections.reverse(inputs);
        for (Node input : inputs) {
          if (!seen.contains(input)) {
            open.push(new Step(input, false));
          }
        }
      }
    }
  }

  /** How many nodes and outputs use each node. */
  public Map<Node, Integer> uses() {
    Map<Node, Integer> uses = new HashMap<>();
    for (Node node : order()) {
      for (Node input : node.inputs()) {
        uses.merge(input, 1, Integer::sum);
      }
    }
    for (Output output : outputs) {
      uses.merge(output.value(), 1, Integer::sum);
    }
    return uses;
  }

  /** The nodes that use each node, once for each operand that it is. */
  public Map<Node, List<Node>> users() {
    Map<Node, List<Node>> users = new HashMap<>();
    for (Node node : order()) {
      for (Node input : node.inputs()) {
        users.computeIfAbsent(input, key -> new ArrayList<>()).add(node);
      }
    }
    return users;
  }

  /** The nodes that are outputs. */
  public Set<Node> results() {
    Set<Node> results = new HashSet<>();
    outputs.forEach(output -> results.add(output.value()));
    return results;
  }

  /**
   * Rewrites from inputs to outputs.
   *
   * @param rule gets a node as it was and the same node over rewritten inputs; gives what shall
   *     stand for it
   */
  public RowFunction rewrite(BiFunction<Node, Node, Node> rule) {
    Map<Node, Node> rewritten = new HashMap<>();
    for (Node node : order()) {
      Node rebuilt = nodes.rebuild(node, node.inputs().stream().map(rewritten::get).toList());
      Node result = rule.apply(node, rebuilt);
      boolean alike = result.type() == node.type() && Objects.equals(result.shape(), node.shape());
      if (!alike) {
        throw new IllegalStateException("rewrite of " + node + " gave " + result);
      }
      rewritten.put(node, result);
    }
    return new RowFunction(
        nodes,
        outputs.stream()
            .map(o -> new Output(o.name(), rewritten.get(o.value()), o.layout()))
            .toList());
  }
}
