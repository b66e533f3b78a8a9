package dev.podium.loadtest.report;

import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Two runs as a small table. */
public final class Comparison {
  private Comparison() {}

  /** The last step of each run, figure by figure, with B as a share of A. */
  public static String text(RunReport a, RunReport b) {
    StringBuilder text = new StringBuilder();
    text.append(String.format(Locale.ROOT, "%-22s %14s %14s %8s%n", "", "A", "B", "B / A"));
    RunReport.Step one = last(a);
    RunReport.Step two = last(b);
    row(text, "planned /s", one, two, RunReport.Step::rate);
    row(text, "answered /s", one, two, RunReport.Step::okPerS);
    row(text, "candidates /s", one, two, RunReport.Step::candidatesPerS);
    row(text, "failed", one, two, RunReport.Step::failed);
    row(text, "mean ms", one, two, latency(RunReport.Latency::mean));
    row(text, "p50 ms", one, two, latency(RunReport.Latency::p50));
    row(text, "p90 ms", one, two, latency(RunReport.Latency::p90));
    row(text, "p99 ms", one, two, latency(RunReport.Latency::p99));
    row(text, "p99.9 ms", one, two, latency(RunReport.Latency::p999));
    row(text, "max ms", one, two, latency(RunReport.Latency::max));
    note(text, "A", a);
    note(text, "B", b);
    return text.toString();
  }

  private static RunReport.Step last(RunReport report) {
    return report.steps().isEmpty() ? null : report.steps().get(report.steps().size() - 1);
  }

  private static ToDoubleFunction<RunReport.Step> latency(
      ToDoubleFunction<RunReport.Latency> figure) {
    return step -> step.latencyMs() == null ? Double.NaN : figure.applyAsDouble(step.latencyMs());
  }

  private static void row(
      StringBuilder text,
      String name,
      RunReport.Step a,
      RunReport.Step b,
      ToDoubleFunction<RunReport.Step> figure) {
    double one = a == null ? Double.NaN : figure.applyAsDouble(a);
    double two = b == null ? Double.NaN : figure.applyAsDouble(b);
    text.append(
        String.format(
            Locale.ROOT,
            "%-22s %14s %14s %8s%n",
            name,
            cell(one, "%.2f"),
            cell(two, "%.2f"),
            cell(two / one, "%.3f")));
  }

  private static String cell(double value, String format) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, format, value) : "-";
  }

  private static void note(StringBuilder text, String name, RunReport report) {
    if (report.partial() != null) {
      text.append(name).append(" is partial: ").append(report.partial()).append('\n');
    }
    if (report.voided() != null) {
      text.append(name).append(" is void: ").append(report.voided()).append('\n');
    }
  }
}
