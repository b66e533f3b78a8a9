package dev.podium.loadtest.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JudgementTest {

  @ParameterizedTest
  @CsvSource({
    // lag, asked, p99 latency, void?
    "0.9, NaN, 5, false",
    "1.1, NaN, 5, true",
    "1.9, NaN, 20, false",
    "2.1, NaN, 20, true",
    "0.5, NaN, NaN, false",
    "1.5, NaN, Infinity, true",
    "4, 5, 1, false",
    "6, 5, 1000, true",
  })
  void aLateGeneratorVoidsItsFigure(double lag, double asked, double p99, boolean isVoid) {
    assertThat(Lateness.verdict(lag, asked, p99) != null).isEqualTo(isVoid);
  }

  private static final long SECOND = 1_000_000_000L;

  @Test
  void aServerIsGoneOnlyAfterAWhileWithoutAnySign() {
    ServerGone gone = new ServerGone(2 * SECOND);
    gone.start(0);
    gone.ended(SECOND, Status.UNAVAILABLE);
    gone.ended(SECOND, Status.UNAVAILABLE);
    assertThat(gone.verdict(5 * SECOND)).as("two failures may be chance").isNull();
    gone.ended(SECOND, Status.UNAVAILABLE);
    assertThat(gone.verdict(SECOND)).isNull();
    gone.ended(SECOND, Status.RESOURCE_EXHAUSTED);
    assertThat(gone.verdict(5 * SECOND)).as("a refusal is a sign of life").isNull();
    for (int i = 0; i < 3; i++) {
      gone.ended(2 * SECOND, Status.UNAVAILABLE.withDescription("refused"));
    }
    gone.ended(2 * SECOND, Status.DEADLINE_EXCEEDED);
    assertThat(gone.verdict(2 * SECOND)).isNull();
    assertThat(gone.verdict(3 * SECOND))
        .isEqualTo("the server was gone from 1.0 s: UNAVAILABLE refused");
  }

  @Test
  void withoutPatienceSetTheRunGoesOn() {
    ServerGone gone = new ServerGone(0);
    gone.start(0);
    for (int i = 0; i < 10; i++) {
      gone.ended(0, Status.UNAVAILABLE);
    }
    assertThat(gone.verdict(1000 * SECOND)).isNull();
  }
}
