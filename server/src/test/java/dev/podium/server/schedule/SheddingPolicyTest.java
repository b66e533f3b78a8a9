package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.schedule.SchedulerListener.RefusalReason;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
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
      RefusalReason reason,
      long retryMillis) {
    double budget = budgetMillis == null ? Double.POSITIVE_INFINITY : budgetMillis * 1e3;
    Refusal refusal =
        policy.check(priority, rows, waitingRows, waitMillis * 1e3, runMillis * 1e3, budget);
    assertThat(refusal == null ? null : refusal.reason()).isEqualTo(reason);
    if (refusal != null) {
      assertThat(refusal.fault().code()).isEqualTo(FaultCode.RESOURCE_EXHAUSTED);
      assertThat(refusal.fault().retryAfterMillis()).isEqualTo(retryMillis);
      assertThat(refusal.fault()).hasMessageContaining("(expected: at most ");
    }
  }

  @Test
  void aRefusalCarriesFigures() {
    assertThat(policy.check(Priority.NORMAL, 11, 890, 1000, 1000, 50_000))
        .isEqualTo(new Refusal.QueueFull(890, 900, 500));
    assertThat(policy.check(Priority.CRITICAL, 10, 10, 101_000, 1000, 500_000))
        .isEqualTo(new Refusal.WaitTooLong(101_000, 100_000));
    assertThat(policy.check(Priority.SHEDDABLE, 10, 10, 25_000, 2000, 50_000))
        .isEqualTo(new Refusal.DeadlineTooNear(27_000, 25_000));
  }

  @Test
  void theWordsSayWhatCameAndWhatWasExpected() {
    ServedVersion version =
        new ServedVersion("fake", 7, FakeSession.SIGNATURE, new FakeSession(FakeSession.whole(64)));
    assertThat(
            Stream.of(
                    new Refusal.QueueFull(890, 900, 500),
                    new Refusal.WaitTooLong(101_040, 90_000),
                    new Refusal.DeadlineTooNear(9_960, 8_440),
                    new Refusal.ShuttingDown(),
                    new Refusal.Unloading(version),
                    new Refusal.CancelledBefore(),
                    new Refusal.Unexpected(new IllegalStateException("made by the test")))
                .map(refusal -> refusal.fault().code() + " " + refusal.fault().getMessage()))
        .containsExactly(
            "RESOURCE_EXHAUSTED queue: 890 rows wait (expected: at most 900)",
            "RESOURCE_EXHAUSTED queue: expected wait 101 ms (expected: at most 90)",
            "RESOURCE_EXHAUSTED queue: the answer would take 10 ms"
                + " (expected: at most 8.4, to meet the deadline)",
            "UNAVAILABLE the server is shutting down",
            "UNAVAILABLE model fake/7: is being unloaded",
            "CANCELLED cancelled by the caller",
            "INTERNAL unexpected failure in the server:"
                + " java.lang.IllegalStateException: made by the test");
  }
}
