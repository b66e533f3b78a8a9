package dev.podium.server.engine.tune;

import static dev.podium.server.engine.tune.DecidedCosts.ALL_PAY;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.server.TestModels;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.tune.Proof.Expected;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.repository.ModelFolder;
import dev.podium.server.repository.loader.LoadedVersion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** With the movies' DIN, which masks the padding, and the bench's, which doesn't. */
class HistoriesTest {
  private static final Path MODELS = Path.of("..", "models");

  /** The films' histories are padded on the left, the favourite genres on the right. */
  @ParameterizedTest
  @CsvSource({
    // filled, positions kept of 50, fit
    "0, 12, true",
    "12, 12, true",
    "13, 12, false",
    "50, 12, false",
    "50, 48, false"
  })
  void fitsIfAllThatIsCutIsPadding(int filled, int kept, boolean fits) throws Exception {
    Signature signature = load("repository/movies-din", false).signature();
    Histories histories = new Histories(signature);
    List<TensorSpec> cut = histories.cut(signature.inputs(), kept / 50.0);
    TensorBuffers row = new RandomProbes(signature, 5).next(1, Draw.FULL).rows();
    pad(signature, row, 1, filled);

    assertThat(histories.lengths(cut)).containsExactly(3, kept, kept);
    assertThat(histories.fit(row, cut)).isEqualTo(fits);
    TensorBuffers narrow = row.firstRow(cut, histories.starts(cut));
    int film = input(signature, "history_film");
    assertThat(narrow.rowElements(film)).isEqualTo(kept);
    assertThat(narrow.number(film, kept - 1)).isEqualTo(row.number(film, 49));
    assertThat(narrow.longs(film).get(0)).isEqualTo(row.longs(film).get(50 - kept));
  }

  @Test
  void historiesOfAnyLengthGiveTheExportedScores() throws Exception {
    LoadedVersion version = load("repository/movies-din", true);
    Signature signature = version.signature();
    try (RankingSession session = version.session();
        TileRunner runner = session.newRunner(4)) {
      assertThat(session.report().forms())
          .as("forms")
          .anyMatch(form -> form.endsWith("takes 0.50 times as long"));
      Proof proof = new Proof(session.outputs());
      for (int filled = 0; filled <= 50; filled++) {
        Probe probe = new RandomProbes(signature, filled).next(4, Draw.FULL);
        pad(signature, probe.rows(), 4, filled);
        List<Expected> expected = List.of(proof.expected(runner, null, probe, Draw.FULL));
        ErrorBounds bounds = ErrorBounds.of(session.outputs(), 1e-5, expected);
        assertThat(proof.errorsOfSplit(runner, expected, bounds).fromExported())
            .as("with %d positions filled", filled)
            .isLessThan(1e-5);
      }
    }
  }

  @Test
  void paddingThatCountsIsComputed() throws Exception {
    try (RankingSession session = load("bench/din", true).session()) {
      assertThat(session.report().forms())
          .singleElement()
          .asString()
          .contains("[28, 28] positions: scores differ: output");
      assertThat(session.plan().splits()).isTrue();
    }
  }

  @Test
  void aFormForShorterHistoriesMustPay() throws Exception {
    try (RankingSession session =
        load("repository/movies-din", true, ALL_PAY.and(what -> !what.equals("shorter histories")))
            .session()) {
      assertThat(session.report().forms())
          .singleElement()
          .asString()
          .endsWith("takes 2.00 times as long: not used");
    }
  }

  @Test
  void saysWhereTheGraphHasNoRoomForFewerPositions(@TempDir Path folder) throws Exception {
    Path model = folder.resolve("fixed");
    TestModels.copy(MODELS.resolve("repository/movies-din"), model);
    Path file = model.resolve("1/model.onnx");
    ModelProto.Builder graph = OnnxGraph.read(file).model().toBuilder();
    for (ValueInfoProto.Builder input : graph.getGraphBuilder().getInputBuilderList()) {
      var dims = input.getTypeBuilder().getTensorTypeBuilder().getShapeBuilder();
      if (input.getName().startsWith("history_")) {
        dims.getDimBuilder(1).setDimValue(50);
      }
    }
    OnnxGraph.of(graph.build()).write(file);

    try (RankingSession session = load(model.toString(), true).session()) {
      assertThat(session.report().forms())
          .contains(
              "padding of histories is computed: the graph's shapes [3, 50, 50] are fixed"
                  + " (expected: open dimensions)");
      assertThat(session.plan().splits()).isTrue();
    }
  }

  private static void pad(Signature signature, TensorBuffers rows, int count, int filled) {
    for (String name : List.of("history_film", "history_genre")) {
      for (int row = 0; row < count; row++) {
        rows.pad(input(signature, name), row * 50, 50 - filled, 0);
      }
      rows.setSent(input(signature, name), filled);
    }
  }

  private static int input(Signature signature, String name) {
    return signature.inputs().stream().map(TensorSpec::name).toList().indexOf(name);
  }

  private static LoadedVersion load(String folder, boolean compiled) throws Exception {
    return load(folder, compiled, ALL_PAY);
  }

  private static LoadedVersion load(String folder, boolean compiled, Predicate<String> pays)
      throws Exception {
    return ModelFolder.load(
        MODELS.resolve(folder),
        DecidedCosts.engine(pays),
        EngineOptions.DEFAULT,
        compiled
            ? new TuningOptions(true, 1e-5, true, 64L << 20, 0, Duration.ofSeconds(1))
            : TuningOptions.OFF);
  }
}
