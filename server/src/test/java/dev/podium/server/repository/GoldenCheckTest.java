package dev.podium.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.TestModels;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.loader.LoadedVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A version whose scores are not its golden vectors' does not serve unnoticed. */
class GoldenCheckTest {
  private static final Path MODEL = Path.of("../models/repository/movies-deepfm");

  private static final String FIRST_SCORE = "\"scores\": \\{\"ctr\": \\[([0-9.e-]+)";

  @TempDir private Path root;

  @Test
  void theTrainedModelsAreRight() throws Exception {
    assertThat(load(line -> line, "").notes()).isEmpty();
  }

  @Test
  void aScoreThatMovedFailsTheVersionInOneLine() {
    assertThatThrownBy(() -> load(GoldenCheckTest::moved, ""))
        .isInstanceOf(ModelException.class)
        .hasMessageMatching(
            "(?s).*golden.jsonl:1: candidate 0, output 'ctr': [0-9.E-]+ as (exported|whole|split)"
                + " \\(expected: [0-9.E-]+, give or take [0-9.E-]+\\)")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aScoreThatMovedIsANoteWhereTheModelSaysSo() throws Exception {
    assertThat(load(GoldenCheckTest::moved, "golden: warn\n").notes())
        .singleElement()
        .asString()
        .contains("golden.jsonl:1: candidate 0");
  }

  @Test
  void anOutputThatIsNotServedIsAnError() {
    assertThatThrownBy(() -> load(line -> line.replace("\"ctr\"", "\"cvr\""), "golden: warn\n"))
        .isInstanceOf(ModelException.class)
        .hasMessageEndingWith("golden.jsonl:1: output 'cvr': not served (expected: one of [ctr])");
  }

  @Test
  void aScoreTooManyIsAnError() {
    assertThatThrownBy(
            () ->
                load(line -> line.replaceFirst(FIRST_SCORE, "\"scores\": {\"ctr\": [0.5, $1"), ""))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("golden.jsonl:1: output 'ctr': ")
        .hasMessageEndingWith(", 1 for each candidate)");
  }

  private static String moved(String line) {
    return line.replaceFirst(FIRST_SCORE, "\"scores\": {\"ctr\": [0.123");
  }

  private LoadedVersion load(UnaryOperator<String> firstLine, String rules) throws Exception {
    Path folder = root.resolve("m");
    TestModels.copy(MODEL, folder);
    Path golden = folder.resolve("1/golden.jsonl");
    List<String> lines = Files.readAllLines(golden);
    lines.set(0, firstLine.apply(lines.get(0)));
    Files.write(golden, lines);
    Path yaml = folder.resolve("model.yaml");
    Files.writeString(yaml, rules + Files.readString(yaml));
    LoadedVersion version =
        ModelFolder.load(folder, new OnnxEngine(), EngineOptions.DEFAULT, TuningOptions.OFF);
    version.session().close();
    return version;
  }
}
