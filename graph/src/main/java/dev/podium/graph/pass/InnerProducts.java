package dev.podium.graph.pass;

import dev.podium.graph.analysis.ColumnRanges;
import dev.podium.graph.analysis.Picked;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Splits inner products of pairs of fields by side (PNN; Qu et al., ICDM 2016): those of two
 * context fields are made once a request, and those of candidate fields with context fields are a
 * product with a matrix of the request. Reads {@code Σ_k x_pk·y_pk} over joined or picked fields,
 * and entries picked from the product of all fields with all.
 */
final class InnerProducts implements Pass {
  @Override
  public Declaration declaration() {
    return Declaration.of("INNER_PRODUCTS", Phase.NORMALISE)
        .after("JOINED_PARTS", "pairs are read from parts, not from slices of the whole")
        .onTrial(1);
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    Fields fields = new Fields(nodes);
    return function.rewrite(
        (before, node) -> {
          if (!node.isCandidate() || !node.type().isFloat()) {
            return node;
          }
          List<Pair> pairs = fields.pairs(node);
          if (pairs.stream().allMatch(pair -> pair.side() == Side.CANDIDATE) || isSparse(pairs)) {
            return node;
          }
          log.applied();
          return nodes.reshape(products(pairs, nodes), node.shape());
        });
  }

  /** Whether all products of mixed fields would be more than twice those that are asked for. */
  private static boolean isSparse(List<Pair> pairs) {
    List<Pair> mixed = pairs.stream().filter(pair -> pair.side() == Side.MIXED).toList();
    long rows = mixed.stream().map(Pair::first).distinct().count();
    long columns = mixed.stream().map(Pair::second).distinct().count();
    return rows * columns > 2L * mixed.size();
  }

  /** Where the vectors of a pair come from. */
  private enum Side {
    CONTEXT,
    MIXED,
    CANDIDATE
  }

  /** Two vectors of shape [1, width]; the first is a candidate's if either is. */
  private record Pair(Node first, Node second) {
    static Pair of(Node a, Node b) {
      return a.isCandidate() ? new Pair(a, b) : new Pair(b, a);
    }

    Side side() {
      if (second.isCandidate()) {
        return Side.CANDIDATE;
      }
      return first.isCandidate() ? Side.MIXED : Side.CONTEXT;
    }
  }

  /** Finds the fields that are multiplied with each other. */
  private static final class Fields {
    private final Nodes nodes;
    private final ColumnRanges columns;

    Fields(Nodes nodes) {
      this.nodes = nodes;
      this.columns = new ColumnRanges(nodes);
    }

    /** The pairs whose inner products a node holds, in order; none if it holds anything else. */
    List<Pair> pairs(Node node) {
      if (node.op() instanceof Op.Reduce reduce
          && reduce.type().equals("ReduceSum")
          && reduce.axes().equals(List.of(1))
          && node.rank() == 2
          && node.input(0).isElementwise("Mul")) {
        Node product = node.input(0);
        return inTurn(each(product.input(0), product), each(product.input(1), product));
      }
      Picked picked = Picked.of(node, nodes);
      if (picked != null
          && picked.data().rank() == 1
          && picked.data().op() instanceof Op.Reshape
          && picked.data().input(0).op() instanceof Op.MatMul) {
        return entries(picked, picked.data().input(0));
      }
      return List.of();
    }

    private List<Node> each(Node factor, Node product) {
      return factor.shape().equals(product.shape()) ? vectors(factor) : List.of();
    }

    private static List<Pair> inTurn(List<Node> first, List<Node> second) {
      List<Pair> pairs = new ArrayList<>();
      for (int i = 0; i < first.size() && i < second.size(); i++) {
        pairs.add(Pair.of(first.get(i), second.get(i)));
      }
      return pairs;
    }

    /** Entries of {@code [fields, width]·[width, fields]}. */
    private List<Pair> entries(Picked picked, Node product) {
      Node right = product.input(1);
      if (!right.isCandidate() || product.rank() != 2) {
        return List.of();
      }
      List<Node> first = vectors(product.input(0));
      List<Node> second = vectors(nodes.transposeLast(right));
      if (first.isEmpty() || second.isEmpty()) {
        return List.of();
      }
      List<Pair> pairs = new ArrayList<>();
      for (int place : picked.places()) {
        pairs.add(Pair.of(first.get(place / second.size()), second.get(place % second.size())));
      }
      return pairs;
    }

    /** The fields of [fields, width] one by one; none if they are not joined. */
    private List<Node> vectors(Node stacked) {
      List<Node> vectors = new ArrayList<>();
      if (!stacked.isCandidate()) {
        for (int i = 0; i < stacked.dim(0); i++) {
          vectors.add(nodes.slice(stacked, 0, i, i + 1));
        }
        return vectors;
      }
      for (ColumnRanges.Range range : columns.ranges(stacked, 0)) {
        if (range.length() != 1) {
          return List.of();
        }
        vectors.add(columns.select(stacked, 0, List.of(range)));
      }
      return vectors;
    }
  }

  /** The inner products of all pairs, as one list. */
  private static Node products(List<Pair> pairs, Nodes nodes) {
    Joined candidates = new Joined();
    Joined context = new Joined();
    for (Pair pair : pairs) {
      for (Node vector : List.of(pair.first(), pair.second())) {
        (vector.isCandidate() ? candidates : context).place(vector);
      }
    }
    // Side by side: what is the same for all rows, mixed pairs as a matrix, and candidates' pairs.
    List<Node> parts = new ArrayList<>();
    int length = 0;
    int[] places = new int[pairs.size()];
    for (Side side : Side.values()) {
      List<Pair> own = pairs.stream().filter(pair -> pair.side() == side).distinct().toList();
      if (own.isEmpty()) {
        continue;
      }
      Joined first = side == Side.CONTEXT ? context : candidates;
      Joined second = side == Side.CANDIDATE ? candidates : context;
      int[] from = own.stream().mapToInt(pair -> first.place(pair.first())).toArray();
      int[] to = own.stream().mapToInt(pair -> second.place(pair.second())).toArray();
      Node part;
      if (side == Side.MIXED) {
        part = nodes.matMul(first.vectors(nodes), nodes.transposeLast(second.vectors(nodes)));
      } else {
        Node product =
            nodes.elementwise(
                "Mul",
                Picked.pick(first.vectors(nodes), 0, from, nodes),
                Picked.pick(second.vectors(nodes), 0, to, nodes));
        part = nodes.reduce("ReduceSum", product, Set.of(1));
      }
      for (int i = 0; i < places.length; i++) {
        int at = own.indexOf(pairs.get(i));
        if (at >= 0) {
          places[i] = length + (side == Side.MIXED ? from[at] * second.size() + to[at] : at);
        }
      }
      length += part.size();
      parts.add(nodes.reshape(part, List.of(part.size())));
    }
    return Picked.pick(nodes.concat(parts, 0), 0, places, nodes);
  }

  /** Vectors under each other, each once. */
  private static final class Joined {
    private final Map<Node, Integer> places = new LinkedHashMap<>();

    int place(Node vector) {
      return places.computeIfAbsent(vector, key -> places.size());
    }

    int size() {
      return places.size();
    }

    Node vectors(Nodes nodes) {
      return nodes.concat(List.copyOf(places.keySet()), 0);
    }
  }
}
