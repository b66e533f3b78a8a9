package dev.podium.loadtest.bench;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a bench found, as it stands in its JSON file. */
public record BenchReport(
    List<Row> rows, Map<String, Object> machine, Map<String, String> versions) {

  /**
   * One system at one size.
   *
   * @param callers requests in flight; the bare session always has one thread
   * @param cpuMsPerRequest CPU time of the system's process for each answer; null if its process is
   *     not known, or nothing was answered
   * @param heapBytesPerRequest null if the process is not a Java process that lets itself be asked
   * @param ratio bare CPU divided by the system's; null if its process is not known
   * @param ratioRounds the same, round by round: how much the figure moves
   * @param failed requests that failed: where there are any, the figures say little
   */
  @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
  public record Row(
      String system,
      String model,
      int candidates,
      int callers,
      double candidatesPerS,
      @com.fasterxml.jackson.annotation.JsonProperty("p50_ms") double p50Ms,
      @com.fasterxml.jackson.annotation.JsonProperty("p99_ms") double p99Ms,
      Double cpuMsPerRequest,
      double bareCpuMsPerRequest,
      Double ratio,
      List<Double> ratioRounds,
      Double heapBytesPerRequest,
      long failed) {

    private boolean sameWork(Row other) {
      return model.equals(other.model())
          && candidates == other.candidates()
          && callers == other.callers();
    }
  }

  /** A table for a terminal. */
  public String table() {
    int name = Math.max(6, rows.stream().mapToInt(row -> row.system().length()).max().orElse(0));
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-" + name + "s %-14s %10s %7s %12s %9s %9s %12s %12s %7s %11s%n",
            "system",
            "model",
            "candidates",
            "callers",
            "candidates/s",
            "p50 ms",
            "p99 ms",
            "CPU ms/req",
            "bare CPU ms",
            "ratio",
            "heap KB/req"));
    for (Row row : rows) {
      text.append(
          String.format(
              Locale.ROOT,
              "%-" + name + "s %-14s %10d %7d %12.0f %9.3f %9.3f %12s %12.4f %7s %11s%s%n",
              row.system(),
              row.model(),
              row.candidates(),
              row.callers(),
              row.candidatesPerS(),
              row.p50Ms(),
              row.p99Ms(),
              cell(row.cpuMsPerRequest(), "%.4f"),
              row.bareCpuMsPerRequest(),
              cell(row.ratio(), "%.2f"),
              cell(
                  row.heapBytesPerRequest() == null ? null : row.heapBytesPerRequest() / 1024,
                  "%.1f"),
              row.failed() == 0 ? "" : "   failed: " + row.failed()));
    }
    return text.append('\n').append(ratios()).toString();
  }

  /** The headline by itself: a line for each model and size, a column for each server. */
  private String ratios() {
    List<String> systems =
        rows.stream().map(Row::system).distinct().filter(name -> !name.equals("bare")).toList();
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(Locale.ROOT, "%-14s %10s %7s", "bare ÷ server", "candidates", "callers"));
    systems.forEach(system -> text.append("  ").append(system));
    text.append('\n');
    for (Row bare : rows) {
      if (!bare.system().equals("bare")) {
        continue;
      }
      text.append(
          String.format(
              Locale.ROOT, "%-14s %10d %7d", bare.model(), bare.candidates(), bare.callers()));
      for (String system : systems) {
        Double ratio =
            rows.stream()
                .filter(row -> row.system().equals(system) && row.sameWork(bare))
                .findFirst()
                .map(Row::ratio)
                .orElse(null);
        text.append(String.format(Locale.ROOT, "  %" + system.length() + "s", cell(ratio, "%.2f")));
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static String cell(Double value, String format) {
    return value == null ? "-" : String.format(Locale.ROOT, format, value);
  }
}
