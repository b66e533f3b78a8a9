package dev.podium.graph.pass;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.Tensors;
import java.util.List;

/**
 * {@code Σ_f x_fd} over few short vectors that lie side by side as a product with unit matrices,
 * one under the other: the sums of a factorization machine (Rendle, ICDM 2010). A reduction over
 * the axis in the middle works on one vector at a time.
 */
final class SumsOfVectors implements Pass {
  /** Longer vectors are cheaper to add up than to multiply. Measured with 15 vectors of 16. */
  private static final int LONGEST = 16;

  private static final int LARGEST_MATRIX = 16 << 10;

  @Override
  public Declaration declaration() {
    return Declaration.of("SUMS_OF_VECTORS", Phase.SPECIALISE)
        .partOf("SPLIT_SUMS")
        .after("EMBEDDING_BAGS", "a sum that is taken out needs no product")
        .after("POOLING", "weighted sums have a product of their own");
  }

  @Override
  public RowFunction apply(RowFunction function, Log log) {
    Nodes nodes = function.nodes();
    return function.rewrite((before, node) -> log.counted(node, product(node, nodes)));
  }

  private static Node product(Node node, Nodes nodes) {
    if (!node.isCandidate()
        || node.type() != ElementType.FLOAT32
        || !(node.op() instanceof Op.Reduce reduce)
        || !reduce.type().equals("ReduceSum")
        || !reduce.axes().equals(List.of(0))) {
      return node;
    }
    Node input = node.input(0);
    if (input.rank() != 2 || !isJoined(input)) {
      return node;
    }
    int vectors = input.dim(0);
    int length = input.dim(1);
    if (vectors == 1 || length > LONGEST || (long) vectors * length * length > LARGEST_MATRIX) {
      return node;
    }
    double[] units = new double[vectors * length * length];
    for (int i = 0; i < vectors * length; i++) {
      units[i * length + i % length] = 1;
    }
    Node matrix =
        nodes.literal(
            Tensors.tensor(ElementType.FLOAT32, List.of(vectors * length, length), units));
    Node flat = nodes.reshape(input, List.of(vectors * length));
    return nodes.reshape(nodes.matMul(flat, matrix), node.shape());
  }

  /** Whether a value is joined vectors, or their squares. */
  private static boolean isJoined(Node node) {
    Op op = node.op();
    if (op instanceof Op.Reshape || node.isElementwise("Pow")) {
      return isJoined(node.input(0));
    }
    if (node.isElementwise("Mul")) {
      return node.input(0) == node.input(1) && isJoined(node.input(0));
    }
    return op instanceof Op.Concat || op instanceof Op.Gather;
  }
}
