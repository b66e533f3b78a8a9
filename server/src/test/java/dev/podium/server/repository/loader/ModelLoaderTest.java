package dev.podium.server.repository.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.TestModels;
import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.Graph;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.source.VersionFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that change while a version is loaded. */
class ModelLoaderTest {
  @TempDir private Path root;

  @BeforeEach
  void write() throws Exception {
    TestModels.sum(root, "m");
    Path rules = root.resolve("m/model.yaml");
    Files.createDirectories(root.resolve("m/vocabulary"));
    Files.writeString(root.resolve("m/vocabulary/user.txt"), "a\nb\n");
    Files.writeString(
        rules,
        Files.readString(rules)
            .replace(
                "vocabulary: {size: 10}, default: 0}",
                "vocabulary: {file: vocabulary/user.txt}, default: a}"));
  }

  @Test
  void aVersionLoadsWhileNothingChanges() throws Exception {
    load("").close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"1/model.onnx", "1/golden.jsonl", "model.yaml", "vocabulary/user.txt"})
  void aFileOfTheVersionThatChangesFailsIt(String file) {
    assertThatThrownBy(() -> load(file))
        .isInstanceOf(ModelException.class)
        .hasMessage(
            root.resolve("m").resolve(file)
                + ": changed while the version was loaded (expected: files that are complete)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"2/model.onnx", "2.partial/model.onnx", "upload/x", "notes.txt"})
  void whatChangesBesideItDoesNot(String file) throws Exception {
    load(file).close();
    assertThat(root.resolve("m").resolve(file)).exists();
  }

  private LoadedVersion load(String changing) throws ModelException {
    Engine runtime = new OnnxEngine();
    Engine engine =
        (file, options) -> {
          Graph graph = runtime.load(file, options);
          if (!changing.isEmpty()) {
            change(root.resolve("m").resolve(changing));
          }
          return graph;
        };
    Path model = root.resolve("m");
    return new ModelLoader(engine, EngineOptions.DEFAULT, TuningOptions.OFF, Set.of())
        .load(new VersionFolder("m", 1, model, model.resolve("1")));
  }

  /** Makes a file, or makes it younger. */
  private static void change(Path file) {
    try {
      Files.createDirectories(file.getParent());
      if (Files.exists(file)) {
        long time = Files.getLastModifiedTime(file).toMillis();
        Files.setLastModifiedTime(file, FileTime.fromMillis(time + 5_000));
      } else {
        Files.writeString(file, "\n");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
