package dev.podium.graph.rows;

import dev.podium.graph.onnx.Functions;
import dev.podium.graph.onnx.OnnxGraph;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What reading a graph says of its rows.
 *
 * <p>The graph is followed with a few rows, and with a few more, as sets of rows that each element
 * depends on: see {@link RowTrace}. An operator that is not known is taken to mix all that it
 * reads, so {@link #rowsApart} is a promise, and its absence may be caution.
 *
 * @param rowsApart whether each row of the served outputs depends on the same row of the inputs
 *     alone
 * @param withinRequest whether that holds at least while all rows have the same context
 * @param mixedBy the operator by which rows meet, with its name; empty if {@code rowsApart}
 * @param reason why, in one sentence; empty if {@code rowsApart}
 */
public record RowDependence(
    boolean rowsApart, boolean withinRequest, String mixedBy, String reason) {

  /** Sizes that a graph is followed at. Two, so that what depends on the size is seen. */
  private static final int FEW = 3;

  private static final int MORE = 5;

  /**
   * Reads a graph.
   *
   * @param graph the exported graph; external weights are not read
   * @param shapes for each input, the shape of one row, where the graph leaves dimensions open
   * @param context names of inputs that are the same for all rows of a request
   * @param outputs names of the outputs that are served
   */
  public static RowDependence of(
      OnnxGraph graph, Map<String, List<Long>> shapes, Set<String> context, List<String> outputs) {
    OnnxGraph plain = Functions.inlined(graph);
    Mixing any = mixing(plain, shapes, Set.of(), outputs);
    if (any == null) {
      return new RowDependence(true, true, "", "");
    }
    boolean within = !context.isEmpty() && mixing(plain, shapes, context, outputs) == null;
    return new RowDependence(false, within, any.node, any.reason);
  }

  /** Where rows meet. */
  record Mixing(String node, String reason) {}

  private static Mixing mixing(
      OnnxGraph graph, Map<String, List<Long>> shapes, Set<String> shared, List<String> outputs) {
    try {
      RowTrace few = new RowTrace(graph, shapes, shared, FEW, null);
      few.run();
      RowTrace more = new RowTrace(graph, shapes, shared, MORE, few.shapes());
      more.run();
      RowTrace again = new RowTrace(graph, shapes, shared, FEW, more.shapes());
      again.run();
      Mixing found = more.mixing(outputs);
      return found != null ? found : again.mixing(outputs);
    } catch (Untraceable e) {
      return new Mixing("graph", e.getMessage());
    }
  }
}
