package dev.podium.loadtest.arrivals;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PacerTest {
  private static final ArrivalPlan TEN_A_SECOND =
      ArrivalPlan.of(new ArrivalShape.Constant(), List.of(10.0), 1_000_000_000L, 0, 100, 1);

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "0, 1, 100000000",
    "99999999, 1, 1",
    "100000000, 1, 0",
    "40000000, 1, 60000000",
    // late: everything that is due goes at once, none is left out
    "750000000, 3, 0",
    "750000000, 7, 0",
    "750000000, 8, 50000000",
    "5000000000, 9, 0",
    // all sent
    "0, 10, -1",
    "5000000000, 10, -1",
  })
  void waitsForTheNextPlannedArrival(long elapsed, int sent, long expected) {
    assertThat(Pacer.waitNanos(TEN_A_SECOND, elapsed, sent)).isEqualTo(expected);
  }
}
