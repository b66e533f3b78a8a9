package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.transport.StallRule.Verdict;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** When clients are too slow; 10 ns to send a message, 20 ns to take an answer. */
class StallRuleTest {
  private static final StallRule RULE = new StallRule(10, 20);

  @ParameterizedTest
  @CsvSource({
    // now, receiving since, owing since, verdict
    "100, never, never, WAIT",
    "100, 91, never, WAIT",
    "100, 90, never, NOT_RECEIVED",
    "100, never, 81, WAIT",
    "100, never, 80, NOT_TAKEN",
    "100, 91, 81, WAIT",
    "100, 50, 50, NOT_TAKEN",
    "-5, -20, never, NOT_RECEIVED", // System.nanoTime() may be below 0
    "9223372036854775800, 9223372036854775795, never, WAIT",
    "-9223372036854775800, 9223372036854775800, never, NOT_RECEIVED", // and go round
  })
  void judges(long now, String receiving, String owing, Verdict verdict) {
    assertThat(RULE.judge(now, time(receiving), time(owing))).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({"100, 96, WAIT", "100, 95, NOT_RECEIVED"})
  void whoeverStopsWaitsLess(long now, long receiving, Verdict verdict) {
    assertThat(RULE.hurried(5).judge(now, receiving, StallRule.NEVER)).isEqualTo(verdict);
    assertThat(RULE.hurried(1_000)).isEqualTo(RULE);
  }

  private static long time(String text) {
    return text.equals("never") ? StallRule.NEVER : Long.parseLong(text);
  }
}
