package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.schedule.SchedulerListener.Refusal;
import dev.podium.server.schedule.SheddingPolicy.Refused;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SheddingPolicyTest {
  private final SheddingPolicy policy = new SheddingPolicy(1000, 100_000);

  @ParameterizedTest
  @CsvSource({
    // priority, rows, waiting rows, wait ms, run ms, budget ms, refusal, retry ms
    "NORMAL,    10,    0,   0,  1,  50, ,                  0",
    "NORMAL,  5000,    0,   0,  1,  50, ,                  0",
    "NORMAL,    10,  890,   1,  1,  50, ,                  0",
    "NORMAL,    11,  890,   1,  1,  50, QUEUE_FULL,        1",
    "CRITICAL, 110,  890,   1,  1,  50, ,                  0",
    "CRITICAL, 111,  890,  20,  1,  50, QUEUE_FULL,       10",
    "SHEDDABLE, 10,  490,   1,  1,  50, ,                  0",
    "SHEDDABLE, 11,  490,   1,  1,  50, QUEUE_FULL,        1",
    "CRITICAL,  10,   10, 100,  1, 500, ,                  0",
    "CRITICAL,  10,   10, 101,  1, 500, WAIT_TOO_LONG,     1",
    "NORMAL,    10,   10,  95,  1, 500, WAIT_TOO_LONG,     5",
    "SHEDDABLE, 10,   10,  51,  1, 500, WAIT_TOO_LONG,     1",
    "CRITICAL,  10,   10,  40,  2,  50, ,                  0",
    "CRITICAL,  10,   10,  40, 10,  50, DEADLINE_TOO_NEAR, 8",
    "NORMAL,    10,   10,  35,  2,  50, ,                  0",
    "NORMAL,    10,   10,  40,  2,  50, DEADLINE_TOO_NEAR, 5",
    "SHEDDABLE, 10,   10,  20,  2,  50, ,                  0",
    "SHEDDABLE, 10,   10,  25,  2,  50, DEADLINE_TOO_NEAR, 2",
    // Nothing to wait for: it may try, however long it is expected to run.
    "NORMAL,    10,    0,   0, 99,  50, ,                  0",
    "NORMAL,    10,   10,  40, 10,    , ,                  0",
  })
  void check(
      Priority priority,
      int rows,
      long waitingRows,
      double waitMillis,
      double runMillis,
      Double budgetMillis,
      Refusal refusal,
      long retryMillis) {
    double budget = budgetMillis == null ? Double.POSITIVE_INFINITY : budgetMillis * 1e3;
    Refused refused =
        policy.check(priority, rows, waitingRows, waitMillis * 1e3, runMillis * 1e3, budget);
    assertThat(refused == null ? null : refused.reason()).isEqualTo(refusal);
    if (refused != null) {
      assertThat(refused.fault().code()).isEqualTo(FaultCode.RESOURCE_EXHAUSTED);
      assertThat(refused.fault().retryAfterMillis()).isEqualTo(retryMillis);
      assertThat(refused.fault()).hasMessageContaining("(expected: at most ");
    }
  }
}
