package dev.podium.loadtest.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.loadtest.fault.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Besides what it asserts, leaves pages in target/report-pages for report-page.sh to open in a
 * browser.
 */
class ReportTest {
  private static final String HOSTILE = "</script><img src=x onerror=alert(1)> & \"quotes\"";

  private static RunReport.Step step(double rate, double start, int failed) {
    List<double[]> percentiles = new ArrayList<>();
    List<RunReport.Slice> slices = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      double share = 1 - Math.pow(0.8, i);
      percentiles.add(new double[] {share, 2 + rate / 200 * Math.log(1 / (1 - share) + 1)});
    }
    percentiles.add(new double[] {1, 40 + rate / 20});
    for (int i = 0; i < 10; i++) {
      boolean silent = failed > 0 && i == 5;
      slices.add(
          new RunReport.Slice(
              start + i,
              1,
              (long) rate,
              silent ? 0 : (long) rate,
              silent ? failed : 0,
              silent ? null : 2 + i % 3.0,
              silent ? null : 4 + i % 3.0,
              silent ? null : 9 + i % 3.0,
              silent ? null : 30.0,
              silent
                  ? List.of()
                  : List.of(new long[] {44, (long) rate / 2}, new long[] {46 + i, 5})));
    }
    return new RunReport.Step(
        rate,
        start,
        10,
        (long) (rate * 10),
        (long) (rate * 10),
        (long) (rate * 10) - failed,
        failed,
        failed == 0 ? Map.of() : Map.of("INTERNAL", new RunReport.Failures(failed, HOSTILE)),
        rate - failed / 10.0,
        rate * 500,
        0.2,
        rate > 300 ? "generator late" : null,
        new RunReport.Latency(3, 2, 5, 7, 9 + rate / 50, 30, 40 + rate / 20),
        percentiles,
        slices);
  }

  private static RunReport report(RunReport.Search search, List<RunReport.Step> steps) {
    return new RunReport(
        RunReport.FORMAT,
        "2026-01-01T00:00:00Z",
        "127.0.0.1:8001",
        HOSTILE,
        "ranking",
        search == null ? "interrupted" : null,
        search == null ? Reports.voided(steps) : null,
        Map.of("arrivals", "poisson"),
        steps,
        new RunReport.WarmUp(2, 100, 100, 0),
        new RunReport.Generator(0.05, 0.2, 1.5, 1000, 2048),
        search,
        List.of(
            new RunReport.Assertion(
                "p99=5ms", 100, false, "p99: 11.00 ms (expected: at most 5.00 ms)")),
        Map.of("cpu", "a processor", "cores", 2, "java", "17"));
  }

  private static RunReport steps() {
    return report(null, List.of(step(100, 2, 0), step(200, 12, 17), step(400, 22, 0)));
  }

  private static RunReport search() {
    return report(
        new RunReport.Search(
            "p99=20ms",
            200,
            true,
            "210.0/s missed",
            List.of(new RunReport.SearchRun(200, "held", 13.0, 0))),
        List.of(step(100, 2, 0), step(200, 2, 0), step(400, 2, 9), step(200, 2, 0)));
  }

  @Test
  void pagesLoadNothingAndKeepTheirDataInside() throws IOException {
    Path folder = Files.createDirectories(Path.of("target", "report-pages"));
    Map<String, List<RunReport>> pages =
        Map.of(
            "steps", List.of(steps()),
            "search", List.of(search()),
            "compare", List.of(steps(), search()),
            "nothing-answered", List.of(report(null, List.of())));
    for (Map.Entry<String, List<RunReport>> page : pages.entrySet()) {
      String html = HtmlReport.toHtml(page.getValue());
      assertThat(html)
          .doesNotContain("@@")
          .doesNotContain("http:", "https:", "@import", "url(")
          .doesNotContainPattern("(src|href)=\"(?!data:,\")");
      assertThat(html.split("</script>", -1)).as("script elements").hasSize(3);
      Files.writeString(folder.resolve(page.getKey() + ".html"), html);
    }
  }

  @Test
  void jsonComesBackAsItWas(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("run.json");
    Files.writeString(file, JsonReport.toPrettyJson(search()));
    RunReport back = JsonReport.read(file);
    assertThat(back).usingRecursiveComparison().isEqualTo(search());
    assertThat(Files.readString(file))
        .contains(
            "\"p99_9\"",
            "\"ok_per_s\"",
            "\"latency_ms\"",
            "\"found_rate\"",
            "\"t_s\"",
            "\"p99_ms\"");
    Files.writeString(file, "{\"format\":\"other\"}");
    assertThatThrownBy(() -> JsonReport.read(file))
        .isInstanceOf(InputException.class)
        .hasMessage(
            file + ": not a load-test report (expected: a file written by loadtest --json)");
  }

  @Test
  void csvHasALineForEachSliceAndEmptyCellsWhereNothingWasAnswered() {
    List<String> lines = CsvReport.toCsv(steps()).lines().toList();
    assertThat(lines).hasSize(31);
    assertThat(lines.get(0)).startsWith("rate,t_s,length_s,planned,ok,failed,p50_ms");
    assertThat(lines.get(1))
        .isEqualTo("100.000,2.000,1.000,100,100,0,2.000,4.000,9.000,30.000,true,false");
    assertThat(lines.get(16)).isEqualTo("200.000,17.000,1.000,200,0,17,,,,,true,false");
    assertThat(lines.get(30)).endsWith(",true,true");
  }

  @Test
  void theSummaryTellsOfFailuresAndOfVoidFigures() {
    assertThat(Terminal.summary(steps()))
        .contains("INTERNAL 17: " + HOSTILE)
        .contains("partial result: interrupted")
        .contains("VOID: at 400.0/s: generator late");
    assertThat(Terminal.summary(search()))
        .contains("highest rate that holds p99=20ms: 200.0/s (210.0/s missed)");
  }

  @Test
  void theComparisonStandsFigureBesideFigure() {
    assertThat(Comparison.text(steps(), search()).lines().toList())
        .anyMatch(line -> line.matches("planned /s +400\\.00 +200\\.00 +0\\.500"))
        .anyMatch(line -> line.equals("A is partial: interrupted"));
    assertThat(Comparison.text(report(null, List.of()), search()))
        .containsPattern("p99 ms +- +13.00 +-");
  }
}
