package dev.podium.graph;

import dev.podium.graph.importer.Importer;
import dev.podium.graph.importer.InputSides;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Printer;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.ir.ValueRole;
import dev.podium.graph.ir.Verifier;
import dev.podium.graph.ir.Work;
import dev.podium.graph.lowering.Lowering;
import dev.podium.graph.lowering.Placement;
import dev.podium.graph.lowering.Placements;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.pass.Declaration;
import dev.podium.graph.pass.Passes;
import dev.podium.graph.pass.Pipeline;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;

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
   * @throws IllegalStateException if a pass is at fault; the message names it
   */
  public Compilation compile(OnnxGraph graph, ContextInputs context, CompilerOptions options) {
    return compiled(graph, context, options, (step, function) -> {});
  }

  /** As {@link #compile(OnnxGraph, ContextInputs, CompilerOptions)}, step by step before eyes. */
  public Compilation compile(
      OnnxGraph graph, ContextInputs context, CompilerOptions options, Trace trace) {
    return compiled(
        graph,
        context,
        options,
        (step, function) -> trace.after(step, Printer.brief().print(function)));
  }

  private Compilation compiled(
      OnnxGraph graph,
      ContextInputs context,
      CompilerOptions options,
      BiConsumer<String, RowFunction> trace) {
    requireInputs(graph, context.wholeInputs(), "context input");
    requireInputs(graph, context.columnRanges().keySet(), "context columns");
    requireInputs(graph, options.inputShapes().keySet(), "shape");
    Importer importer = new Importer(graph, sides(context, options));
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
      Verifier.verify(function);
      trace.accept("imported", function);
      Pipeline.Result passed =
          Pipeline.standard(options.maxTableBytes())
              .run(
                  function,
                  options.passes()::contains,
                  (pass, after) ->
                      trace.accept("pass " + pass.name() + " (" + pass.phase() + ")", after));
      passed.refused().forEach((what, why) -> refused.add(new Report.Refused(what, why)));
      return split(graph, context, options, importer, passed, refused, !opaque);
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

  private static Compilation split(
      OnnxGraph graph,
      ContextInputs context,
      CompilerOptions options,
      Importer importer,
      Pipeline.Result passed,
      List<Report.Refused> refused,
      boolean rowIndependent)
      throws Unsupported {
    RowFunction function = passed.function();
    int hoisted = hoisted(function);
    if (hoisted == 0) {
      throw new Unsupported("nothing is computed from context alone");
    }
    boolean rowsLast = options.passes().contains(Passes.ROWS_LAST);
    Map<Node, Placement> placements =
        rowsLast ? Placements.rowsLastWherePays(function) : Placements.rowsFirst(function);
    Map<String, Integer> counts = new LinkedHashMap<>();
    counts.put(Declaration.ALWAYS, hoisted);
    counts.putAll(passed.counts());
    if (placements.containsValue(Placement.LAST)) {
      counts.putIfAbsent(Passes.ROWS_LAST, 1);
    }
    List<Report.Applied> applied = new ArrayList<>();
    counts.forEach((pass, count) -> applied.add(new Report.Applied(pass, count)));
    Lowering.Halves halves = Lowering.write(graph, function, context.wholeInputs(), placements);
    Report report =
        new Report(
            applied,
            refused,
            halves.boundary(),
            importer.work(),
            Work.of(function),
            rowIndependent);
    return new Compilation.Split(
        halves.context(),
        halves.candidate(),
        halves.boundary(),
        halves.bags().stream().map(EmbeddingBag::of).toList(),
        report);
  }

  /** Number of values that are computed from context alone. */
  private static int hoisted(RowFunction function) {
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
    return hoisted;
  }

  private static InputSides sides(ContextInputs context, CompilerOptions options) {
    Map<String, List<InputSides.Range>> columns = new LinkedHashMap<>();
    context
        .columnRanges()
        .forEach(
            (input, ranges) ->
                columns.put(
                    input,
                    ranges.stream().map(r -> new InputSides.Range(r.from(), r.to())).toList()));
    return new InputSides(context.wholeInputs(), columns, options.inputShapes());
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
