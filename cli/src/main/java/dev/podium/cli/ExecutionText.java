package dev.podium.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.graph.Report;
import dev.podium.graph.ir.Work;
import dev.podium.graph.onnx.TensorInfo;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.ExecutionReport.Speed;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RankingSession;
import java.io.PrintWriter;
import java.util.Locale;

/** How a model is run and why, for people and for programs. */
final class ExecutionText {
  private final ExecutionPlan plan;
  private final ExecutionReport report;

  ExecutionText(RankingSession session) {
    this.plan = session.plan();
    this.report = session.report();
  }

  void print(PrintWriter out) {
    if (plan.splits()) {
      out.println(
          "split: the context half runs once a request, from "
              + plan.split().fromRows()
              + " rows on");
    } else if (plan.rowsForm() == Form.WHOLE) {
      out.println("whole rows: all run through the candidate half");
    } else {
      out.println("not split: " + report.reason());
    }
    out.println("tile: " + plan.tileRows() + " rows");
    Report compiler = report.compiler();
    if (compiler != null) {
      compiler
          .applied()
          .forEach(a -> out.println("pass " + a.pass() + ": applied, " + a.count() + " places"));
      report.dropped().forEach(d -> out.println("pass " + d + ": dropped"));
      report.forms().forEach(out::println);
      compiler.refused().forEach(r -> out.println("left alone " + r.what() + ": " + r.reason()));
      for (TensorInfo tensor : compiler.hoisted()) {
        out.println("hoisted " + tensor.name() + " " + tensor.type() + tensor.shape());
      }
      for (int rows : new int[] {100, 1000}) {
        out.printf(
            Locale.ROOT,
            "%d rows: %.1f to %.1f million multiply-adds, %.1f to %.1f MB of intermediate tensors%n",
            rows,
            compiler.before().multiplyAdds(rows) / 1e6,
            compiler.after().multiplyAdds(rows) / 1e6,
            compiler.before().bytes(rows) / 1e6,
            compiler.after().bytes(rows) / 1e6);
      }
      out.printf(
          Locale.ROOT,
          "largest difference from the exported graph's scores: %.1e on %d probes%n",
          report.largestDifference(),
          report.probes());
      if (plan.splits() || plan.rowsForm() == Form.WHOLE) {
        out.printf(
            Locale.ROOT,
            "largest error: served %.1e, exported %.1e (reference: %s)%n",
            report.servedError(),
            report.exportedError(),
            report.reference());
      }
    }
    if (!report.mixedBy().isEmpty()) {
      out.println(
          plan.mixing().cuts(true)
              ? "requests don't share tiles: " + report.mixedBy()
              : "requests run whole and alone: " + report.mixedBy());
    }
    out.println("compiled, proved and measured in " + report.loadMillis() + " ms");
    out.println();
    Table speeds =
        new Table()
            .right("rows")
            .right("exported us")
            .right("served us")
            .right("ratio")
            .left("form");
    for (Speed speed : report.speeds()) {
      speeds.row(
          Integer.toString(speed.rows()),
          String.format(Locale.ROOT, "%.0f", speed.exportedMicros()),
          String.format(Locale.ROOT, "%.0f", speed.servedMicros()),
          String.format(Locale.ROOT, "%.2f", speed.ratio()),
          speed.form().word());
    }
    speeds.print(out, "");
  }

  ObjectNode json() {
    ObjectNode root = new ObjectMapper().createObjectNode();
    root.put("split", plan.splits());
    root.put("rows_form", plan.rowsForm().word());
    root.put("split_from_rows", plan.splits() ? plan.split().fromRows() : 0);
    root.put("tile_rows", plan.tileRows());
    root.put("rows_independent", plan.rowsIndependent());
    root.put("reason", report.reason());
    root.put("largest_difference", report.largestDifference());
    root.put("served_error", report.servedError());
    root.put("exported_error", report.exportedError());
    root.put("reference", report.reference());
    root.put("row_mixing", report.mixing().name().toLowerCase(Locale.ROOT));
    root.put("mixed_by", report.mixedBy());
    root.put("probes", report.probes());
    root.put("load_millis", report.loadMillis());
    report.dropped().forEach(root.putArray("dropped")::add);
    report.forms().forEach(root.putArray("forms")::add);
    ArrayNode applied = root.putArray("applied");
    ArrayNode refused = root.putArray("refused");
    ArrayNode hoisted = root.putArray("hoisted");
    if (report.compiler() != null) {
      for (Report.Applied one : report.compiler().applied()) {
        applied.addObject().put("pass", one.pass()).put("count", one.count());
      }
      for (Report.Refused one : report.compiler().refused()) {
        refused.addObject().put("what", one.what()).put("reason", one.reason());
      }
      for (TensorInfo one : report.compiler().hoisted()) {
        ArrayNode shape = hoisted.addObject().put("name", one.name()).putArray("shape");
        one.shape().forEach(shape::add);
      }
      root.set("before", work(report.compiler().before()));
      root.set("after", work(report.compiler().after()));
    }
    ArrayNode speeds = root.putArray("speeds");
    for (Speed speed : report.speeds()) {
      speeds
          .addObject()
          .put("rows", speed.rows())
          .put("exported_micros", speed.exportedMicros())
          .put("served_micros", speed.servedMicros())
          .put("ratio", speed.ratio())
          .put("form", speed.form().word());
    }
    return root;
  }

  private static ObjectNode work(Work work) {
    return new ObjectMapper()
        .createObjectNode()
        .put("multiply_adds_per_request", work.multiplyAddsPerRequest())
        .put("multiply_adds_per_row", work.multiplyAddsPerRow())
        .put("bytes_per_request", work.bytesPerRequest())
        .put("bytes_per_row", work.bytesPerRow());
  }
}
