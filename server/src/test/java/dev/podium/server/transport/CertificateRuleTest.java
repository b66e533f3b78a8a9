package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.transport.CertificateRule.Validity;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which certificate is shown, and when to speak of it; times in days from now. */
class CertificateRuleTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static Validity validity(double from, double until) {
    return new Validity(at(from), at(until));
  }

  private static Instant at(double days) {
    return NOW.plusMillis((long) (days * Duration.ofDays(1).toMillis()));
  }

  @ParameterizedTest
  @CsvSource({
    // found from, until; used from, until; taken
    "-1, 90, -80, 10, true",
    "-1, 90, -80, -1, true",
    "-90, -1, -80, 10, false",
    "1, 90, -80, 10, false",
    "-90, -1, -80, -2, true",
    "1, 90, -80, -2, true",
    "-80, 5, -80, 10, true",
    "-90, 0, -80, 10, false",
    "0, 90, -80, 10, true",
  })
  void anInvalidOneNeverReplacesAValidOne(
      double from, double until, double usedFrom, double usedUntil, boolean taken) {
    assertThat(CertificateRule.replaces(validity(from, until), validity(usedFrom, usedUntil), NOW))
        .isEqualTo(taken);
  }

  @ParameterizedTest
  @CsvSource({
    // from, until, whether its end is soon
    "-83, 8, false",
    "-83, 7, true",
    "-83, -1, true",
    "-0.5, 0.5, false", // of a day
    "-0.81, 0.19, true",
    "-0.79, 0.21, false",
  })
  void theEndIsSoonAWeekBeforeOrInTheLastFifth(double from, double until, boolean soon) {
    assertThat(CertificateRule.soon(validity(from, until), NOW)).isEqualTo(soon);
  }
}
