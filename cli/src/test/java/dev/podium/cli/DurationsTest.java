package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DurationsTest {
  @ParameterizedTest
  @CsvSource({"50ms,PT0.05S", "1.5s,PT1.5S", "2m,PT2M", "1h,PT1H", "0s,PT0S", "0.25ms,PT0.00025S"})
  void timesAreReadAsPeopleWriteThem(String text, Duration expected) {
    assertThat(Durations.parse(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "ms", "-1s", "1 s", "1s2", "1e3s", "PT1S"})
  void anythingElseIsAnError(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .hasMessage("'" + text + "' (expected: a time such as 50ms, 1.5s or 2m)");
  }
}
