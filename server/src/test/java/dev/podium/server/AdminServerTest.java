package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.orca.OpenRcaServiceGrpc;
import dev.podium.orca.OrcaLoadReport;
import dev.podium.orca.OrcaLoadReportRequest;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.channelz.v1.ChannelzGrpc;
import io.grpc.channelz.v1.GetServersRequest;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1alpha.ServerReflectionGrpc;
import io.grpc.reflection.v1alpha.ServerReflectionRequest;
import io.grpc.reflection.v1alpha.ServerReflectionResponse;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators, orchestrators and load balancers see of a server that has done something. */
class AdminServerTest {
  @TempDir static Path models;

  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static PodiumServer server;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() throws Exception {
    TestModels.sum(models, "sum");
    TestModels.sum(models, "other");
    server =
        PodiumServer.start(
            TestConfigs.of(models, "grpc.channelz", "true", "grpc.load_reports", "true"));
    channel = NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    var stub = RankingServiceGrpc.newBlockingStub(channel);
    for (int i = 0; i < 10; i++) {
      stub.rank(request("sum"));
    }
    try {
      stub.rank(request("nobody"));
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(io.grpc.Status.Code.NOT_FOUND);
    }
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    assertThat(server.stop(Duration.ofSeconds(5))).isTrue();
  }

  /** One candidate whose user isn't sent. */
  private static RankRequest request(String model) {
    return RankRequest.newBuilder()
        .setModel(ModelSpec.newBuilder().setName(model))
        .setCandidates(TestModels.oneCandidate(1, 1))
        .build();
  }

  @Test
  void probesSayWhetherTheServerServes() throws Exception {
    assertThat(get("/livez").body()).isEqualTo("live\n");
    assertThat(get("/startupz").body()).isEqualTo("started\n");
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
    assertThat(get("/readyz/x").statusCode()).isEqualTo(404);
    assertThat(get("/nothing").statusCode()).isEqualTo(404);
    HttpResponse<String> post =
        HTTP.send(
            HttpRequest.newBuilder(uri("/models"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            BodyHandlers.ofString());
    assertThat(post.statusCode()).isEqualTo(405);
  }

  @Test
  void metricsCountWhatWasDone() throws Exception {
    String text = get("/metrics").body();
    assertThat(text)
        .contains(
            "podium_request_seconds_count{model=\"sum\",outcome=\"scored\",version=\"1\"} 10",
            "podium_stage_seconds_bucket{model=\"sum\",stage=\"queue\",version=\"1\",le=\"+Inf\"} 10",
            "podium_stage_seconds_count{model=\"sum\",stage=\"encode\",version=\"1\"} 10",
            "podium_rows_total{model=\"sum\",version=\"1\"} 10",
            "podium_feature_defaulted_total{feature=\"user\",model=\"sum\",version=\"1\"} 10",
            "podium_score_bucket{model=\"sum\",output=\"score\",version=\"1\",le=\"+Inf\"} 10",
            "podium_score_bucket{model=\"sum\",output=\"score\",version=\"1\",le=\"10.0\"} 0",
            "podium_model_state{model=\"sum\",state=\"available\",version=\"1\"} 1",
            "podium_grpc_calls_total{code=\"NOT_FOUND\",method=\"podium.ranking.v1.RankingService/Rank\"} 1",
            "podium_model_file_bytes{model=\"sum\",version=\"1\"} ",
            "podium_context_cache_bytes{model=\"sum\",version=\"1\"} 0",
            "podium_network_bytes ",
            "process_resident_memory_bytes ",
            "jvm_buffer_pool_used_bytes{pool=\"direct\"} ",
            "jvm_memory_used_bytes");
  }

  @Test
  void nativeHistogramsComeInTheFormatThatHasThem() throws Exception {
    HttpResponse<byte[]> response =
        HTTP.send(
            HttpRequest.newBuilder(uri("/metrics"))
                .header(
                    "Accept",
                    "application/vnd.google.protobuf;"
                        + "proto=io.prometheus.client.MetricFamily;encoding=delimited")
                .build(),
            BodyHandlers.ofByteArray());
    assertThat(response.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/vnd.google.protobuf");
    assertThat(new String(response.body(), java.nio.charset.StandardCharsets.ISO_8859_1))
        .contains("podium_request_seconds");
  }

  @Test
  void modelsAreDescribedInJson() throws Exception {
    HttpResponse<String> response = get("/models");
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    JsonNode report = new ObjectMapper().readTree(response.body());
    assertThat(report.get("ready").asBoolean()).isTrue();
    JsonNode version = report.get("models").get(1).get("versions").get(0);
    assertThat(version.get("state").asText()).isEqualTo("available");
    assertThat(version.get("requests").get("scored").asInt()).isEqualTo(10);
    assertThat(version.get("p50_millis").asDouble()).isPositive();
    JsonNode plan = version.get("plan");
    assertThat(plan.get("form").asText()).isIn("split", "whole", "exported");
    assertThat(plan.get("tile_rows").asInt()).isEqualTo(256);
    assertThat(plan.get("rows_independent").asBoolean()).isTrue();
    assertThat(plan.get("form").asText().equals("exported")).isEqualTo(!plan.has("passes"));
    assertThat(version.get("features").get(0).get("defaulted").asInt()).isEqualTo(10);
  }

  @Test
  void theStatusPageNeedsNothingFromElsewhere() throws Exception {
    String page = get("/").body();
    assertThat(page).contains("<title>Podium</title>", "fetch('/models'");
    assertThat(page).doesNotContain("http://", "https://", "src=");
  }

  @Test
  void healthOfAModelCanBeWatched() throws Exception {
    CompletableFuture<ServingStatus> first = new CompletableFuture<>();
    HealthGrpc.newStub(channel)
        .watch(
            HealthCheckRequest.newBuilder().setService("sum").build(),
            new StreamObserver<HealthCheckResponse>() {
              @Override
              public void onNext(HealthCheckResponse value) {
                first.complete(value.getStatus());
              }

              @Override
              public void onError(Throwable failure) {
                first.completeExceptionally(failure);
              }

              @Override
              public void onCompleted() {}
            });
    assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void servicesDescribeThemselvesToOldToolsToo() throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse value) {
                    answer.complete(value);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    answer.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(answer.get(10, TimeUnit.SECONDS).getListServicesResponse().getServiceList())
        .extracting("name")
        .contains(
            "podium.ranking.v1.RankingService",
            "inference.GRPCInferenceService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection");
    requests.onCompleted();
  }

  @Test
  void theTransportShowsItsConnectionsIfAsked() {
    assertThat(
            ChannelzGrpc.newBlockingStub(channel)
                .getServers(GetServersRequest.getDefaultInstance())
                .getServerCount())
        .isPositive();
  }

  @Test
  void loadIsReportedWithAnswersAndOutOfBand() throws Exception {
    AtomicReference<Metadata> trailers = new AtomicReference<>();
    RankingServiceGrpc.newBlockingStub(channel)
        .withInterceptors(
            MetadataUtils.newCaptureMetadataInterceptor(new AtomicReference<>(), trailers))
        .rank(request("other"));
    byte[] bytes =
        trailers
            .get()
            .get(Metadata.Key.of("endpoint-load-metrics-bin", Metadata.BINARY_BYTE_MARSHALLER));
    OrcaLoadReport report = OrcaLoadReport.parseFrom(bytes);
    assertThat(report.getNamedMetricsMap()).containsKey("podium.queue_seconds");
    assertThat(report.getApplicationUtilization()).isBetween(0.0, 1.5);

    Iterator<OrcaLoadReport> stream =
        OpenRcaServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(20, TimeUnit.SECONDS)
            .streamCoreMetrics(OrcaLoadReportRequest.getDefaultInstance());
    assertThat(stream.next().getNamedMetricsMap()).containsKey("podium.waiting_rows");
  }

  private static URI uri(String path) {
    return URI.create("http://127.0.0.1:" + server.adminAddress().getPort() + path);
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return HTTP.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
  }
}
