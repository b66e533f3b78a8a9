package dev.podium.loadtest.report;

import dev.podium.loadtest.measure.Recording;
import java.util.Locale;
import java.util.Map;

/** Lines for people at a terminal. */
public final class Terminal {
  private Terminal() {}

  /** The live line: rate, latency, failures and queue since the last one. */
  public static String live(double seconds, double intervalSeconds, Recording.Interval interval) {
    long answered = interval.latency().getTotalCount();
    return String.format(
        Locale.ROOT,
        "%5.0f s  answered %7.1f/s  p50 %8s  p99 %8s  failed %5d  queue %5d",
        seconds,
        answered / intervalSeconds,
        answered == 0 ? "-" : ms(interval.latency().getValueAtPercentile(50) / 1000.0),
        answered == 0 ? "-" : ms(interval.latency().getValueAtPercentile(99) / 1000.0),
        interval.failures(),
        interval.inFlight());
  }

  /** What is known at the end, in a few lines. */
  public static String summary(RunReport report) {
    StringBuilder text = new StringBuilder();
    text.append(
        "     rate   answered/s   failed      mean       p50       p90       p99     p99.9       max   (ms)\n");
    for (RunReport.Step step : report.steps()) {
      RunReport.Latency l = step.latencyMs();
      text.append(
          String.format(
              Locale.ROOT, "%9.1f   %10.1f   %6d", step.rate(), step.okPerS(), step.failed()));
      if (l == null) {
        text.append("   nothing answered\n");
      } else {
        for (double value : new double[] {l.mean(), l.p50(), l.p90(), l.p99(), l.p999(), l.max()}) {
          text.append(String.format(Locale.ROOT, " %9.2f", value));
        }
        text.append(step.voided() == null ? "\n" : "   void\n");
      }
      for (Map.Entry<String, RunReport.Failures> failure : step.failures().entrySet()) {
        text.append(
            String.format(
                Locale.ROOT,
                "            %s %d: %s%n",
                failure.getKey(),
                failure.getValue().count(),
                failure.getValue().example()));
      }
    }
    RunReport.Generator generator = report.generator();
    text.append(
        String.format(
            Locale.ROOT,
            "generator: %.3f ms of CPU a request, p99 of its lag %.2f ms; %d requests built, %.0f bytes each%n",
            generator.cpuMsPerRequest(),
            generator.lagP99Ms(),
            generator.requestsBuilt(),
            generator.requestBytes()));
    if (report.search() != null) {
      text.append(
          String.format(
              Locale.ROOT,
              "highest rate that holds %s: %.1f/s%s (%s)%n",
              report.search().slo(),
              report.search().foundRate(),
              report.search().confirmed() ? "" : ", not confirmed",
              report.search().reason()));
    }
    if (report.partial() != null) {
      text.append("partial result: ").append(report.partial()).append('\n');
    }
    if (report.voided() != null) {
      text.append("VOID: ").append(report.voided()).append('\n');
    }
    return text.toString();
  }

  private static String ms(double value) {
    return String.format(Locale.ROOT, value < 100 ? "%.2f ms" : "%.0f ms", value);
  }
}
