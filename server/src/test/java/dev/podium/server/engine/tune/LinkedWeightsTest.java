package dev.podium.server.engine.tune;

import static dev.podium.server.engine.tune.DecidedCosts.ALL_PAY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.podium.server.TestModels;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.ModelFolder;
import dev.podium.server.repository.loader.LoadedVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Models whose files are links, as tools that keep large files once lay them out: they load, split
 * and score as plain files do.
 */
class LinkedWeightsTest {
  private static final Path PLAIN = Path.of("..", "models", "bench", "deepfm");

  /** Where the files really lie, by their names in the version's folder. */
  enum Layout {
    /** Nothing is linked. */
    PLAIN,
    /** Hugging Face's cache: {@code snapshots/REVISION/NAME} to {@code blobs/DIGEST}. */
    BLOBS,
    /** DVC's cache: each file in a folder named by its digest's beginning. */
    SPREAD,
    /** A volume of Kubernetes: a link to a link to a folder that is replaced as a whole. */
    VOLUME,
    /** The weights alone are kept elsewhere. */
    WEIGHTS_ONLY,
    /** The version's folder is the link. */
    FOLDER
  }

  @TempDir private Path root;

  @ParameterizedTest
  @EnumSource(Layout.class)
  void linksAreAsGoodAsFiles(Layout layout) throws Exception {
    TestModels.copy(PLAIN, root.resolve("model"));
    Path version = root.resolve("model/1");
    TestModels.moveWeightsOut(version, 1024);
    lay(layout, version);
    Path halves = root.resolve("halves");

    LoadedVersion loaded =
        ModelFolder.load(
            root.resolve("model"),
            DecidedCosts.engine(ALL_PAY),
            EngineOptions.DEFAULT.withWorkers(2),
            TuningOptions.DEFAULT);
    try (RankingSession session = loaded.session();
        TileRunner runner = session.newRunner(8)) {
      assertThat(session.plan().splits()).as(session.report().reason()).isTrue();
      Probe probe = new RandomProbes(loaded.signature(), 5).next(8, Draw.ANYWHERE);
      float[] expected =
          CompiledFormTest.bareScores(PLAIN.resolve("1/model.onnx"), probe.rows(), 8);
      float[] scores = new float[8];
      runner.rows().copyRows(probe.rows(), 0, 0, 8);
      runner.run(8);
      runner.readScores(0, 0, 8, scores, 0);
      assertThat(scores).as("whole rows").containsExactly(expected, within(1e-5f));
      Proof.runSplit(runner, probe);
      runner.readScores(0, 0, 8, scores, 0);
      assertThat(scores).as("split").containsExactly(expected, within(1e-5f));
      session.saveHalves(halves);
    }
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (String half : List.of("context.onnx", "candidates.onnx")) {
      try (OrtSession session = environment.createSession(halves.resolve(half).toString())) {
        assertThat(session.getOutputNames()).isNotEmpty();
      }
    }
  }

  private void lay(Layout layout, Path version) throws Exception {
    switch (layout) {
      case PLAIN -> {}
      case BLOBS -> {
        for (Path file : files(version)) {
          link(file, root.resolve("blobs/sha-" + file.getFileName().toString().hashCode()));
        }
      }
      case SPREAD -> {
        for (Path file : files(version)) {
          String digest = Integer.toHexString(file.getFileName().toString().hashCode());
          link(file, root.resolve("cache/files/md5/" + digest.substring(0, 2) + "/" + digest));
        }
      }
      case VOLUME -> {
        for (Path file : files(version)) {
          Path real = version.resolve("..2026_11_27").resolve(file.getFileName());
          Files.createDirectories(real.getParent());
          Files.move(file, real);
        }
        Files.createSymbolicLink(version.resolve("..data"), Path.of("..2026_11_27"));
        for (Path file : files(version.resolve("..2026_11_27"))) {
          Files.createSymbolicLink(
              version.resolve(file.getFileName()), Path.of("..data").resolve(file.getFileName()));
        }
      }
      case WEIGHTS_ONLY ->
          link(version.resolve("model.onnx.data"), root.resolve("store/weights.bin"));
      case FOLDER -> link(version, root.resolve("elsewhere"));
    }
  }

  private static void link(Path file, Path real) throws Exception {
    Files.createDirectories(real.getParent());
    Files.move(file, real);
    Files.createSymbolicLink(file, file.getParent().relativize(real));
  }

  private static List<Path> files(Path folder) throws Exception {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }

  /** Links are whoever's who wrote the folder; a graph by itself names no file outside of it. */
  @Test
  void aGraphCanNotNameFilesOutsideOfItsFolder() throws Exception {
    TestModels.sumWithExternalData(root, "sum");
    Path version = root.resolve("sum/1");
    Files.move(version.resolve("model.onnx.data"), root.resolve("secret.bin"));
    Files.createSymbolicLink(version.resolve("other"), root.resolve("secret.bin"));
    ModelProto.Builder model =
        ModelProto.parseFrom(Files.readAllBytes(version.resolve("model.onnx"))).toBuilder();
    for (TensorProto.Builder tensor : model.getGraphBuilder().getInitializerBuilderList()) {
      tensor
          .getExternalDataBuilderList()
          .forEach(
              entry -> {
                if (entry.getKey().equals("location")) {
                  entry.setValue("../../secret.bin");
                }
              });
    }
    Files.write(version.resolve("model.onnx"), model.build().toByteArray());

    assertThatThrownBy(
            () ->
                ModelFolder.load(
                    root.resolve("sum"),
                    DecidedCosts.engine(ALL_PAY),
                    EngineOptions.DEFAULT,
                    TuningOptions.DEFAULT))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("secret.bin");
  }
}
