package dev.podium.server.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.TestModels;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.manager.ModelStatus;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A wrong edit of a trained model's {@code model.yaml} is told in one line that names it. */
class EditedModelYamlTest {
  private static final Path MODEL = Path.of("../models/repository/movies-din");

  @TempDir private Path root;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          truncation: left       | trucation: left       | unknown key 'features[10].trucation' (expected: one of
          role: candidate        | role: item            | features[8].role: 'item' (expected: one of context,
          kind: sequence         | kind: categorical     | feature 'favourite_genres': length, and kind
          length: 50             | length: fifty         | features[10].length: 'fifty' (expected: a whole number)
          length: 50             | length: 0             | feature 'history_film': length 0 (expected: 1 or more)
          side: left             | side: up              | 'up' (expected:
          vocabulary: {size: 24} | vocabulary: {size: 0} | feature 'hour'
          vocabulary/gender.txt  | vocabulary/sex.txt    | sex.txt: not there (expected: a vocabulary
          function: xxhash64     | function: md5         | 'md5' (expected:
          buckets: 100           | buckets: -1           | feature 'region'
          name: hour             | name: our             | feature 'our': the graph has no input 'our'
          name: hour             | name: weekday         | 'weekday'
          name: ctr              | name: cvr             | output 'cvr': the graph has no output 'cvr'
          features:              | featurs:              | unknown key 'featurs' (expected: one of
          default: other         | default: [            | model.yaml: line
          """)
  void oneLineNamesWhatIsWrong(String right, String wrong, String told) throws Exception {
    TestModels.copy(MODEL, root.resolve("m"));
    Path rules = root.resolve("m/model.yaml");
    String text = Files.readString(rules);
    assertThat(text).contains(right);
    Files.writeString(rules, text.replaceFirst("\\Q" + right, wrong));

    try (ModelRepository repository =
        new ModelRepository(
            root,
            new ModelLoader(
                new OnnxEngine(), EngineOptions.DEFAULT, TuningOptions.DEFAULT, Set.of()),
            version -> CompletableFuture.completedFuture(null),
            Runnable::run)) {
      repository.load();

      ModelStatus status = repository.status().get(0);
      List<String> messages =
          status.versions().isEmpty()
              ? List.of(status.message())
              : status.versions().stream().map(ModelStatus.Version::message).toList();
      assertThat(messages).singleElement().asString().contains(told).doesNotContain("\n");
    }
  }
}
