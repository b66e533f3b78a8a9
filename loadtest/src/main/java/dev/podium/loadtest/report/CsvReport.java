package dev.podium.loadtest.report;

import java.util.Locale;

/**
 * A report's slices of time as comma-separated values: one line a slice, empty cells where nothing
 * was answered.
 */
public final class CsvReport {
  private CsvReport() {}

  /** The lines, with a header. */
  public static String toCsv(RunReport report) {
    StringBuilder csv =
        new StringBuilder(
            "rate,t_s,length_s,planned,ok,failed,p50_ms,p90_ms,p99_ms,max_ms,partial,voided\n");
    for (RunReport.Step step : report.steps()) {
      for (RunReport.Slice slice : step.slices()) {
        csv.append(
            String.format(
                Locale.ROOT,
                "%.3f,%.3f,%.3f,%d,%d,%d,%s,%s,%s,%s,%b,%b%n",
                step.rate(),
                slice.tS(),
                slice.lengthS(),
                slice.planned(),
                slice.ok(),
                slice.failed(),
                cell(slice.p50Ms()),
                cell(slice.p90Ms()),
                cell(slice.p99Ms()),
                cell(slice.maxMs()),
                report.partial() != null,
                step.voided() != null));
      }
    }
    return csv.toString();
  }

  private static String cell(Double value) {
    return value == null ? "" : String.format(Locale.ROOT, "%.3f", value);
  }
}
