package dev.podium.stress;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CriterionTest {
  @ParameterizedTest
  @CsvSource({
    "true, 0.9, 0.9, true",
    "true, 0.8999, 0.9, false",
    "true, NaN, 0.9, false",
    "false, 0, 0, true",
    "false, 1, 0, false",
    "false, NaN, 0, false",
    "false, -2, 3, true",
  })
  void comparesAFigureWithItsTarget(boolean atLeast, double figure, double target, boolean passed) {
    assertThat(new Criterion("x", figure, atLeast, target).passed()).isEqualTo(passed);
  }

  @Test
  void saysSoInOneLine() {
    assertThat(Criterion.atLeast("goodput", 0.95, 0.9).line())
        .isEqualTo("PASS goodput: 0.950 (target: at least 0.900)");
    assertThat(Criterion.atMost("lost", 3, 0).line()).isEqualTo("MISS lost: 3 (target: at most 0)");
  }

  @Test
  void aReportEndsWithItsCriteriaAndLeavesOutWhatIsNotKnown() {
    StressReport report =
        new StressReport(
            "overload",
            List.of("load", "p99 ms"),
            List.of(Arrays.asList("0.5", Double.NaN), Arrays.asList("10.0", 12.25)),
            List.of("a remark"),
            List.of(Criterion.atMost("lost", 3, 0), Criterion.atMost("open", Double.NaN, 0)),
            Map.of("cores", 2));
    assertThat(report.passed()).isFalse();
    assertThat(report.text().lines())
        .containsExactly(
            "load  p99 ms",
            "0.5        -",
            "10.0    12.3",
            "note: a remark",
            "MISS lost: 3 (target: at most 0)",
            "MISS open: NaN (target: at most 0)");
    assertThat(report.toJson())
        .containsEntry("program", "overload")
        .extractingByKey("criteria")
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
        .extracting("name", "figure", "at_most", "passed")
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("lost", 3.0, 0.0, false),
            org.assertj.core.groups.Tuple.tuple("open", null, 0.0, false));
  }
}
