package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.util.JsonFormat;
import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import dev.podium.client.RankingClient;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.RankRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The demo with the real catalogue, models and server. */
@Timeout(300)
class DemoCommandTest {
  private static final Path MODELS = Path.of("../models/repository");
  private static final Path CATALOGUE = Path.of("../models/catalogue");

  private static LocalServer server;
  private static Catalogue catalogue;

  @BeforeAll
  static void startServer() {
    server = LocalServer.start(MODELS);
    catalogue = Catalogue.read(CATALOGUE);
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Test
  void theDemoRanksFilmsForEachViewerByBothModelsAndStops() {
    Command run =
        Command.run(
            "demo",
            "--models",
            MODELS.toString(),
            "--catalogue",
            CATALOGUE.toString(),
            "--top-k",
            "3");

    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    assertThat(run.out()).startsWith("Serving on 127.0.0.1:");
    for (Viewer viewer : catalogue.viewers()) {
      assertThat(run.out())
          .contains(System.lineSeparator() + viewer.name() + ": " + viewer.taste());
    }
    int tables = 2 * catalogue.viewers().size();
    assertThat(run.out().lines().filter(line -> line.startsWith("  movies-d"))).hasSize(tables);
    assertThat(run.out().lines().filter(line -> line.matches("  [123]  .*  0\\.\\d{4}")))
        .hasSize(3 * tables);
  }

  static List<String> models() throws IOException {
    try (Stream<Path> folders = Files.list(MODELS)) {
      return folders.map(folder -> folder.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void everyModelRanksWhenNamedInShort(String name) {
    Command run =
        Command.run(
            "demo",
            "--target",
            server.target(),
            "--catalogue",
            CATALOGUE.toString(),
            "--model",
            name.substring("movies-".length()),
            "--top-k",
            "4");

    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    int viewers = catalogue.viewers().size();
    assertThat(run.out().lines().filter(line -> line.contains(" version 1: ")))
        .hasSize(viewers)
        .allMatch(line -> line.startsWith("  " + name + " version 1: "));
    assertThat(run.out().lines().filter(line -> line.matches("  [1234]  .*  0\\.\\d{4}")))
        .hasSize(4 * viewers);
  }

  @Test
  void aModelThatIsNotThereIsOneLineAndStatusOne() {
    Command run =
        Command.run(
            "demo",
            "--target",
            server.target(),
            "--catalogue",
            CATALOGUE.toString(),
            "--model",
            "x");

    assertThat(run.err())
        .startsWith("podium demo: NOT_FOUND: ")
        .contains("movies-x")
        .hasLineCount(1);
    assertThat(run.status()).isEqualTo(1);
  }

  @Test
  void aFolderThatIsNotThereIsOneLineAndStatusTwo() {
    Command noCatalogue = Command.run("demo", "--catalogue", "none");
    Command noModels = Command.run("demo", "--models", "none", "--catalogue", CATALOGUE.toString());

    assertThat(noCatalogue.err()).startsWith("podium demo: none").hasLineCount(1);
    assertThat(noCatalogue.status()).isEqualTo(2);
    assertThat(noModels.err()).startsWith("podium demo: ").contains("none").hasLineCount(1);
    assertThat(noModels.status()).isEqualTo(2);
  }

  @ParameterizedTest
  @MethodSource("models")
  void viewersAndFilmsAreSentAsTheModelWasTrainedOnThem(String name) throws Exception {
    Model model;
    try (RankingClient client =
        RankingClient.builder(server.target()).defaultDeadline(Duration.ofSeconds(30)).build()) {
      model = client.model(name);
    }
    MovieRequest requests = new MovieRequest(model);
    Set<Long> users = new HashSet<>();

    for (String line : Files.readAllLines(MODELS.resolve(name + "/1/golden.jsonl"))) {
      JsonNode json = new ObjectMapper().readTree(line).get("request");
      RankRequest.Builder golden = RankRequest.newBuilder();
      JsonFormat.parser().merge(json.toString(), golden);
      int sent = golden.getContextCount() + golden.getCandidates().getColumnsCount();
      if (sent < model.getFeaturesCount()) {
        continue; // some golden requests leave features to their defaults; the demo sends all
      }
      Viewer viewer = viewerOf(golden);
      users.add(viewer.features().get("user_id").asLong());
      List<Film> films =
          column(golden.getCandidates().getColumnsList(), "film_id")
              .getInt64Values()
              .getValuesList()
              .stream()
              .map(catalogue.films()::get)
              .toList();
      if (films.contains(null)) {
        continue; // the data set has three films of which little is known, and the catalogue not
      }

      RankRequest request = requests.build(viewer, films, 0).message();

      assertThat(request.getContextList())
          .containsExactlyInAnyOrderElementsOf(golden.getContextList());
      assertThat(request.getCandidates().getColumnsList())
          .containsExactlyInAnyOrderElementsOf(golden.getCandidates().getColumnsList());
    }
    assertThat(users).hasSameSizeAs(catalogue.viewers());
  }

  private static Viewer viewerOf(RankRequest.Builder golden) {
    long user = column(golden.getContextList(), "user_id").getInt64Values().getValues(0);
    return catalogue.viewers().stream()
        .filter(viewer -> viewer.features().get("user_id").asLong() == user)
        .findFirst()
        .orElseThrow();
  }

  private static FeatureColumn column(List<FeatureColumn> columns, String name) {
    return columns.stream().filter(c -> c.getName().equals(name)).findFirst().orElseThrow();
  }
}
