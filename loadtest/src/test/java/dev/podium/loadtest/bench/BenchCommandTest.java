package dev.podium.loadtest.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.loadtest.BenchCommand;
import dev.podium.loadtest.FakeRanker;
import dev.podium.loadtest.fault.WorkFailedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/**
 * The bench with real sessions of the bench models and server processes of their own; no test looks
 * at a time.
 */
class BenchCommandTest {
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

  private int bench(List<String> serve, String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("--rounds", "2", "--turn", "50ms", "--warmup", "50ms"));
    arguments.addAll(List.of(more));
    return new CommandLine(new BenchCommand(serve, MODELS))
        .setOverwrittenOptionsAllowed(true)
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err))
        .execute(arguments.toArray(String[]::new));
  }

  @Test
  void measuresEverySystemAtEverySize() throws IOException {
    Path json = folder.resolve("bench.json");
    int status =
        bench(
            SERVE,
            "--sizes",
            "10x1,20x3",
            "--variant",
            "plain=--no-compiler",
            "--json",
            json.toString());
    assertThat(err.toString()).contains("starting podium:plain:").contains("--no-compiler");
    assertThat(status).isZero();
    JsonNode report = new ObjectMapper().readTree(Files.readString(json));
    assertThat(report.path("rows")).hasSize(2 * 2 * 3);
    for (JsonNode row : report.path("rows")) {
      assertThat(row.path("system").asText()).isIn("podium", "podium:plain", "bare");
      assertThat(row.path("model").asText()).isIn("deepfm", "din");
      assertThat(row.path("candidates").asInt()).isIn(10, 20);
      assertThat(row.path("callers").asInt()).isIn(1, 3);
      assertThat(row.path("candidates_per_s").asDouble()).isPositive();
      assertThat(row.path("p50_ms").asDouble()).isPositive();
      assertThat(row.path("p99_ms").asDouble())
          .isGreaterThanOrEqualTo(row.path("p50_ms").asDouble());
      assertThat(row.path("cpu_ms_per_request").isNumber()).isTrue();
      assertThat(row.path("bare_cpu_ms_per_request").asDouble()).isPositive();
      assertThat(row.path("ratio").isNumber()).isTrue();
      assertThat(row.path("failed").asInt()).isZero();
      if (!row.path("system").asText().equals("bare")) {
        assertThat(row.path("ratio_rounds")).hasSize(2);
        assertThat(row.path("heap_bytes_per_request").asDouble()).isPositive();
      }
    }
    assertThat(report.at("/versions/onnxruntime").asText()).isEqualTo("1.29.0");
    assertThat(report.at("/machine/cores").asInt()).isPositive();
    assertThat(out.toString().lines()).hasSize(1 + 12 + 1 + 1 + 2 * 2);
    assertThat(out.toString())
        .containsPattern("\\nbare ÷ server +candidates +callers  podium  podium:plain\\n")
        .containsPattern("\\ndin +20 +3 +[0-9.]+ +[0-9.]+\\n");
  }

  @Test
  void theJsonHasTheFieldsThatToolsReadByName() throws IOException {
    Path json = folder.resolve("bench.json");
    assertThat(bench(SERVE, "--model", "din", "--sizes", "5x1", "--json", json.toString()))
        .isZero();
    JsonNode report = new ObjectMapper().readTree(Files.readString(json));
    assertThat(report.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("rows", "machine", "versions");
    assertThat(report.at("/rows/0").fieldNames())
        .toIterable()
        .startsWith(
            "system",
            "model",
            "candidates",
            "callers",
            "candidates_per_s",
            "p50_ms",
            "p99_ms",
            "cpu_ms_per_request",
            "bare_cpu_ms_per_request",
            "ratio");
  }

  @Test
  void offAddsServersWithoutCompilerAndWithoutTiles() throws IOException {
    int status = bench(SERVE, "--off", "--rounds", "1", "--model", "din", "--sizes", "5x1");
    assertThat(status).isZero();
    assertThat(out.toString())
        .containsPattern("callers  podium  podium:no-compiler  podium:no-tiles\\n");
    assertThat(err.toString())
        .containsPattern("starting podium:no-compiler: .* --set compiler.enabled=false\\n")
        .containsPattern(
            "starting podium:no-tiles: .*podium-whole-\\S+ .* --set scheduler.share_tiles=false\\n");
    // FakeServer reads model.yaml from the copy, so the bench could not have run without it.
    Matcher copy = Pattern.compile("--models (\\S*podium-whole-\\S+)").matcher(err.toString());
    assertThat(copy.find()).isTrue();
    assertThat(Path.of(copy.group(1))).doesNotExist();
  }

  @Test
  void copiesModelsWithTilesLargerThanAnyRequest() throws IOException {
    Path model = Files.createDirectories(folder.resolve("models/films/1")).getParent();
    Files.writeString(model.resolve("1/model.onnx"), "graph");
    Files.writeString(model.resolve("model.yaml"), "compile: true\ntile_rows: 64 # small\n");
    try (WholeRequests whole = WholeRequests.copy(folder.resolve("models"), List.of("films"))) {
      assertThat(whole.folder().resolve("films/1/model.onnx")).hasContent("graph");
      assertThat(Files.readAllLines(whole.folder().resolve("films/model.yaml")))
          .containsExactly("compile: true", "", "", "tile_rows: 65536");
    }
    assertThat(model.resolve("model.yaml")).content().contains("tile_rows: 64");
    assertThatThrownBy(() -> WholeRequests.copy(folder, List.of("none")))
        .isInstanceOf(WorkFailedException.class)
        .hasMessageContaining("can't be copied");
  }

  @Test
  void aPeerWithoutTheModelIsOneLine() throws IOException {
    try (FakeRanker peer = FakeRanker.start(FakeServer.signature(MODELS, "deepfm"))) {
      int status =
          bench(SERVE, "--model", "deepfm", "--sizes", "5x1", "--peer", "rival=" + peer.target());
      assertThat(status).isEqualTo(2);
      assertThat(err.toString().lines().reduce((a, b) -> b).orElse(""))
          .startsWith("bench: model 'films': feature 'user_0' has no input of that name");
    }
  }

  @Test
  void aServerThatDoesNotStartIsOneLine() {
    List<String> failing = new ArrayList<>(SERVE);
    failing.add("--fail");
    assertThat(bench(failing)).isEqualTo(1);
    assertThat(err.toString().lines().reduce((a, b) -> b).orElse(""))
        .startsWith("bench: server: '")
        .endsWith("ended without its line 'ready grpc=HOST:PORT'");
    assertThat(bench(List.of("/no/such/program"))).isEqualTo(1);
    assertThat(err.toString()).contains("bench: server: '/no/such/program");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--sizes 10 | sizes: '10' (expected: CANDIDATESxCALLERS",
        "--peer rival | peer: 'rival' (expected: NAME=HOST:PORT[,PID])",
        "--peer rival=there | target: 'there'",
        "--rounds 0 | rounds: 0",
        "--turn 0s | turn: 0s (expected: more than 0)",
        "--models /no/models | models: /no/models can't be read",
        "--json /no/folder/f | /no/folder/f: can't be written",
      })
  void refusesAWrongCommandLineInOneLine(String arguments, String message) {
    assertThat(bench(SERVE, arguments.split(" "))).isEqualTo(2);
    assertThat(err.toString().lines()).singleElement().asString().startsWith("bench: " + message);
  }

  @Test
  void readsPeers() {
    assertThat(Peer.parse("triton=127.0.0.1:8001,4711").pid()).isEqualTo(4711);
    assertThat(Peer.parse("triton=unix:/s").pid()).isEqualTo(-1);
  }

  @Test
  void readsCpuTimesWhateverTheProcessIsCalled() {
    String stat =
        "4711 (a) R 1 (b) S 1 4711 4711 0 -1 4194560 900 0 0 0 1234 56 0 0 20 0 30 0 100 0 0";
    assertThat(ProcessCpu.parse(stat))
        .isEqualTo(new ProcessCpu.Times(1234 * 10_000_000L, 56 * 10_000_000L));
    assertThat(ProcessCpu.nanos(ProcessHandle.current().pid())).isPositive();
  }
}
