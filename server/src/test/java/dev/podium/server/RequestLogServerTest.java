package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.ModelInferRequest;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.server.log.JsonFormatter;
import dev.podium.server.requestlog.AccessLog;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The access log of a whole server, and what is in no log at all. */
class RequestLogServerTest {
  private static final String TOKEN = "the-right-token";
  private static final String WRONG = "a-wrong-token";
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final Logger ALL = Logger.getLogger("");
  private static final Logger OURS = Logger.getLogger("dev.podium");

  @TempDir Path folder;

  private final List<String> log = new CopyOnWriteArrayList<>();
  private final Handler capture =
      new Handler() {
        @Override
        public void publish(LogRecord event) {
          log.add(new JsonFormatter().format(event));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
      };

  @BeforeEach
  void listen() {
    capture.setLevel(Level.ALL);
    ALL.addHandler(capture);
    OURS.setLevel(Level.ALL);
  }

  @AfterEach
  void stopListening() {
    ALL.removeHandler(capture);
    OURS.setLevel(null);
  }

  private PodiumServer server(String... settings) throws Exception {
    TestModels.sum(folder, "sum");
    List<String> all =
        new ArrayList<>(
            List.of("access_log.enabled", "true", "access_log.sample_ratio", "1", "auth.rules"));
    all.add("[{methods: [rank, infer], models: [sum, nobody]}]");
    all.addAll(List.of(settings));
    return PodiumServer.start(TestConfigs.of(folder, all.toArray(String[]::new)));
  }

  private static RankRequest.Builder request(String model, long item) {
    return RankRequest.newBuilder()
        .setRequestId("r-7")
        .setModel(ModelSpec.newBuilder().setName(model))
        .setCandidates(
            CandidateBatch.newBuilder()
                .setCount(1)
                .addColumns(
                    FeatureColumn.newBuilder()
                        .setName("item")
                        .setInt64Values(Int64Values.newBuilder().addValues(item)))
                .addColumns(
                    FeatureColumn.newBuilder()
                        .setName("x")
                        .setFloatValues(FloatValues.newBuilder().addValues(1).addValues(1))));
  }

  /** Ranks under a caller's span; null for no credentials. */
  private static Status.Code rank(ManagedChannel channel, String credentials, RankRequest request) {
    Metadata headers = new Metadata();
    headers.put(key("traceparent"), "00-" + TRACE + "-b7ad6b7169203331-01");
    if (credentials != null) {
      headers.put(key("authorization"), credentials);
    }
    try {
      RankingServiceGrpc.newBlockingStub(
              ClientInterceptors.intercept(
                  channel, MetadataUtils.newAttachHeadersInterceptor(headers)))
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .rank(request);
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  /** The access log, complete since the server is closed. */
  private List<JsonNode> lines() throws Exception {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : log) {
      JsonNode read = new ObjectMapper().readTree(line);
      if (read.path("logger").asText().equals(AccessLog.LOGGER)) {
        lines.add(read);
      }
    }
    return lines;
  }

  @Test
  void everyRequestHasItsLineWhoeverRefusedIt() throws Exception {
    String digest =
        HexFormat.of()
            .formatHex(
                MessageDigest.getInstance("SHA-256")
                    .digest(TOKEN.getBytes(StandardCharsets.UTF_8)));
    Path tokens = folder.resolveSibling("tokens-of-" + folder.getFileName());
    Files.writeString(tokens, "web " + digest + "\n");
    try (PodiumServer server =
        server("auth.tokens", tokens.toString(), "grpc.max_message", "1KiB")) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
      String bearer = "Bearer " + TOKEN;
      assertThat(rank(channel, bearer, request("sum", 1).build())).isEqualTo(Status.Code.OK);
      assertThat(rank(channel, bearer, request("nobody", 1).build()))
          .isEqualTo(Status.Code.NOT_FOUND);
      assertThat(rank(channel, bearer, request("secret", 1).build()))
          .isEqualTo(Status.Code.PERMISSION_DENIED);
      assertThat(rank(channel, bearer, request("sum", 424242).build()))
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(rank(channel, null, request("sum", 1).build()))
          .isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(rank(channel, "Bearer " + WRONG, request("sum", 1).build()))
          .isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(rank(channel, "Basic " + WRONG, request("sum", 1).build()))
          .isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(rank(channel, bearer, request("sum", 1).setRequestId("x".repeat(2_000)).build()))
          .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    assertThat(lines())
        .extracting(
            line -> line.path("status").asText(),
            line -> line.path("kept").asText(),
            line -> line.path("model").asText())
        .containsExactlyInAnyOrder(
            tuple("OK", "sampled", "sum"),
            tuple("NOT_FOUND", "failed", "nobody"),
            tuple("PERMISSION_DENIED", "failed", "secret"),
            tuple("INVALID_ARGUMENT", "failed", "sum"),
            tuple("UNAUTHENTICATED", "failed", ""),
            tuple("UNAUTHENTICATED", "failed", ""),
            tuple("UNAUTHENTICATED", "failed", ""),
            tuple("RESOURCE_EXHAUSTED", "failed", ""));
    assertThat(lines())
        .allMatch(line -> line.path("trace_id").asText().equals(TRACE))
        .allMatch(line -> line.path("peer").asText().startsWith("127.0.0.1:"));
    // Not a token, right or wrong, nor a value of a feature, at any level of our own loggers.
    assertThat(log).noneMatch(line -> line.contains(TOKEN) || line.contains(WRONG));
    assertThat(log).noneMatch(line -> line.contains("424242"));
    Files.delete(tokens);
  }

  @Test
  void theOpenInferenceProtocolAndStreamsStandThereToo() throws Exception {
    try (PodiumServer server = server("grpc.max_message", "1MiB")) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
      assertThatThrownBy(
              () ->
                  GRPCInferenceServiceGrpc.newBlockingStub(channel)
                      .modelInfer(
                          ModelInferRequest.newBuilder()
                              .setModelName("nobody")
                              .setId("i-1")
                              .build()))
          .hasMessageStartingWith("NOT_FOUND");
      var calls = RankingServiceGrpc.newBlockingV2Stub(channel).rankStream();
      for (String model : List.of("sum", "nobody")) {
        calls.write(request(model, 1).build());
      }
      calls.halfClose();
      assertThat(calls.read()).isNotNull();
      assertThat(calls.read()).isNotNull();
      assertThat(calls.read()).isNull();
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    assertThat(lines())
        .extracting(
            line -> line.path("method").asText().replaceAll(".*/", ""),
            line -> line.path("status").asText(),
            line -> line.path("request_id").asText())
        .containsExactlyInAnyOrder(
            tuple("ModelInfer", "NOT_FOUND", "i-1"),
            tuple("RankStream", "OK", "r-7"),
            tuple("RankStream", "NOT_FOUND", "r-7"));
  }

  @Test
  void aRequestOfAStreamThatIsRefusedUnreadStandsThereToo() throws Exception {
    // A request that is alone is let in whatever its size; while it is held back, no other is.
    try (PodiumServer server =
        server("admission.max_bytes", "1", "scheduler.max_batch_delay", "1s")) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
      var calls = RankingServiceGrpc.newBlockingV2Stub(channel).rankStream();
      calls.write(request("sum", 1).build());
      calls.write(request("sum", 1).build());
      calls.halfClose();
      assertThat(calls.read().getError().getCode())
          .isEqualTo(Status.Code.RESOURCE_EXHAUSTED.value());
      assertThat(calls.read().getModel().getName()).isEqualTo("sum");
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
    assertThat(lines())
        .extracting(line -> line.path("status").asText(), line -> line.path("problem").asText())
        .containsExactly(
            tuple("RESOURCE_EXHAUSTED", "requests in flight: more than 1 bytes"), tuple("OK", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"missing.pem", "broken.pem"})
  void certificatesThatCannotBeUsedStopTheStart(String file) throws Exception {
    Files.writeString(folder.resolve("broken.pem"), "no certificate");
    Path ca = folder.resolve(file);
    assertThatThrownBy(
            () -> server("traces.endpoint", "https://localhost:1", "traces.ca", ca.toString()))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("traces.ca " + ca + ": can't be used: ")
        .hasMessageMatching("[^\\n]*");
  }

  @Test
  void aServerWithoutAccessLogWritesNone() throws Exception {
    TestModels.sum(folder, "sum");
    try (PodiumServer server = PodiumServer.start(TestConfigs.of(folder))) {
      ManagedChannel channel =
          NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
      assertThat(rank(channel, null, request("sum", 1).build())).isEqualTo(Status.Code.OK);
      assertThat(rank(channel, null, request("nobody", 1).build()))
          .isEqualTo(Status.Code.NOT_FOUND);
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      server.stop(Duration.ofSeconds(5));
    }
    assertThat(lines()).isEmpty();
  }
}
