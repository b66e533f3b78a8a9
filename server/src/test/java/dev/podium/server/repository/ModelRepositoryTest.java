package dev.podium.server.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.TestModels;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.LoadThreads;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelRepositoryTest {
  @TempDir private Path root;
  private final List<LoadedVersion> retired = new ArrayList<>();
  private ModelRepository repository;

  @BeforeEach
  void make() {
    repository = of(root, Set.of());
  }

  private ModelRepository of(Path folder, Set<Path> libraries) {
    return of(folder, libraries, Runnable::run);
  }

  private ModelRepository of(Path folder, Set<Path> libraries, Executor loads) {
    return new ModelRepository(
        folder,
        new ModelLoader(new OnnxEngine(), EngineOptions.DEFAULT, TuningOptions.DEFAULT, libraries),
        version -> {
          retired.add(version);
          return CompletableFuture.completedFuture(null);
        },
        loads);
  }

  @AfterEach
  void close() {
    repository.close();
  }

  @Test
  void oneBadModelStopsNoOther() throws Exception {
    TestModels.sum(root, "good");
    TestModels.sum(root, "truncated");
    Path file = root.resolve("truncated/1/model.onnx");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
    TestModels.sum(root, "garbage");
    Files.writeString(root.resolve("garbage/1/model.onnx"), "no model");
    TestModels.sumWithExternalData(root, "lost-data");
    Files.delete(root.resolve("lost-data/1/model.onnx.data"));
    TestModels.withOpset(root, "future", 9_999);
    TestModels.sum(root, "unknown-key");
    append("unknown-key", "colour: red\n");
    TestModels.sum(root, "no-such-input");
    append("no-such-input", "  - {name: age}\n");
    TestModels.sum(root, "bad-yaml");
    append("bad-yaml", "  - {name: [\n");
    TestModels.sum(root, "bad-golden");
    Files.writeString(root.resolve("bad-golden/1/golden.jsonl"), "{\"request\": {\"no\": 1}}\n");
    Files.createDirectories(root.resolve("empty"));
    Files.writeString(root.resolve("a-file"), "left alone");

    repository.load();

    assertThat(number("good", 0, "")).isEqualTo(1);
    failed("truncated", "model.onnx");
    failed("garbage", "model.onnx");
    failed("lost-data", "model.onnx.data");
    failed("future", "model.onnx");
    failed("unknown-key", "unknown key 'colour' (expected: one of");
    failed("no-such-input", "feature 'age': the graph has no input 'age'");
    failed("bad-yaml", "model.yaml: line");
    failed("bad-golden", "golden.jsonl:1: no request in JSON");
    failed("empty", "no version to serve");
    assertThat(repository.status()).extracting(ModelStatus::name).doesNotContain("a-file");
  }

  @Test
  void theNewestVersionServesAndLabelsNameOthers() throws Exception {
    TestModels.sum(root, "m");
    copyVersion("m", 3);
    copyVersion("m", 12);
    Files.createDirectories(root.resolve("m/notes"));
    append("m", "labels: {stable: 3}\n");
    repository.load();
    assertThat(number("m", 0, "")).isEqualTo(12);
    assertThat(number("m", 0, "stable")).isEqualTo(3);
    assertThat(number("m", 3, "")).isEqualTo(3);
    notFound("m", 1, "", "model 'm': no version 1 (expected: one of [3, 12])");
    notFound("m", 0, "canary", "model 'm': no label 'canary' (expected: one of [stable])");
    notFound("n", 0, "", "model 'n': unknown (expected: one of m)");
    List<ModelStatus.Version> versions = repository.status().get(0).versions();
    assertThat(versions).extracting(ModelStatus.Version::number).containsExactly(12L, 3L);
    assertThat(versions.get(1).labels()).containsExactly("stable");
  }

  @Test
  void aVersionStaysUntilTheLastRequestGivesItBack() throws Exception {
    TestModels.sum(root, "m");
    repository.load();
    Lease first = acquire("m", 0, "");
    Lease second = acquire("m", 0, "");
    repository.close();
    assertThat(state("m")).isEqualTo(VersionState.UNLOADING);
    assertThatThrownBy(() -> acquire("m", 0, ""))
        .isInstanceOfSatisfying(
            RankException.class, e -> assertThat(e.code()).isEqualTo(FaultCode.UNAVAILABLE));
    first.close();
    assertThat(state("m")).isEqualTo(VersionState.UNLOADING);
    second.close();
    assertThat(state("m")).isEqualTo(VersionState.UNLOADED);
    assertThatThrownBy(second::close).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void whatIsLoadedAnewTakesThePlaceOfWhatItsRequestsStillHold() throws Exception {
    TestModels.sum(root, "m");
    repository.load();
    Lease before = acquire("m", 0, "");
    List<VersionState> heard = new ArrayList<>();
    repository.listen(status -> heard.add(status.versions().get(0).state()));

    repository.load("m");

    Lease after = acquire("m", 1, "");
    assertThat(after.version()).isNotSameAs(before.version());
    assertThat(heard).as("it is never away").containsOnly(VersionState.AVAILABLE);
    assertThat(retired).as("still held").isEmpty();
    before.close();
    assertThat(retired).as("gone").containsExactly(before.version());
    assertThat(state("m")).isEqualTo(VersionState.AVAILABLE);
    after.close();
  }

  @Test
  void aLoadMovesLabelsAndForgetsVersionsThatLeft() throws Exception {
    TestModels.sum(root, "m");
    append("m", "labels: {stable: 1}\n");
    repository.load();
    copyVersion("m", 2);
    repository.load("m");
    assertThat(number("m", 0, "")).isEqualTo(2);
    assertThat(number("m", 0, "stable")).isEqualTo(1);
    copyVersion("m", 3);
    TestModels.sum(root, "m");
    append("m", "labels: {stable: 2}\n");
    repository.load("m");
    assertThat(number("m", 0, "stable")).isEqualTo(2);
    assertThat(number("m", 0, "")).isEqualTo(3);
    assertThat(repository.status("m").versions())
        .extracting(version -> version.number() + " " + version.state())
        .containsExactly("3 AVAILABLE", "2 AVAILABLE", "1 UNLOADED");
    repository.load("m");
    assertThat(repository.status("m").versions())
        .extracting(ModelStatus.Version::number)
        .containsExactly(3L, 2L);
  }

  @Test
  void anUnloadedModelCanBeLoadedAgain() throws Exception {
    TestModels.sum(root, "m");
    repository.load();
    List<VersionState> heard = new ArrayList<>();
    repository.listen(status -> heard.add(status.versions().get(0).state()));
    repository.unload("m");
    repository.unload("m");
    repository.load("m");
    assertThat(heard)
        .startsWith(
            VersionState.UNLOADING,
            VersionState.UNLOADED,
            VersionState.LOADING,
            VersionState.AVAILABLE);
    assertThat(number("m", 0, "")).isEqualTo(1);
    assertThat(repository.found()).containsExactly("m");
  }

  @Test
  void aFlatModelAndPaddedVersionsServe() throws Exception {
    TestModels.sum(root, "flat");
    Files.move(root.resolve("flat/1/model.onnx"), root.resolve("flat/model.onnx"));
    Files.writeString(
        root.resolve("flat/warmup.jsonl"),
        "{\"candidates\": {\"count\": 1, \"columns\": ["
            + "{\"name\": \"item\", \"int64Values\": {\"values\": [\"1\"]}},"
            + "{\"name\": \"x\", \"floatValues\": {\"values\": [1, 0]}}]}}\n");
    Files.delete(root.resolve("flat/1"));
    TestModels.sum(root, "padded");
    Files.move(root.resolve("padded/1"), root.resolve("padded/00000012"));
    append("padded", "labels: {stable: 12}\n");

    repository.load();

    assertThat(number("flat", 0, "")).isEqualTo(1);
    assertThat(number("flat", 1, "")).isEqualTo(1);
    assertThat(number("padded", 0, "")).isEqualTo(12);
    assertThat(number("padded", 12, "stable")).isEqualTo(12);
    assertThat(repository.examples())
        .extracting(request -> request.getModel().getName())
        .containsExactly("flat");
    assertThat(status("flat").versions().get(0).fileBytes())
        .isEqualTo(Files.size(root.resolve("flat/model.onnx")));
    repository.load("flat");
    repository.load("padded");
    assertThat(status("flat").message()).isEmpty();
    assertThat(status("padded").message()).isEmpty();
  }

  @Test
  void aLabelToAVersionThatIsNotThereIsSaidAndTakesNothingAway() throws Exception {
    TestModels.sum(root, "m");
    append("m", "labels: {stable: 1, canary: 7}\n");
    String problem = "model.yaml: label 'canary': no version 7 (expected: one of [1])";

    repository.load();

    assertThat(number("m", 0, "stable")).isEqualTo(1);
    assertThat(status("m").message()).isEqualTo(problem);
    notFound("m", 0, "canary", "model 'm': no version 7 (expected: one of [1])");
    copyVersion("m", 2);
    assertThatThrownBy(() -> repository.load("m"))
        .isInstanceOf(RankException.class)
        .hasMessageContaining("label 'canary': no version 7 (expected: one of [1, 2])");
    assertThat(number("m", 0, "")).as("the new version serves all the same").isEqualTo(2);
    assertThat(number("m", 0, "stable")).as("the old one is not taken away").isEqualTo(1);
    assertThat(status("m").message()).startsWith("serves as loaded before; its new load failed:");
  }

  @Test
  void aVersionOfThePolicyThatIsNotThereIsSaid() throws Exception {
    TestModels.sum(root, "m");
    append("m", "version_policy: {versions: [1, 9]}\n");
    repository.load();
    assertThat(number("m", 0, "")).isEqualTo(1);
    assertThat(status("m").message())
        .isEqualTo("model.yaml: version_policy: no version 9 (expected: one of [1])");
  }

  @Test
  void rulesThatCanNotBeReadAnyMoreLeaveWhatServesAndSaySo() throws Exception {
    TestModels.sum(root, "m");
    repository.load();
    append("m", "colour: red\n");
    assertThatThrownBy(() -> repository.load("m")).isInstanceOf(RankException.class);
    assertThat(number("m", 0, "")).isEqualTo(1);
    assertThat(status("m").message())
        .startsWith("serves as loaded before; its new load failed: ")
        .contains("model.yaml: line 7: unknown key 'colour'");
  }

  /** A graph of this depth took more stack than an ordinary thread has. */
  @Test
  void aGraphOfThousandsOfOperatorsInARowLoadsOrFailsAlone() throws Exception {
    TestModels.deep(root, "deep", 5_000);
    TestModels.sum(root, "good");
    ExecutorService threads = LoadThreads.atOnce(2);
    try (ModelRepository other = of(root, Set.of(), threads)) {
      other.load();
      assertThat(other.status("good").available()).isTrue();
      assertThat(other.status("deep").versions().get(0).message()).isEmpty();
      assertThat(other.status("deep").available()).isTrue();
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void goldenRequestsMayHoldWhatPythonWritesForMissingValues() throws Exception {
    TestModels.sum(root, "refused");
    TestModels.sum(root, "taken");
    Path rules = root.resolve("taken/model.yaml");
    Files.writeString(
        rules, Files.readString(rules).replace("{name: x}", "{name: x, finite: false}"));
    for (String model : List.of("refused", "taken")) {
      Files.writeString(
          root.resolve(model).resolve("1/golden.jsonl"),
          "{\"request\": {\"candidates\": {\"count\": 1, \"columns\": ["
              + "{\"name\": \"item\", \"int64Values\": {\"values\": [1]}},"
              + "{\"name\": \"x\", \"floatValues\": {\"values\": [NaN, -Infinity]}}]}},"
              + " \"scores\": {\"score\": [NaN], \"log\": [NaN]}}\n");
    }
    repository.load();
    failed("refused", "feature 'x'");
    assertThat(status("taken").versions().get(0).message()).isEmpty();
    assertThat(status("taken").available()).isTrue();
  }

  @Test
  void aProviderThatIsNotThereIsNotedOrRefused() throws Exception {
    TestModels.sum(root, "falls-back");
    append("falls-back", "execution_providers: [cuda, cpu]\n");
    TestModels.sum(root, "insists");
    append("insists", "execution_providers: [{name: cuda, required: true}, cpu]\n");
    TestModels.sum(root, "plugs-in");
    append("plugs-in", "execution_providers: [{name: npu, library: /nowhere/libnpu.so}, cpu]\n");
    repository.load();
    try (Lease lease = acquire("falls-back", 0, "")) {
      assertThat(lease.version().providers()).containsExactly("cpu");
      assertThat(lease.version().notes())
          .singleElement()
          .asString()
          .contains("execution provider 'cuda': this runtime is built without it")
          .endsWith("; the next one in the list stands in");
    }
    failed("insists", "required execution provider 'cuda': this runtime is built without it");
    failed(
        "plugs-in",
        "execution provider 'npu': library /nowhere/libnpu.so (expected: one of the server's"
            + " allowed_libraries)");
  }

  @Test
  void aPlugInLibraryThatIsNotThereIsNamed() throws Exception {
    TestModels.sum(root, "m");
    append(
        "m", "execution_providers: [{name: npu, library: /nowhere/libnpu.so, required: true}]\n");
    repository = of(root, Set.of(Path.of("/nowhere/libnpu.so")));
    repository.load();
    failed("m", "required execution provider 'npu': library /nowhere/libnpu.so is not there");
  }

  @Test
  void vocabulariesAreReadFromTheModelsFolderAlone() throws Exception {
    Files.writeString(root.resolve("secret.txt"), "a\nb\n");
    TestModels.sum(root, "m");
    Path yaml = root.resolve("m/model.yaml");
    Files.writeString(
        yaml, Files.readString(yaml).replace("{size: 1000}", "{file: ../secret.txt}"));
    repository.load();
    failed("m", "vocabulary file '../secret.txt' lies outside");
  }

  @Test
  void aFolderThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> of(root.resolve("nowhere"), Set.of()).load())
        .isInstanceOf(ModelException.class)
        .hasMessageEndingWith("nowhere: not there (expected: a folder of model folders)");
  }

  private void failed(String model, String message) {
    ModelStatus status = status(model);
    List<String> all =
        status.versions().isEmpty()
            ? List.of(status.message())
            : status.versions().stream().map(ModelStatus.Version::message).toList();
    assertThat(all).singleElement().asString().contains(message).doesNotContain("\n");
    assertThatThrownBy(() -> acquire(model, 0, ""))
        .isInstanceOfSatisfying(
            RankException.class, e -> assertThat(e.code()).isEqualTo(FaultCode.NOT_FOUND))
        .hasMessageContaining(message);
  }

  private void notFound(String model, long version, String label, String message) {
    assertThatThrownBy(() -> acquire(model, version, label))
        .isInstanceOfSatisfying(
            RankException.class, e -> assertThat(e.code()).isEqualTo(FaultCode.NOT_FOUND))
        .hasMessage(message);
  }

  private long number(String model, long version, String label) throws RankException {
    try (Lease lease = acquire(model, version, label)) {
      return lease.version().number();
    }
  }

  private Lease acquire(String model, long version, String label) throws RankException {
    return repository.route(model, version, label, any -> true).primary();
  }

  private VersionState state(String model) {
    return status(model).versions().get(0).state();
  }

  private ModelStatus status(String model) {
    return repository.status().stream()
        .filter(s -> s.name().equals(model))
        .findFirst()
        .orElseThrow();
  }

  private void append(String model, String line) throws IOException {
    Files.writeString(root.resolve(model).resolve("model.yaml"), line, StandardOpenOption.APPEND);
  }

  private void copyVersion(String model, long number) throws IOException {
    Path target = Files.createDirectories(root.resolve(model).resolve(Long.toString(number)));
    Files.copy(root.resolve(model).resolve("1/model.onnx"), target.resolve("model.onnx"));
  }
}
