package dev.podium.graph;

import dev.podium.graph.importer.Importer;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.ir.Work;
import dev.podium.graph.lowering.Lowering;
import dev.podium.graph.lowering.Placement;
import dev.podium.graph.lowering.Placements;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.pass.Pass;
import dev.podium.graph.pass.Passes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns a graph that scores N rows into a context half and a candidate half. Stateless and
 * thread-safe.
 */
public final class RankingCompiler {
  /** Before this, broadcasting took an attribute. */
  private static final int OLDEST_OPSET = 7;

  /**
   * Compiles a graph. The result is meant to be proved and timed against the exported graph before
   * it serves.
   *
   * @param graph the exported graph. Every input has its rows on the first axis, which must be open
   * @param context which inputs are the same for all rows of a request
   * @param options what to do
   * @return two halves, or the reasons why the exported graph should serve
   * @throws IllegalArgumentException if {@code context} or {@code options} name an input or column
   *     that the graph lacks, or a shape that contradicts the graph
   */
  public Compilation compile(OnnxGraph graph, ContextInputs context, CompilerOptions options) {
    requireInputs(graph, context.wholeInputs(), "context input");
    requireInputs(graph, context.columnRanges().keySet(), "context columns");
    requireInputs(graph, options.inputShapes().keySet(), "shape");
    Importer importer = new Importer(graph, context, options);
    List<Report.Refused> refused = new ArrayList<>();
    try {
      if (graph.opset() < OLDEST_OPSET) {
        throw new Unsupported(
            "operator set " + graph.opset() + " (expected: at least " + OLDEST_OPSET + ")");
      }
      RowFunction function = importer.read();
      importer.refusals().forEach((what, why) -> refused.add(new Report.Refused(what, why)));
      boolean opaque = function.order().stream().anyMatch(node -> node.shape() == null);
      if (opaque && graph.opset() < GraphWriter.OLDEST_OPSET) {
        throw new Unsupported(
            "operators that must stay as exported are of operator set "
                + graph.opset()
                + " (expected: at least "
                + GraphWriter.OLDEST_OPSET
                + ")");
      }
      List<Report.Applied> applied = new ArrayList<>();
      function = Passes.run(function, options, applied, refused);
      int hoisted = 0;
      for (Node node : function.order()) {
        boolean computed =
            node.role() == ValueRole.CONTEXT
                && !(node.op() instanceof Op.Input)
                && !(node.op() instanceof Op.Reshape);
        boolean shared =
            node.op() instanceof Op.SumOfEntries sum
                && sum.sources().stream().anyMatch(Op.IdSource::context);
        if (computed || shared) {
          hoisted++;
        }
      }
      if (hoisted == 0) {
        throw new Unsupported("nothing is computed from context alone");
      }
      Map<Node, Placement> placements =
          options.passes().contains(Pass.ROWS_LAST)
              ? Placements.rowsLastWherePays(function)
              : Placements.rowsFirst(function);
      boolean turned = applied.stream().anyMatch(done -> done.pass() == Pass.ROWS_LAST);
      if (placements.containsValue(Placement.LAST) && !turned) {
        applied.add(new Report.Applied(Pass.ROWS_LAST, 1));
      }
      applied.add(0, new Report.Applied(Pass.HOIST, hoisted));
      Lowering.Halves halves = Lowering.write(graph, function, context.wholeInputs(), placements);
      Report report =
          new Report(
              applied, refused, halves.boundary(), importer.work(), Work.of(function), !opaque);
      return new Compilation.Split(
          halves.context(), halves.candidate(), halves.boundary(), halves.bags(), report);
    } catch (Unsupported e) {
      refused.add(0, new Report.Refused("graph", e.getMessage()));
      return new Compilation.Unchanged(
          new Report(
              List.of(),
              refused,
              List.of(),
              importer.work(),
              importer.work(),
              !importer.mixesRows() && importer.refusals().isEmpty()));
    }
  }

  private static void requireInputs(OnnxGraph graph, Set<String> named, String what) {
    Set<String> inputs = new HashSet<>();
    graph.inputs().forEach(input -> inputs.add(input.name()));
    for (String name : named) {
      if (!inputs.contains(name)) {
        throw new IllegalArgumentException(
            what
                + " '"
                + name
                + "': no such graph input (expected: one of "
                + new java.util.TreeSet<>(inputs)
                + ")");
      }
    }
  }
}
