package dev.podium.graph;

import java.util.List;

/** Parts of ranking models as exporters write them, for tests of single passes. */
final class Networks {
  private Networks() {}

  /**
   * {@code [rows, length, width]} and {@code [rows, width]} to the blocks of an attention unit,
   * side by side.
   */
  static String crossed(
      TestGraph g, String history, String target, int length, List<String> blocks) {
    String t = g.op("Expand", g.op("Unsqueeze", target, g.longs(1)), g.longs(1, length, 1));
    String[] parts =
        blocks.stream()
            .map(
                block ->
                    switch (block) {
                      case "t" -> t;
                      case "h" -> history;
                      case "t-h" -> g.op("Sub", t, history);
                      case "h-t" -> g.op("Sub", history, t);
                      case "t*h" -> g.op("Mul", t, history);
                      default -> throw new IllegalArgumentException(block);
                    })
            .toArray(String[]::new);
    return g.op("Concat", TestGraph.attribute("axis", -1), parts);
  }

  /** A linear layer with bias over the last axis. */
  static String layer(TestGraph g, String value, int width, int units) {
    String product = g.op("MatMul", value, g.weights(1 / Math.sqrt(width), width, units));
    return g.op("Add", product, g.weights(0.3, units));
  }

  /** Dice with statistics over the units of a row, as torch-rechub has it. */
  static String rowDice(TestGraph g, String x, int axis) {
    String keep =
        g.op(
            "ReduceMean",
            List.of(
                TestGraph.attribute("axes", new long[] {axis}),
                TestGraph.attribute("keepdims", 1L)),
            x);
    String centred = g.op("Sub", x, keep);
    String squares = g.op("Add", g.op("Pow", centred, g.scalar(2)), g.scalar(1e-3f));
    String sum = g.op("ReduceSum", TestGraph.attribute("keepdims", 1L), squares, g.longs(axis));
    return gate(g, x, g.op("Sigmoid", g.op("Div", centred, g.op("Sqrt", sum))));
  }

  /** {@code p·x + (1-p)·α·x}. */
  static String gate(TestGraph g, String x, String p) {
    String rest = g.op("Mul", g.op("Mul", g.op("Sub", g.scalar(1), p), g.weights(0.3, 1)), x);
    return g.op("Add", g.op("Mul", p, x), rest);
  }

  /** {@code Σ_l w_l·h_l} of weights {@code [rows, length, 1]}. */
  static String pooled(TestGraph g, String weights, String history) {
    return g.op(
        "ReduceSum",
        TestGraph.attribute("keepdims", 0L),
        g.op("Mul", weights, history),
        g.longs(1));
  }
}
