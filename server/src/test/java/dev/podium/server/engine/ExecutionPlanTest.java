package dev.podium.server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.ExecutionPlan.Split;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExecutionPlanTest {
  private static CostCurve cost(double fixed, double row) {
    return new CostCurve(new int[] {1, 1001}, new double[] {fixed + row, fixed + 1001 * row});
  }

  private static ExecutionPlan plan(RowMixing mixing, boolean splits) {
    return new ExecutionPlan(
        64, mixing, Form.EXPORTED, cost(10, 1), splits ? new Split(100, cost(5, 0.5), 20) : null);
  }

  @ParameterizedTest
  @CsvSource({
    // mixing, splits from 100 rows on, rows, gains from one context, microseconds
    "NONE,           false,  64, false,  74",
    "NONE,           false, 128, false, 148",
    "NONE,           true,   99, false, 119",
    "NONE,           true,  128, true,   94",
    "WITHIN_CONTEXT, false,  64, false,  74",
    "WITHIN_CONTEXT, false, 128, true,  148",
    "WITHIN_CONTEXT, true,  128, true,   94",
    "WHOLE_REQUEST,  false,  64, false,  74",
    "WHOLE_REQUEST,  false, 128, false, 138",
  })
  void whatOneContextIsWorthAndWhatARequestCosts(
      RowMixing mixing, boolean splits, int rows, boolean gains, double micros) {
    assertThat(plan(mixing, splits).gainsFromOneContext(rows)).isEqualTo(gains);
    assertThat(plan(mixing, splits).requestMicros(rows)).isEqualTo(micros);
  }
}
