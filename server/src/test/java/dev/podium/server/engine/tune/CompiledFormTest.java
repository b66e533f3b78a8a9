package dev.podium.server.engine.tune;

import static dev.podium.server.engine.tune.DecidedCosts.ALL_PAY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import com.google.protobuf.ByteString;
import dev.podium.graph.Report;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.server.TestModels;
import dev.podium.server.engine.ContextCacheStatus;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.repository.ModelFolder;
import dev.podium.server.repository.loader.LoadedVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The compiled form of real models against the exported graph, run bare. What pays is decided here:
 * measured, it would depend on what else the machine does.
 */
class CompiledFormTest {
  private static final String WITHOUT_BAGS = "without EMBEDDING_BAGS";
  private static final Path BENCH = Path.of("..", "models", "bench");

  @ParameterizedTest
  @ValueSource(strings = {"din", "deepfm"})
  void theHalvesGiveTheExportedScores(String model) throws Exception {
    try (RankingSession session = load(TuningOptions.DEFAULT, BENCH.resolve(model)).session()) {
      ExecutionReport report = session.report();
      assertThat(report.compiler().applied())
          .extracting(Report.Applied::pass)
          .contains("HOIST", "SPLIT_SUMS");
      assertThat(report.largestDifference()).isLessThan(1e-5);
      assertThat(report.probes()).isGreaterThan(5);
      assertThat(session.plan().splits()).as(report.reason()).isTrue();
    }
  }

  @Test
  void whatIsSwitchedOffIsNotDone() throws Exception {
    try (RankingSession session = load(TuningOptions.OFF, BENCH.resolve("din")).session()) {
      assertThat(session.plan().splits()).isFalse();
      assertThat(session.report().reason()).isEqualTo("compiling is switched off");
    }
  }

  @Test
  void aKeptContextGivesTheSameScoresAndIsFoundByItsContent() throws Exception {
    TuningOptions cached =
        new TuningOptions(true, 1e-5, false, 0, 64L << 20, Duration.ofMinutes(10));
    LoadedVersion version = load(cached, BENCH.resolve("din"));
    Signature signature = version.signature();
    try (RankingSession session = version.session();
        TileRunner runner = session.newRunner(8)) {
      // The folder's golden requests were compared when it was loaded.
      ContextCacheStatus before = session.contextCache();
      RandomProbes probes = new RandomProbes(signature, 3);
      List<Probe> users = List.of(probes.next(8, Draw.ANYWHERE), probes.next(8, Draw.EDGES));
      for (int round = 0; round < 3; round++) {
        for (Probe user : users) {
          runner.rows().copyRows(user.rows(), 0, 0, 8);
          runner.run(8);
          float[] exported = new float[8];
          runner.readScores(0, 0, 8, exported, 0);
          Proof.runSplit(runner, user);
          float[] split = new float[8];
          runner.readScores(0, 0, 8, split, 0);
          assertThat(split).containsExactly(exported, within(1e-5f));
        }
      }
      ContextCacheStatus status = session.contextCache();
      assertThat(status.misses() - before.misses()).isEqualTo(2);
      assertThat(status.hits() - before.hits()).isEqualTo(4);
      assertThat(status.entries() - before.entries()).isEqualTo(2);
      assertThat(status.bytes()).isGreaterThan(before.bytes());
    }
  }

  @Test
  void rowsOfDifferentContextsGetTheExportedScores() throws Exception {
    LoadedVersion version = load(TuningOptions.DEFAULT, BENCH.resolve("deepfm"));
    try (RankingSession compiled = version.session();
        RankingSession exported = load(TuningOptions.OFF, BENCH.resolve("deepfm")).session();
        TileRunner runner = compiled.newRunner(12);
        TileRunner reference = exported.newRunner(12)) {
      assertThat(compiled.report().forms())
          .singleElement()
          .asString()
          .isEqualTo(
              "rows of different contexts: a tile of 128 rows takes 0.50 times as long as"
                  + " exported");
      RandomProbes probes = new RandomProbes(version.signature(), 9);
      for (int request = 0; request < 4; request++) {
        Probe probe = probes.next(3, Draw.ANYWHERE);
        runner.rows().copyRows(probe.rows(), 0, request * 3, 3);
        reference.rows().copyRows(probe.rows(), 0, request * 3, 3);
      }
      runner.run(12);
      reference.run(12);
      float[] expected = new float[12];
      float[] actual = new float[12];
      reference.readScores(0, 0, 12, expected, 0);
      runner.readScores(0, 0, 12, actual, 0);
      assertThat(actual).containsExactly(expected, within(1e-5f));
    }
  }

  @Test
  void aPassThatDoesNotPayIsLeftOut() throws Exception {
    LoadedVersion version =
        load(TuningOptions.DEFAULT, BENCH.resolve("deepfm"), ALL_PAY.or(WITHOUT_BAGS::equals));
    try (RankingSession session = version.session()) {
      ExecutionReport report = session.report();
      assertThat(report.dropped())
          .singleElement()
          .isEqualTo("EMBEDDING_BAGS: a tile of 128 rows takes 2.00 times as long with it");
      assertThat(report.compiler().applied())
          .extracting(Report.Applied::pass)
          .contains("SPLIT_SUMS")
          .doesNotContain("EMBEDDING_BAGS");
      // Only sums over bags make rows of different contexts cheap.
      assertThat(report.forms()).isEmpty();
      assertThat(report.largestDifference()).isLessThan(1e-5);
      assertThat(session.plan().splits()).as(report.reason()).isTrue();
    }
  }

  @Test
  void aPassThatLostByChanceStays() throws Exception {
    Set<String> lost = new HashSet<>();
    LoadedVersion version =
        load(
            TuningOptions.DEFAULT,
            BENCH.resolve("deepfm"),
            ALL_PAY.or(what -> what.equals(WITHOUT_BAGS) && lost.add(what)));
    try (RankingSession session = version.session()) {
      assertThat(lost).containsExactly(WITHOUT_BAGS);
      assertThat(session.report().dropped()).isEmpty();
    }
  }

  @Test
  void rowsOfDifferentContextsRunAsExportedWhereThatIsFaster() throws Exception {
    String whole = "rows of different contexts";
    try (RankingSession session =
        load(
                TuningOptions.DEFAULT,
                BENCH.resolve("deepfm"),
                ALL_PAY.and(what -> !what.equals(whole)))
            .session()) {
      assertThat(session.report().forms())
          .containsExactly(
              whole + ": a tile of 128 rows takes 2.00 times as long as exported: not used");
      assertThat(session.plan().splits()).isTrue();
    }
  }

  @Test
  void theExportedGraphServesWhereTheHalvesDoNotPay() throws Exception {
    try (RankingSession session =
        load(
                TuningOptions.DEFAULT,
                BENCH.resolve("din"),
                ALL_PAY.and(what -> !what.equals("forms")))
            .session()) {
      assertThat(session.plan().splits()).isFalse();
      assertThat(session.report().reason())
          .isEqualTo("the split form is not faster at any number of rows");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void workersWithSessionsOfTheirOwnGiveTheSameScores(boolean compile) throws Exception {
    LoadedVersion version =
        load(
            compile ? TuningOptions.DEFAULT : TuningOptions.OFF,
            BENCH.resolve("din"),
            ALL_PAY,
            EngineOptions.DEFAULT.withWorkers(3));
    Probe probe = new RandomProbes(version.signature(), 4).next(16, Draw.ANYWHERE);
    ExecutorService workers = Executors.newFixedThreadPool(3);
    try (RankingSession session = version.session()) {
      assertThat(session.report().forms()).noneMatch(form -> form.contains("sessions"));
      Callable<float[]> worker =
          () -> {
            float[] scores = new float[20 * 16];
            try (TileRunner runner = session.newRunner(16)) {
              for (int run = 0; run < 20; run++) {
                if (compile) {
                  Proof.runSplit(runner, probe);
                } else {
                  runner.rows().copyRows(probe.rows(), 0, 0, 16);
                  runner.run(16);
                }
                runner.readScores(0, 0, 16, scores, run * 16);
              }
            }
            return scores;
          };
      float[] expected = bareScores(BENCH.resolve("din/1/model.onnx"), probe.rows(), 16);
      for (Future<float[]> scores : workers.invokeAll(List.of(worker, worker, worker))) {
        for (int run = 0; run < 20; run++) {
          assertThat(Arrays.copyOfRange(scores.get(), run * 16, run * 16 + 16))
              .containsExactly(expected, within(1e-5f));
        }
      }
    } finally {
      workers.shutdown();
    }
  }

  @Test
  void aFileThatChangesWhileItIsLoadedDoesNotServe(@TempDir Path folder) throws Exception {
    Path model = folder.resolve("din");
    TestModels.copy(BENCH.resolve("din"), model);
    Predicate<String> changing =
        what -> {
          if (what.equals("forms")) {
            dropBiases(model.resolve("1/model.onnx"));
          }
          return ALL_PAY.test(what) && !what.equals("forms");
        };

    assertThatThrownBy(
            () ->
                load(TuningOptions.DEFAULT, model, changing, EngineOptions.DEFAULT.withWorkers(2)))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("model.onnx: changed while it was loaded: sessions' scores differ");
  }

  @Test
  void saysWhyWorkersShareSessions() throws Exception {
    EngineOptions options = EngineOptions.DEFAULT;
    EngineOptions tight =
        new EngineOptions(
            options.optimizationLevel(),
            1,
            false,
            true,
            8,
            3 << 20,
            options.providers(),
            options.customOpLibraries(),
            options.allowedLibraries());
    try (RankingSession session =
        load(TuningOptions.DEFAULT, BENCH.resolve("din"), ALL_PAY, tight).session()) {
      assertThat(session.report().forms())
          .anyMatch(
              form ->
                  form.matches(
                      "[23] sessions for 8 workers: each holds 1\\.\\d MiB of weights .*"));
    }
  }

  @Test
  void theHalvesCanBeSaved(@TempDir Path folder) throws Exception {
    try (RankingSession session = load(TuningOptions.DEFAULT, BENCH.resolve("din")).session()) {
      session.saveHalves(folder.resolve("halves"));
    }
    assertThat(folder.resolve("halves/context.onnx")).isNotEmptyFile();
    assertThat(Files.size(folder.resolve("halves/candidates.onnx"))).isPositive();
  }

  /** PyTorch writes weights beside the model file, whatever their size. */
  @ParameterizedTest
  @ValueSource(strings = {"din", "deepfm"})
  void weightsBesideTheFileAreNoObstacle(String model, @TempDir Path folder) throws Exception {
    TestModels.copy(BENCH.resolve(model), folder.resolve("model"));
    TestModels.moveWeightsOut(folder.resolve("model/1"), 1024);
    Path halves = folder.resolve("halves");
    TuningOptions options = TuningOptions.DEFAULT;

    try (RankingSession session = load(options, folder.resolve("model")).session()) {
      ExecutionReport report = session.report();
      assertThat(session.plan().splits()).as(report.reason()).isTrue();
      assertThat(report.largestDifference()).isLessThan(1e-5);
      assertThat(report.compiler().applied())
          .extracting(Report.Applied::pass)
          .contains("EMBEDDING_BAGS");
      session.saveHalves(halves);
      session.saveHalves(halves);
    }

    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    for (String half : List.of("context.onnx", "candidates.onnx")) {
      try (OrtSession session = environment.createSession(halves.resolve(half).toString())) {
        assertThat(session.getOutputNames()).isNotEmpty();
      }
    }
  }

  private static LoadedVersion load(TuningOptions options, Path folder) throws Exception {
    return load(options, folder, ALL_PAY);
  }

  private static LoadedVersion load(TuningOptions options, Path folder, Predicate<String> pays)
      throws Exception {
    return load(options, folder, pays, EngineOptions.DEFAULT);
  }

  private static LoadedVersion load(
      TuningOptions options, Path folder, Predicate<String> pays, EngineOptions engine)
      throws Exception {
    return ModelFolder.load(folder, DecidedCosts.engine(pays), engine, options);
  }

  /** Sets all biases to zero. */
  private static void dropBiases(Path file) {
    try {
      ModelProto.Builder model = OnnxGraph.read(file).model().toBuilder();
      for (TensorProto.Builder tensor : model.getGraphBuilder().getInitializerBuilderList()) {
        if (tensor.getName().endsWith("bias")) {
          tensor.setRawData(ByteString.copyFrom(new byte[tensor.getRawData().size()]));
        }
      }
      OnnxGraph.of(model.build()).write(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the exported graph gives without Podium. */
  static float[] bareScores(Path file, TensorBuffers rows, int count) throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensor> inputs = new HashMap<>();
    for (int i = 0; i < rows.specs().size(); i++) {
      TensorSpec spec = rows.specs().get(i);
      assertThat(spec.type()).as(spec.name()).isEqualTo(TensorDtype.INT64);
      LongBuffer ids = rows.longs(i).duplicate().limit(count * rows.rowElements(i));
      inputs.put(spec.name(), OnnxTensor.createTensor(environment, ids, spec.shape(count)));
    }
    try (OrtSession session = environment.createSession(file.toString());
        OrtSession.Result result = session.run(inputs)) {
      float[] scores = new float[count];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(scores);
      return scores;
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }
}
