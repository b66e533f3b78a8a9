package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.ModelReadyRequest;
import dev.podium.inference.ModelRepositoryParameter;
import dev.podium.inference.RepositoryIndexRequest;
import dev.podium.inference.RepositoryIndexResponse.ModelIndex;
import dev.podium.inference.RepositoryModelLoadRequest;
import dev.podium.inference.RepositoryModelUnloadRequest;
import dev.podium.inference.ServerReadyRequest;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.LoadModelRequest;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.ranking.v1.UnloadModelRequest;
import dev.podium.ranking.v1.VersionState;
import dev.podium.server.repository.manager.Lease;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models that come, go and change while the server runs, and who is told of it. */
class ModelControlTest {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  @TempDir private Path models;
  private PodiumServer server;
  private ManagedChannel channel;
  private GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub;

  private void start(String... settings) throws Exception {
    server = PodiumServer.start(TestConfigs.of(models, settings));
    channel = NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      assertThat(server.stop(Duration.ofSeconds(5))).isTrue();
    }
  }

  @Test
  void healthAndReadinessFollowUnloadsAndLoads() throws Exception {
    TestModels.sum(models, "one");
    TestModels.sum(models, "two");
    start();
    Watch one = new Watch("one");
    Watch two = new Watch("two");
    Watch all = new Watch("");
    assertThat(one.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(two.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(all.next()).isEqualTo(ServingStatus.SERVING);

    unload("one");
    assertThat(one.next()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(all.next()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(readyz().statusCode()).isEqualTo(503);
    assertThat(readyz().body()).isEqualTo("not ready\nmodel 'one': version 1 unloaded\n");
    assertThat(stub.serverReady(ServerReadyRequest.getDefaultInstance()).getReady()).isFalse();
    assertThat(get("/metrics").body()).contains("\npodium_ready 0.0\n");
    JsonNode report = new ObjectMapper().readTree(get("/models").body());
    assertThat(report.get("not_ready").get(0).asText()).startsWith("model 'one'");
    assertThat(code(() -> rank("one"))).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(rank("two")).isEqualTo(1_101f);

    load("one");
    assertThat(one.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(all.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(readyz().statusCode()).isEqualTo(200);
    assertThat(stub.serverReady(ServerReadyRequest.getDefaultInstance()).getReady()).isTrue();
    assertThat(get("/metrics").body()).contains("\npodium_ready 1.0\n");
    assertThat(rank("one")).isEqualTo(1_101f);
    assertThat(two.seen).isEmpty();
  }

  @Test
  void aModelThatCameLaterIsWatchedIndexedAndServed() throws Exception {
    TestModels.sum(models, "one");
    start();
    Watch late = new Watch("late");
    assertThat(late.next()).isEqualTo(ServingStatus.SERVICE_UNKNOWN);
    TestModels.sum(models, "late");
    assertThat(index("late").getState()).isEmpty();
    assertThat(code(() -> rank("late"))).isEqualTo(Status.Code.NOT_FOUND);
    load("late");
    assertThat(late.seen.poll(10, TimeUnit.SECONDS)).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(late.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(index("late").getState()).isEqualTo("READY");
    assertThat(rank("late")).isEqualTo(1_101f);
    unload("late");
    assertThat(late.next()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(index("late").getState()).isEqualTo("UNAVAILABLE");
    assertThat(index("late").getReason()).isEqualTo("unloaded");
    assertThat(readyz().statusCode()).as("not among the models of the start").isEqualTo(200);
  }

  @Test
  void onlyRequiredModelsDecideWhetherTheServerIsReady() throws Exception {
    TestModels.sum(models, "wanted");
    TestModels.sum(models, "broken");
    Files.writeString(models.resolve("broken/1/model.onnx"), "no model");
    start("required_models", "[wanted, missing]");
    assertThat(readyz().body()).isEqualTo("not ready\nmodel 'missing': not in the repository\n");
    TestModels.sum(models, "missing");
    load("missing");
    assertThat(readyz().statusCode()).isEqualTo(200);
    assertThat(new Watch("broken").next()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(new Watch("").next()).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void byDefaultAModelThatFailsAtStartIsMissed() throws Exception {
    TestModels.sum(models, "broken");
    Files.writeString(models.resolve("broken/1/model.onnx"), "no model");
    start();
    assertThat(readyz().body()).contains("model 'broken': version 1 failed", "model.onnx");
    assertThat(index("broken").getState()).isEqualTo("UNAVAILABLE");
    assertThat(index("broken").getReason()).contains("model.onnx");
    TestModels.sum(models, "broken");
    load("broken");
    assertThat(readyz().statusCode()).isEqualTo(200);
  }

  @Test
  void aNewVersionTakesOverWithoutAFailedRequest() throws Exception {
    TestModels.sum(models, "m");
    start();
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<Integer> traffic =
        CompletableFuture.supplyAsync(
            () -> {
              int answered = 0;
              while (!stop.get()) {
                rank("m");
                answered++;
              }
              return answered;
            });
    for (int version = 2; version <= 5; version++) {
      Path folder = Files.createDirectories(models.resolve("m").resolve("" + version));
      Files.copy(models.resolve("m/1/model.onnx"), folder.resolve("model.onnx"));
      load("m"); // the new version takes over
      load("m"); // and is loaded once more, in its own place
    }
    stop.set(true);
    assertThat(traffic.get(30, TimeUnit.SECONDS)).isPositive();
    assertThat(version("m")).isEqualTo(5);
    assertThat(stub.modelReady(ready("m", "5")).getReady()).isTrue();
    assertThat(stub.modelReady(ready("m", "4")).getReady()).isFalse();
    // Those that left before the last load are forgotten, so that they don't pile up.
    assertThat(server.repository().status("m").versions()).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void aVersionThatIsHeldWhileItsSuccessorServesIsScrapedOnce() throws Exception {
    TestModels.sum(models, "m");
    start();
    rank("m");
    try (Lease held = server.repository().lease("m", 1)) {
      assertThat(held).isNotNull();
      load("m");
      rank("m");
      HttpResponse<String> scrape = get("/metrics");
      assertThat(scrape.statusCode()).isEqualTo(200);
      assertThat(scrape.body().lines().filter(l -> l.startsWith("podium_rows_total{model=\"m\"")))
          .containsExactly("podium_rows_total{model=\"m\",version=\"1\"} 1.0");
    }
  }

  @Test
  void aLoadThatFailsLeavesWhatServes() throws Exception {
    TestModels.sum(models, "m");
    start();
    Watch watch = new Watch("m");
    assertThat(watch.next()).isEqualTo(ServingStatus.SERVING);
    Files.writeString(models.resolve("m/1/model.onnx"), "no model");
    StatusRuntimeException failure =
        catchThrowableOfType(StatusRuntimeException.class, () -> load("m"));
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(failure.getStatus().getDescription())
        .startsWith("load failed for model 'm': version 1: ")
        .contains("model.onnx");
    assertThat(rank("m")).isEqualTo(1_101f);
    assertThat(readyz().statusCode()).isEqualTo(200);
    assertThat(get("/models").body()).contains("serves as loaded before; its new load failed");
    Files.writeString(models.resolve("m/model.yaml"), "colour: red\n");
    assertThat(code(() -> load("m"))).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(rank("m")).isEqualTo(1_101f);
    assertThat(watch.seen).isEmpty();
  }

  @Test
  void whatIsIgnoredIsSaidAndKeepsNoServerUnready() throws Exception {
    TestModels.sum(models, "m");
    TestModels.sum(models, "my model");
    Files.createDirectories(models.resolve("__MACOSX/m/1"));
    Files.createDirectories(models.resolve("m/v2"));
    try (LogLines log = new LogLines("dev.podium.server.repository")) {
      start();
      assertThat(log.lines())
          .contains(
              "repository "
                  + models
                  + ": 'my model' is ignored: (expected: letters, digits, '.', '_' and '-')",
              "repository "
                  + models
                  + ": '__MACOSX' is ignored: what a tool left behind (expected: a model's folder)",
              "model m: 'v2' is ignored: (expected: a version's number alone, such as 2 or"
                  + " 00000002)");
      load("m");
      assertThat(log.lines().filter(line -> line.contains("'v2' is ignored")))
          .as("said once")
          .hasSize(1);
    }
    assertThat(readyz().statusCode()).isEqualTo(200);
    JsonNode report = new ObjectMapper().readTree(get("/models").body());
    assertThat(report.get("ignored")).hasSize(2);
    assertThat(report.get("ignored").toString()).contains("my model", "__MACOSX");
    assertThat(report.get("models")).hasSize(1);
    assertThat(report.get("models").get(0).get("message").asText()).startsWith("'v2' is ignored");
  }

  @Test
  void anEmptyRepositoryIsNotReadyUnlessThatIsWanted() throws Exception {
    start();
    assertThat(readyz().statusCode()).isEqualTo(503);
    assertThat(readyz().body())
        .isEqualTo(
            "not ready\nno model is available (expected: models in the repository, or"
                + " required_models: [])\n");
    TestModels.sum(models, "m");
    load("m");
    assertThat(readyz().statusCode()).isEqualTo(200);
    stop();
    Files.walk(models.resolve("m"))
        .sorted(java.util.Comparator.reverseOrder())
        .forEach(path -> path.toFile().delete());
    start("required_models", "[]");
    assertThat(readyz().statusCode()).isEqualTo(200);
  }

  @Test
  void aLoadThatFailsOnItsRulesLeavesALineAndAMessage() throws Exception {
    TestModels.sum(models, "m");
    start();
    Files.writeString(models.resolve("m/model.yaml"), "colour: red\n");
    try (LogLines log = new LogLines("dev.podium.server.repository")) {
      assertThat(code(() -> load("m"))).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("model m: ")
          .contains("model.yaml: line 2: unknown key 'colour'");
    }
    assertThat(get("/models").body())
        .contains("serves as loaded before; its new load failed", "unknown key 'colour'");
    assertThat(rank("m")).isEqualTo(1_101f);
  }

  @Test
  void whyAVersionIsNotSplitStandsInTheLog() throws Exception {
    TestModels.share(models, "share");
    try (LogLines log = new LogLines("dev.podium.server.repository")) {
      start();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("model share version 1 available; not split: ");
    }
  }

  @Test
  void refusalsHaveTritonsCodes() throws Exception {
    TestModels.sum(models, "m");
    start();
    assertThat(code(() -> load("nobody"))).isEqualTo(Status.Code.INTERNAL);
    assertThat(code(() -> load(""))).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(code(() -> load("../m"))).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(code(() -> load(".."))).isEqualTo(Status.Code.INVALID_ARGUMENT);
    unload("nobody");
    assertThat(
            code(
                () ->
                    stub.repositoryModelLoad(
                        RepositoryModelLoadRequest.newBuilder()
                            .setModelName("m")
                            .putParameters(
                                "config",
                                ModelRepositoryParameter.newBuilder().setStringParam("{}").build())
                            .build())))
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(
            code(
                () ->
                    stub.repositoryIndex(
                        RepositoryIndexRequest.newBuilder().setRepositoryName("r").build())))
        .isEqualTo(Status.Code.UNIMPLEMENTED);
  }

  @Test
  void podiumsOwnCallsSayWhatIsServedThen() throws Exception {
    TestModels.sum(models, "m");
    start();
    var own = ModelServiceGrpc.newBlockingStub(channel);
    var unloaded = own.unloadModel(UnloadModelRequest.newBuilder().setName("m").build());
    assertThat(unloaded.getModel().getVersions(0).getState())
        .isIn(VersionState.VERSION_STATE_UNLOADING, VersionState.VERSION_STATE_UNLOADED);
    assertThat(code(() -> rank("m"))).isEqualTo(Status.Code.UNAVAILABLE);
    var loaded = own.loadModel(LoadModelRequest.newBuilder().setName("m").build());
    assertThat(loaded.getModel().getVersions(0).getState())
        .isEqualTo(VersionState.VERSION_STATE_AVAILABLE);
    assertThat(rank("m")).isEqualTo(1_101f);
    StatusRuntimeException unknown =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () -> own.loadModel(LoadModelRequest.newBuilder().setName("nobody").build()));
    assertThat(unknown.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(unknown.getStatus().getDescription())
        .isEqualTo("model 'nobody': no such folder in the repository");
    assertThat(
            code(() -> own.unloadModel(UnloadModelRequest.newBuilder().setName("nobody").build())))
        .isEqualTo(Status.Code.NOT_FOUND);
  }

  @Test
  void callersMayNotControlModelsWhereTheSettingsDoNotLetThem() throws Exception {
    TestModels.sum(models, "m");
    start("model_control", "false");
    assertThat(code(() -> load("m"))).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(code(() -> unload("m"))).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(rank("m")).isEqualTo(1_101f);

    assertThat(StartChecks.mayControl(TestConfigs.of(models))).isTrue();
    assertThat(StartChecks.mayControl(TestConfigs.of(models, "grpc.host", "0.0.0.0"))).isFalse();
    assertThat(
            StartChecks.mayControl(
                TestConfigs.of(models, "grpc.host", "0.0.0.0", "auth.tokens", "t")))
        .isTrue();
  }

  /** A watch has no end of its own; the server must not wait for one. */
  @Test
  void whoWatchesIsToldOfTheDrainAndLetGo() throws Exception {
    TestModels.sum(models, "m");
    start();
    Watch all = new Watch("");
    Watch one = new Watch("m");
    assertThat(all.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(one.next()).isEqualTo(ServingStatus.SERVING);
    assertThat(server.stop(Duration.ofSeconds(30))).isTrue();
    assertThat(all.next()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(one.next()).isEqualTo(ServingStatus.NOT_SERVING);
    assertThat(all.end.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
  }

  /** What one watcher of a service has been told and not looked at. */
  private final class Watch implements StreamObserver<HealthCheckResponse> {
    final BlockingQueue<ServingStatus> seen = new LinkedBlockingQueue<>();
    final CompletableFuture<Status> end = new CompletableFuture<>();

    Watch(String service) {
      HealthGrpc.newStub(channel)
          .watch(HealthCheckRequest.newBuilder().setService(service).build(), this);
    }

    ServingStatus next() throws InterruptedException {
      return seen.poll(30, TimeUnit.SECONDS);
    }

    @Override
    public void onNext(HealthCheckResponse value) {
      seen.add(value.getStatus());
    }

    @Override
    public void onError(Throwable failure) {
      end.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }
  }

  private void load(String model) {
    var unused =
        stub.repositoryModelLoad(
            RepositoryModelLoadRequest.newBuilder().setModelName(model).build());
  }

  private void unload(String model) {
    var unused =
        stub.repositoryModelUnload(
            RepositoryModelUnloadRequest.newBuilder().setModelName(model).build());
  }

  private ModelIndex index(String model) {
    Stream<ModelIndex> entries =
        stub.repositoryIndex(RepositoryIndexRequest.getDefaultInstance()).getModelsList().stream();
    return entries.filter(entry -> entry.getName().equals(model)).findFirst().orElseThrow();
  }

  private static ModelReadyRequest ready(String model, String version) {
    return ModelReadyRequest.newBuilder().setName(model).setVersion(version).build();
  }

  private long version(String model) {
    return response(model).getModel().getVersion();
  }

  private float rank(String model) {
    return response(model).getOutputs(0).getScores(0);
  }

  /** One candidate: user 1, item 1, x = (1, 0). */
  private RankResponse response(String model) {
    return RankingServiceGrpc.newBlockingStub(channel)
        .rank(
            RankRequest.newBuilder()
                .setModel(ModelSpec.newBuilder().setName(model))
                .addContext(
                    FeatureColumn.newBuilder()
                        .setName("user")
                        .setInt64Values(Int64Values.newBuilder().addValues(1)))
                .setCandidates(TestModels.oneCandidate(1, 0))
                .build());
  }

  private HttpResponse<String> readyz() throws Exception {
    return get("/readyz");
  }

  private HttpResponse<String> get(String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.adminAddress().getPort() + path);
    return HTTP.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
  }

  private static Status.Code code(Runnable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::run).getStatus().getCode();
  }
}
