package dev.podium.loadtest.arrivals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.loadtest.fault.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ArrivalInputTest {

  @Test
  void readsRates() {
    assertThat(Rates.parse("200")).containsExactly(200.0);
    assertThat(Rates.parse("100, 200.5,400")).containsExactly(100.0, 200.5, 400.0);
    assertThat(Rates.parse("100..400:4")).containsExactly(100.0, 200.0, 300.0, 400.0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "-5", "x", "10,,20", "100..200", "0..10:3", "5..10:0", "NaN", "1e9"})
  void refusesOtherRates(String text) {
    assertThatThrownBy(() -> Rates.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("rate: '" + text + "' (expected:");
  }

  @ParameterizedTest
  @CsvSource({"250us,250000", "1.5ms,1500000", "20s,20000000000", "2m,120000000000", "0s,0"})
  void readsDurations(String text, long nanos) {
    assertThat(Durations.parseNanos("deadline", text)).isEqualTo(nanos);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "20", "-1s", "1 day", "s", "9999h"})
  void refusesOtherDurations(String text) {
    assertThatThrownBy(() -> Durations.parseNanos("deadline", text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("deadline: ");
  }

  @Test
  void readsShapes() {
    assertThat(ArrivalShape.parse("constant")).isEqualTo(new ArrivalShape.Constant());
    assertThat(ArrivalShape.parse("poisson")).isEqualTo(new ArrivalShape.Poisson());
    assertThat(ArrivalShape.parse("bursts:20")).isEqualTo(new ArrivalShape.Bursts(20));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "constant:1", "poisson:2", "bursts", "bursts:0", "replay:", "wave"})
  void refusesOtherShapes(String text) {
    assertThatThrownBy(() -> ArrivalShape.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("arrivals: '" + text + "' (expected:");
  }

  @Test
  void readsAReplayFileFromItsFirstTime(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("times");
    Files.writeString(file, "# seconds\n1700000000.000000001\n1700000000.5\n\n1700000002\n");
    ArrivalShape.Replay replay = (ArrivalShape.Replay) ArrivalShape.parse("replay:" + file);
    assertThat(replay.size()).isEqualTo(3);
    assertThat(replay.offsetNanos(0)).isZero();
    assertThat(replay.offsetNanos(1)).isEqualTo(499_999_999);
    assertThat(replay.offsetNanos(2)).isEqualTo(1_999_999_999);
  }

  @ParameterizedTest
  @CsvSource({
    "'1\n0.5\n', ':2: 0.5 s (expected: not before the line above it)'",
    "'1\nsoon\n', ':2: ''soon'' (expected: a time in seconds)'",
    "'\n', ': no arrivals (expected: one time in seconds a line)'",
  })
  void namesTheWrongLineOfAReplayFile(String content, String message, @TempDir Path folder)
      throws IOException {
    Path file = folder.resolve("times");
    Files.writeString(file, content);
    assertThatThrownBy(() -> ArrivalShape.parse("replay:" + file))
        .isInstanceOf(InputException.class)
        .hasMessage(file + message);
  }

  @Test
  void saysThatAReplayFileIsNotThere() {
    assertThatThrownBy(() -> ArrivalShape.parse("replay:/no/such/file"))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("/no/such/file: can't be read");
  }
}
