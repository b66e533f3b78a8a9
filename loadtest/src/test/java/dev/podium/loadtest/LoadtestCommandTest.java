package dev.podium.loadtest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.ranking.v1.Model;
import io.grpc.Status;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The whole command against a real server on loopback. No test looks at a time. */
class LoadtestCommandTest {
  @TempDir Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int loadtest(String... arguments) {
    return new CommandLine(new LoadtestCommand())
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments);
  }

  /** A short run: 60 requests in 0.3 s, a lag bound that no machine breaks. */
  private int run(String target, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--target",
                target,
                "--model",
                "films",
                "--rate",
                "200",
                "--duration",
                "300ms",
                "--arrivals",
                "constant",
                "--warmup",
                "0s",
                "--candidates",
                "uniform:3..9",
                "--deadline",
                "20s",
                "--max-lag",
                "60s",
                "--quiet"));
    arguments.addAll(List.of(more));
    return loadtest(arguments.toArray(String[]::new));
  }

  private JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(Files.readString(file));
  }

  @Test
  void runsAndReports() throws IOException {
    Path json = folder.resolve("run.json");
    Path csv = folder.resolve("run.csv");
    Path html = folder.resolve("run.html");
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      assertThat(
              run(
                  server.target(),
                  "--warmup",
                  "100ms",
                  "--rate",
                  "200,400",
                  "--connections",
                  "3",
                  "--json",
                  json.toString(),
                  "--csv",
                  csv.toString(),
                  "--html",
                  html.toString()))
          .isZero();
      assertThat(server.ranked).hasValue(20 + 60 + 120);
    }
    assertThat(err.toString()).isEmpty();
    JsonNode report = json(json);
    assertThat(report.at("/format").asText()).isEqualTo("podium-loadtest/1");
    assertThat(report.at("/partial").isNull()).isTrue();
    assertThat(report.at("/voided").isNull()).isTrue();
    assertThat(report.at("/warm_up/ok").asInt()).isEqualTo(20);
    assertThat(report.at("/steps")).hasSize(2);
    assertThat(report.at("/steps/1/ok").asInt()).isEqualTo(120);
    assertThat(report.at("/steps/1/failed").asInt()).isZero();
    assertThat(report.at("/steps/1/latency_ms/p99_9").asDouble()).isPositive();
    assertThat(report.at("/generator/requests_built").asInt()).isEqualTo(1000);
    assertThat(report.at("/workload/candidates").asText()).isEqualTo("uniform:3..9");
    assertThat(Files.readAllLines(csv)).hasSize(1 + 2);
    assertThat(Files.readString(html))
        .contains("<svg")
        .doesNotContainPattern("(src|href)=\"(?!data:,)");
    assertThat(out.toString()).contains("200.0").contains("generator:");
  }

  @Test
  void sendsTheSameWorkloadByBothProtocolsAndComparesTheScores() throws IOException {
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      assertThat(run(server.target(), "--protocol", "oip", "--verify", "5")).isZero();
      assertThat(server.ranked).hasValue(5);
      assertThat(server.inferred).hasValue(5 + 60);
      assertThat(out.toString())
          .contains("through ranking and oip; largest difference 0.0 (request 0, output ")
          .containsPattern(
              "\\n  ranking +p50 .* ms, p99 .* ms, one at a time; \\d+ bytes a request\\n")
          .containsPattern(
              "\\n  oip +p50 .* ms, p99 .* ms, one at a time; \\d+ bytes a request\\n");
      server.skew = 0.01f;
      assertThat(run(server.target(), "--verify", "5")).isEqualTo(1);
      assertThat(err.toString())
          .startsWith("loadtest: verify: largest difference 0.0")
          .contains(" (expected: at most 1.0E-5)");
    }
  }

  @Test
  void comparesScoresWithoutALoadTest() throws IOException {
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      assertThat(
              loadtest(
                  "--target",
                  server.target(),
                  "--model",
                  "films",
                  "--candidates",
                  "4",
                  "--verify",
                  "3"))
          .isZero();
      assertThat(server.ranked).hasValue(3);
      assertThat(server.inferred).hasValue(3);
      assertThat(out.toString()).startsWith("verified: 3 requests, 12 scores, through ");
      server.skew = Float.NaN;
      assertThat(
              loadtest("--target", server.target(), "--model", "films", "--verify", "3", "--quiet"))
          .isEqualTo(1);
      assertThat(err.toString())
          .startsWith("loadtest: verify: largest difference NaN at request 0");
    }
  }

  @Test
  void goesThroughAUnixSocket() throws IOException {
    Path socket = folder.resolve("s");
    try (FakeRanker server = FakeRanker.startUnix(TestModels.films(), socket)) {
      assertThat(run("unix:" + socket)).isZero();
      assertThat(server.ranked).hasValue(60);
    }
  }

  @Test
  void speaksTls() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder);
    try (FakeRanker server =
        FakeRanker.startTls(TestModels.films(), certificate.certificate(), certificate.key())) {
      String ca = certificate.certificate().toString();
      assertThat(run(server.target(), "--tls", "--ca", ca, "--authority", "localhost")).isZero();
      assertThat(server.ranked).hasValue(60);
      assertThat(run(server.target(), "--tls", "--authority", "localhost")).isEqualTo(1);
      assertThat(err.toString())
          .startsWith("loadtest: no server at " + server.target() + ": UNAVAILABLE")
          .contains("certification path");
    }
  }

  @Test
  void countsFailuresAndFailsTheGate() throws IOException {
    Path json = folder.resolve("run.json");
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      server.failAfter = 57;
      assertThat(run(server.target(), "--assert", "p99=20s,errors=0.1%", "--json", json.toString()))
          .isEqualTo(1);
    }
    assertThat(err.toString().lines())
        .containsExactly(
            "loadtest: assertion failed at 200.0/s: p99: never, too many requests failed (expected: at most 20000.00 ms)",
            "loadtest: assertion failed at 200.0/s: errors: 5.000 % (expected: at most 0.100 %)");
    assertThat(json(json).at("/steps/0/failures/RESOURCE_EXHAUSTED"))
        .isEqualTo(new ObjectMapper().readTree("{\"count\":3,\"example\":\"queue full\"}"));
    assertThat(json(json).at("/assertions")).hasSize(2);
  }

  @Test
  void findsTheHighestRateAndWritesTheCurve() throws IOException {
    Path json = folder.resolve("run.json");
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      assertThat(
              run(
                  server.target(),
                  "--duration",
                  "100ms",
                  "--rate",
                  "1000",
                  "--find-max",
                  "--slo",
                  "p99=20s,errors=0%",
                  "--max-rate",
                  "2000",
                  "--confirm",
                  "1",
                  "--json",
                  json.toString()))
          .isZero();
    }
    assertThat(json(json).at("/search/found_rate").asDouble()).isEqualTo(2000);
    assertThat(json(json).at("/search/confirmed").asBoolean()).isTrue();
    assertThat(json(json).at("/search/runs")).hasSize(3);
    assertThat(out.toString())
        .contains(
            "highest rate that holds p99=20s,errors=0%: 2000.0/s (the highest rate to try held)");
  }

  @Test
  void keepsThePartOfARunWhoseServerDies() throws IOException {
    Path json = folder.resolve("run.json");
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      server.failAfter = 30;
      server.failure = Status.UNAVAILABLE.withDescription("going down");
      assertThat(
              run(
                  server.target(),
                  "--duration",
                  "60s",
                  "--gone-after",
                  "100ms",
                  "--json",
                  json.toString()))
          .isEqualTo(1);
    }
    assertThat(json(json).at("/partial").asText())
        .startsWith("the server was gone from ")
        .endsWith("UNAVAILABLE going down");
    assertThat(json(json).at("/steps/0/ok").asInt()).isEqualTo(30);
    assertThat(out.toString()).contains("partial result: the server was gone");
  }

  @Test
  void voidsTheFigureOfALateGenerator() throws IOException {
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      assertThat(run(server.target(), "--max-lag", "0us", "--rate", "100000", "--requests", "2000"))
          .isEqualTo(1);
    }
    assertThat(out.toString())
        .contains("VOID: at 100000.0/s: generator late: 1 % of the requests were sent more");
  }

  @Test
  void comparesTwoReports() throws IOException {
    Path a = folder.resolve("a.json");
    Path b = folder.resolve("b.json");
    Path html = folder.resolve("ab.html");
    try (FakeRanker server = FakeRanker.start(TestModels.films())) {
      assertThat(run(server.target(), "--json", a.toString())).isZero();
      assertThat(run(server.target(), "--protocol", "oip", "--json", b.toString())).isZero();
    }
    out.getBuffer().setLength(0);
    assertThat(loadtest("--compare", a.toString(), b.toString(), "--html", html.toString()))
        .isZero();
    assertThat(out.toString()).containsPattern("planned /s +200.00 +200.00 +1.000");
    assertThat(Files.readString(html)).contains("\"protocol\":\"oip\"");
  }

  @Test
  void saysThatThereIsNoServer() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThat(run("127.0.0.1:" + port)).isEqualTo(1);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("loadtest: no server at 127.0.0.1:" + port + ": UNAVAILABLE")
        .contains("Connection refused");
    assertThat(run("unix:" + folder.resolve("none"))).isEqualTo(1);
  }

  @Test
  void saysThatTheModelIsUnknownOrHasNoSignature() throws IOException {
    try (FakeRanker server = FakeRanker.start(Model.getDefaultInstance())) {
      assertThat(run(server.target(), "--model", "songs")).isEqualTo(1);
      assertThat(run(server.target())).isEqualTo(1);
      assertThat(err.toString().lines())
          .containsExactly(
              "loadtest: model 'songs' at "
                  + server.target()
                  + ": NOT_FOUND model 'songs' (known: films)",
              "loadtest: model 'films': no signature (expected: at least 1 feature, to know what to send)");
    }
  }

  @Test
  void saysThatTextNeedsALookUp() throws IOException {
    try (FakeRanker server = FakeRanker.start(TestModels.filmsWithText())) {
      assertThat(run(server.target(), "--protocol", "oip")).isEqualTo(2);
      assertThat(err.toString().lines())
          .singleElement()
          .asString()
          .startsWith("loadtest: model 'films': feature 'genre' has no input of that name");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--model films --rate 5 | target: missing",
        "--target 127.0.0.1:1 --rate 5 | model: missing",
        "--target 127.0.0.1:1 --model films | rate: missing",
        "--target here --model films --rate 5 | target: 'here'",
        "--target 127.0.0.1:1 --model films --rate fast | rate: 'fast'",
        "--target 127.0.0.1:1 --model films --rate 5 --duration 0s | duration: 0s (expected: more than 0)",
        "--target 127.0.0.1:1 --model films --rate 5 --find-max | find-max: needs --slo",
        "--target 127.0.0.1:1 --model films --rate 5 --find-max --slo p99<3 | objective: 'p99<3'",
        "--target 127.0.0.1:1 --model films --rate 5 --find-max --slo p99=3ms | find-max: begins at 5.0/s (expected: from 10.0/s, 100 requests in 10s",
        "--target 127.0.0.1:1 --model films --rate 5,6 --find-max --slo p99=3ms | find-max: '5,6'",
        "--target 127.0.0.1:1 --model films --rate 5 --assert fast | objective: 'fast'",
        "--target 127.0.0.1:1 --model films --rate 5 --protocol rest | protocol: 'rest'",
        "--target 127.0.0.1:1 --model films --rate 5 --candidates many | candidates: 'many'",
        "--target 127.0.0.1:1 --model films --rate 5 --connections 0 | connections: 0 (expected: at least 1)",
        "--target 127.0.0.1:1 --model films --rate 5 --json /no/such/folder/f | /no/such/folder/f: can't be written",
        "--target 127.0.0.1:1 --model films --rate 5 --model-version 1 --label a | model: --model-version and --label",
        "--compare /no/a.json /no/b.json | /no/a.json: not a load-test report",
      })
  void refusesAWrongCommandLineInOneLine(String arguments, String message) {
    assertThat(loadtest(arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines())
        .singleElement()
        .asString()
        .startsWith("loadtest: " + message);
  }
}
