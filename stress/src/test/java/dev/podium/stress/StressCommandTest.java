package dev.podium.stress;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.loadtest.bench.FakeServer;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** Programs with server processes that answer without scores; no test looks at a time. */
class StressCommandTest {
  private static final Path MODELS = Path.of("..", "models", "bench");
  private static final List<String> SERVE =
      List.of(
          Path.of(System.getProperty("java.home"), "bin", "java").toString(),
          "-cp",
          System.getProperty("java.class.path"),
          FakeServer.class.getName());

  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int stress(String... arguments) {
    return new CommandLine(new StressCommand(SERVE, MODELS))
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  @Test
  void twoServersTakeTurns() throws Exception {
    Path json = folder.resolve("small.json");
    int status =
        stress(
            "small",
            "--quick",
            "--turn",
            "100ms",
            "--rounds",
            "2",
            "--callers",
            "4",
            "--json",
            json.toString());
    assertThat(err.toString()).contains("round 2, scheduler.share_tiles=true");
    assertThat(status).isZero();
    JsonNode report = new ObjectMapper().readTree(Files.readString(json));
    assertThat(report.path("rows")).hasSize(2);
    for (JsonNode row : report.path("rows")) {
      assertThat(row.path("candidates/s").asDouble())
          .isEqualTo(10 * row.path("requests/s").asDouble());
      assertThat(row.path("failed").asInt()).isZero();
    }
    assertThat(report.at("/criteria/0/at_least").asDouble()).isEqualTo(1.5);
    assertThat(report.at("/criteria/1/passed").asBoolean()).isTrue();
    assertThat(out.toString()).contains("note: --quick", "PASS requests that failed: 0");
  }

  @Test
  void aMissedTargetIsAnErrorOnlyIfAskedFor() {
    // The fake server has no drain: SIGTERM ends it with a status that is not 0.
    assertThat(stress("kill", "--quick", "--times", "1")).isZero();
    assertThat(out.toString())
        .contains("MISS exits with another status than 0: 1 (target: at most 0)");
    assertThat(stress("kill", "--quick", "--times", "1", "--assert")).isEqualTo(1);
  }

  @Test
  void aServerWithoutFiguresIsOneLine() {
    assertThat(stress("expiry", "--quick")).isEqualTo(1);
    assertThat(err.toString().lines().reduce((a, b) -> b).orElse(""))
        .isEqualTo("stress expiry: server: no admin port (expected: one in its line 'ready')");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "small --turn 1ms | stress small: turn: 1ms (expected: 100ms to 1h)",
        "kill --times 0 | stress kill: times: 0 (expected: 1 to 1000)",
        "soak --duration long | stress soak: duration: 'long' (expected: a number",
        "fairness --rounds 101 | stress fairness: rounds: 101 (expected: 1 to 100)",
        "expiry --requests 0 | stress expiry: requests: 0 (expected: 1 to 1000000)",
        "overload --json /no/folder/f | stress overload: /no/folder/f: can't be written",
      })
  void refusesAWrongCommandLineInOneLine(String arguments, String message) {
    assertThat(stress(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith(message);
  }
}
