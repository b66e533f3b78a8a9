package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command against a real server with the bench models. */
@Timeout(120)
class RankCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path MODELS = Path.of("../models/bench");

  private static LocalServer server;
  private static JsonNode golden;

  @TempDir Path folder;

  @BeforeAll
  static void startServer() throws Exception {
    server = LocalServer.start(MODELS);
    List<String> lines = Files.readAllLines(MODELS.resolve("deepfm/1/golden.jsonl"));
    for (String line : lines) {
      golden = JSON.readTree(line);
      if (golden.at("/request/candidates/count").asInt() > 5) {
        return;
      }
    }
    throw new AssertionError("no golden request of more than 5 candidates");
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Test
  void theScoresAreTheTrainingFrameworks() throws Exception {
    Command run = rank(request(), "--model", "deepfm", "--output", "json");

    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    JsonNode response = JSON.readTree(run.out());
    assertThat(response.at("/model/name").asText()).isEqualTo("deepfm");
    JsonNode output = response.at("/outputs/0");
    JsonNode expected = golden.get("scores").get(output.get("name").asText());
    assertThat(output.get("scores")).hasSameSizeAs(expected);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(output.get("scores").get(i).floatValue())
          .isCloseTo(expected.get(i).floatValue(), within(1e-5f));
    }
  }

  @Test
  void theTopKAreATableBestFirst() throws Exception {
    Command run = rank(request(), "--model", "deepfm", "--top-k", "3");

    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    List<String> lines = run.out().lines().toList();
    assertThat(lines.get(0)).matches("rank +candidate +\\w+");
    assertThat(lines.subList(1, 4)).allMatch(line -> line.matches(" +\\d +\\d+ +[01]\\.\\d{6}"));
    assertThat(lines.get(4))
        .startsWith("deepfm version 1, ")
        .contains("queue", "assemble", "infer");
    double best = 1;
    for (String line : lines.subList(1, 4)) {
      double score = Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      assertThat(score).isLessThanOrEqualTo(best);
      best = score;
    }
  }

  @Test
  void aRequestIsReadFromStandardInput() throws Exception {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream(request().toString().getBytes(StandardCharsets.UTF_8)));
    try {
      Command run =
          Command.run("rank", "--target", server.target(), "--model", "deepfm", "--request", "-");
      assertThat(run.status()).isZero();
    } finally {
      System.setIn(before);
    }
  }

  @Test
  void anUnknownModelIsOneLineAndStatusOne() throws Exception {
    Command run = rank(request(), "--model", "none");

    assertFailedWith(run, "NOT_FOUND", "none");
  }

  @Test
  void anUnknownFeatureIsOneLineAndStatusOne() throws Exception {
    ObjectNode request = request();
    ((ObjectNode) request.at("/candidates/columns/0")).put("name", "nonsense");

    assertFailedWith(rank(request, "--model", "deepfm"), "INVALID_ARGUMENT", "'nonsense'");
  }

  @Test
  void aWrongRowCountIsOneLineAndStatusOne() throws Exception {
    ObjectNode request = request();
    int count = request.at("/candidates/count").asInt();
    ((ObjectNode) request.get("candidates")).put("count", count + 1);

    assertFailedWith(
        rank(request, "--model", "deepfm"),
        "INVALID_ARGUMENT",
        request.at("/candidates/columns/0/name").asText(),
        Integer.toString(count),
        "expected: " + (count + 1));
  }

  @Test
  void aServerThatIsNotThereIsOneLineAndStatusOne() throws Exception {
    Path file = write(request());
    Command run =
        Command.run(
            "rank",
            "--target",
            "unix:" + folder.resolve("none.sock"),
            "--request",
            file.toString());

    assertFailedWith(run, "UNAVAILABLE", "none.sock");
  }

  @Test
  void aStackIsPrintedOnlyWhenAskedFor() throws Exception {
    Command run = rank(request(), "--model", "none", "--verbose");

    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err().lines().count()).isGreaterThan(3);
    assertThat(run.err()).contains("\tat dev.podium.");
  }

  @Test
  void wrongInputIsStatusTwo() throws Exception {
    Path file = folder.resolve("r.json");
    Files.writeString(file, "{\n  \"topK\" 3\n}");

    Command bad = Command.run("rank", "--target", server.target(), "--request", file.toString());
    assertThat(bad.status()).isEqualTo(2);
    assertThat(bad.err())
        .startsWith("podium rank: " + file + ": line 2, column 10: ")
        .hasLineCount(1);
    assertThat(rank(request(), "--deadline", "0s"))
        .isEqualTo(new Command(2, "", "podium rank: --deadline: 0 (expected: more than zero)\n"));
    assertThat(rank(request(), "--top-k", "-1"))
        .isEqualTo(new Command(2, "", "podium rank: --top-k: -1 (expected: 0 or more)\n"));
  }

  private static ObjectNode request() {
    return golden.get("request").deepCopy();
  }

  private Command rank(ObjectNode request, String... more) throws Exception {
    String[] args = {"rank", "--target", server.target(), "--request", write(request).toString()};
    String[] all = new String[args.length + more.length];
    System.arraycopy(args, 0, all, 0, args.length);
    System.arraycopy(more, 0, all, args.length, more.length);
    return Command.run(all);
  }

  private Path write(ObjectNode request) throws Exception {
    return Files.writeString(folder.resolve("request.json"), request.toString());
  }

  private static void assertFailedWith(Command run, String code, String... parts) {
    assertThat(run.err()).startsWith("podium rank: " + code + ": ").contains(parts).hasLineCount(1);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
  }
}
