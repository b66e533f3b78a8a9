package dev.podium.server.requestlog;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which requests stand in the access log. */
class KeepTest {
  @ParameterizedTest
  @CsvSource({
    // failed, nanos, slow above, ratio, draw
    "false, 10, 100, 0,    0,        NO",
    "false, 10, 100, 0.5,  0.499999, SAMPLED",
    "false, 10, 100, 0.5,  0.5,      NO",
    "false, 10, 100, 1,    0.999999, SAMPLED",
    "false, 100, 100, 0,   0,        NO",
    "false, 101, 100, 0,   0.999999, SLOW",
    "false, 101, 100, 1,   0,        SLOW",
    "true,  10, 100, 0,    0.999999, FAILED",
    "true,  10, 100, 1,    0,        FAILED",
    "true,  101, 100, 1,   0,        FAILED",
  })
  void failuresFirstThenSlowOnesThenTheDraw(
      boolean failed, long nanos, long slow, double ratio, double draw, Keep expected) {
    assertThat(Keep.of(failed, nanos, slow, ratio, draw)).isEqualTo(expected);
  }
}
