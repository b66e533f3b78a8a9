package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.RepositoryIndexRequest;
import dev.podium.inference.RepositoryModelLoadRequest;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.File;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who gets in: each way to show who one is, right, wrong, expired and none; and what callers may
 * then do.
 */
class SecurityTest {
  private static final String RELOADED = "podium_last_reload_successful";
  private static final String ISSUER = "https://issuer.example";

  @TempDir static Path folder;

  private static TestKeys keys;
  private static TestKeys strangers;
  private static ECKey signer;
  private static PodiumServer server;

  @BeforeAll
  static void start() throws Exception {
    Path models = Files.createDirectories(folder.resolve("models"));
    TestModels.sum(models, "movies-sum");
    TestModels.sum(models, "secret-sum");
    keys = new TestKeys(folder, "ca");
    keys.sign("server", "localhost");
    keys.sign("client", "batch-job");
    keys.signExpired("expired", "batch-job");
    strangers = new TestKeys(folder, "strangers-ca");
    strangers.sign("stranger", "batch-job");
    signer = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
    Files.writeString(folder.resolve("jwks.json"), new JWKSet(signer.toPublicJWK()).toString());
    Files.writeString(
        folder.resolve("tokens"),
        "# name digest\nweb " + digest("web-token") + "\nops " + digest("ops-token") + "\n");
    server =
        PodiumServer.start(
            TestConfigs.of(
                models,
                "tls.certificate",
                keys.crt("server").toString(),
                "tls.key",
                keys.key("server").toString(),
                "tls.client_ca",
                keys.crt("ca").toString(),
                "tls.client_auth",
                "optional",
                "auth.tokens",
                folder.resolve("tokens").toString(),
                "auth.jwks",
                folder.resolve("jwks.json").toString(),
                "auth.issuer",
                ISSUER,
                "auth.audience",
                "podium",
                "auth.client_certificates",
                "true",
                "auth.rules",
                "[{principals: [web, jwt-*, batch-job], methods: [rank, describe], models: [movies-*]},"
                    + " {principals: [ops], methods: ['*']}]",
                "reload",
                "20ms"));
  }

  @AfterAll
  static void stop() {
    assertThat(server.stop(Duration.ofSeconds(5))).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "none, UNAUTHENTICATED, no credentials",
    "token web-token, OK, ''",
    "token wrong-token, UNAUTHENTICATED, unknown token",
    "token '', UNAUTHENTICATED, unknown token",
    "basic, UNAUTHENTICATED, another scheme",
    "jwt right, OK, ''",
    "jwt expired, UNAUTHENTICATED, Expired JWT",
    "jwt audience, UNAUTHENTICATED, aud",
    "jwt issuer, UNAUTHENTICATED, iss",
    "jwt stranger, UNAUTHENTICATED, isn't one that a key of this server signed",
    "jwt unsigned, UNAUTHENTICATED, isn't one that a key of this server signed",
    "jwt broken, UNAUTHENTICATED, isn't one that a key of this server signed",
    "jwt nobody, UNAUTHENTICATED, ''",
    "certificate client, OK, ''",
    "certificate expired, UNAVAILABLE, ''",
    // The client sees that the server asks for other authorities, and shows none.
    "certificate stranger, UNAUTHENTICATED, no credentials",
  })
  void credentialsDecideWhoGetsIn(String credential, Status.Code expected, String why)
      throws Exception {
    String[] words = credential.split(" ");
    String certificate = words[0].equals("certificate") ? words[1] : null;
    ManagedChannel channel = channel(certificate);
    try {
      Channel called =
          switch (words[0]) {
            case "token" -> with(channel, "Bearer " + words[1].replace("'", ""));
            case "basic" -> with(channel, "Basic d2ViOndlYg==");
            case "jwt" -> with(channel, "Bearer " + jwt(words[1]));
            default -> channel;
          };
      Status status = rank(called, "movies-sum");
      assertThat(status.getCode()).as("%s", status).isEqualTo(expected);
      if (!why.isEmpty()) {
        assertThat(status.getDescription()).contains(why);
      }
      assertThat(String.valueOf(status.getDescription())).doesNotContain("wrong-token");
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "web-token, rank, movies-sum, OK",
    "web-token, rank, secret-sum, PERMISSION_DENIED",
    "web-token, rank, nobody, PERMISSION_DENIED",
    "web-token, infer, movies-sum, PERMISSION_DENIED",
    "web-token, load, movies-sum, PERMISSION_DENIED",
    "ops-token, rank, secret-sum, OK",
    "ops-token, rank, nobody, NOT_FOUND",
    "ops-token, load, movies-sum, OK",
  })
  void rulesDecideWhatCallersMayDo(String token, String what, String model, Status.Code expected)
      throws Exception {
    ManagedChannel channel = channel(null);
    try {
      Channel called = with(channel, "Bearer " + token);
      var inference = GRPCInferenceServiceGrpc.newBlockingStub(called);
      Status status =
          switch (what) {
            case "rank" -> rank(called, model);
            case "infer" ->
                outcome(
                    () ->
                        inference.modelInfer(
                            dev.podium.inference.ModelInferRequest.newBuilder()
                                .setModelName(model)
                                .build()));
            default ->
                outcome(
                    () ->
                        inference.repositoryModelLoad(
                            RepositoryModelLoadRequest.newBuilder().setModelName(model).build()));
          };
      assertThat(status.getCode()).as("%s", status).isEqualTo(expected);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void listsShowOnlyModelsThatTheCallerMayUse() throws Exception {
    ManagedChannel channel = channel(null);
    try {
      var all = RepositoryIndexRequest.getDefaultInstance();
      assertThat(
              GRPCInferenceServiceGrpc.newBlockingStub(with(channel, "Bearer web-token"))
                  .repositoryIndex(all)
                  .getModelsList())
          .extracting("name")
          .containsExactly("movies-sum");
      assertThat(
              GRPCInferenceServiceGrpc.newBlockingStub(with(channel, "Bearer ops-token"))
                  .repositoryIndex(all)
                  .getModelsList())
          .hasSize(2);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void whatIsNotFoundNamesOnlyModelsThatTheCallerMayUse() throws Exception {
    ManagedChannel channel = channel(null);
    try {
      Status status = rank(with(channel, "Bearer web-token"), "movies-none");
      assertThat(status.getCode()).isEqualTo(Status.Code.NOT_FOUND);
      assertThat(status.getDescription())
          .isEqualTo("model 'movies-none': unknown (expected: one of movies-sum)");
      assertThat(rank(with(channel, "Bearer ops-token"), "movies-none").getDescription())
          .isEqualTo("model 'movies-none': unknown (expected: one of movies-sum, secret-sum)");
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void probesNeedNoCredentials() throws Exception {
    ManagedChannel channel = channel(null);
    try {
      assertThat(
              HealthGrpc.newBlockingStub(channel)
                  .check(HealthCheckRequest.newBuilder().setService("movies-sum").build())
                  .getStatus()
                  .name())
          .isEqualTo("SERVING");
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void plainTextIsRefused() throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    try {
      assertThat(rank(with(channel, "Bearer web-token"), "movies-sum").getCode())
          .isEqualTo(Status.Code.UNAVAILABLE);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @ParameterizedTest
  @CsvSource({"TLSv1.3, OK", "TLSv1.2, OK"})
  void bothVersionsOfTlsAreSpoken(String version, Status.Code expected) throws Exception {
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("localhost", server.grpcAddress().getPort())
            .sslContext(
                GrpcSslContexts.configure(SslContextBuilder.forClient())
                    .trustManager(keys.crt("ca").toFile())
                    .protocols(version)
                    .build())
            .build();
    try {
      assertThat(rank(with(channel, "Bearer web-token"), "movies-sum").getCode())
          .isEqualTo(expected);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void tokensAreReadAgainWhenTheirFileChanges() throws Exception {
    ManagedChannel channel = channel(null);
    Path tokens = folder.resolve("tokens");
    String before = Files.readString(tokens);
    try {
      Channel called = with(channel, "Bearer new-token");
      assertThat(rank(called, "movies-sum").getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
      Files.writeString(tokens, before + "web " + digest("new-token") + "\n");
      awaitTrue(() -> rank(called, "movies-sum").isOk());
      // A file that is wrong leaves the old one in force.
      Files.writeString(tokens, "web\n");
      awaitTrue(() -> metrics().contains(RELOADED + "{files=\"credentials\"} 0.0"));
      assertThat(metrics()).contains(RELOADED + "{files=\"certificates\"} 1.0");
      for (int i = 0; i < 20; i++) {
        assertThat(rank(called, "movies-sum").isOk()).isTrue();
      }
      Files.writeString(tokens, before);
      awaitTrue(() -> metrics().contains(RELOADED + "{files=\"credentials\"} 1.0"));
    } finally {
      Files.writeString(tokens, before);
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** The caller sends nothing more, or goes on sending. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStreamEndsWhenItsTokenIsTakenBack(boolean sends) throws Exception {
    Path tokens = folder.resolve("tokens");
    String before = Files.readString(tokens);
    ManagedChannel channel = channel(null);
    try {
      CompletableFuture<Status> end = new CompletableFuture<>();
      CountDownLatch answered = new CountDownLatch(1);
      StreamObserver<RankRequest> requests =
          RankingServiceGrpc.newStub(with(channel, "Bearer web-token"))
              .rankStream(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(RankResponse answer) {
                      answered.countDown();
                    }

                    @Override
                    public void onError(Throwable failure) {
                      end.complete(Status.fromThrowable(failure));
                    }

                    @Override
                    public void onCompleted() {
                      end.complete(Status.OK);
                    }
                  });
      requests.onNext(request("movies-sum"));
      assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
      Files.writeString(tokens, "ops " + digest("ops-token") + "\n");
      awaitTrue(
          () -> {
            if (sends) {
              requests.onNext(request("movies-sum"));
            }
            return end.isDone();
          });
      assertThat(end.get().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
    } finally {
      Files.writeString(tokens, before);
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      ManagedChannel again = channel(null);
      awaitTrue(() -> rank(with(again, "Bearer web-token"), "movies-sum").isOk());
      again.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void noRequestFailsWhileTheCertificateIsSwapped() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    List<Status> failures = new ArrayList<>();
    Thread load =
        new Thread(
            () -> {
              while (!stop.get()) {
                ManagedChannel channel = channel(null);
                Channel called = with(channel, "Bearer web-token");
                for (int i = 0; i < 5; i++) {
                  Status status = rank(called, "movies-sum");
                  if (status.isOk()) {
                    answered.incrementAndGet();
                  } else {
                    failures.add(status);
                  }
                }
                channel.shutdown();
              }
            });
    load.start();
    String before = shown();
    try {
      for (int swap = 0; swap < 3; swap++) {
        // The files change one after the other: in between they don't fit together.
        String last = before;
        keys.sign("server", "localhost");
        awaitTrue(() -> !shown().equals(last));
        before = shown();
      }
    } finally {
      stop.set(true);
      load.join();
    }
    assertThat(failures).isEmpty();
    assertThat(answered.get()).isPositive();
  }

  /** The fingerprint of the certificate that a new connection is shown. */
  private static String shown() throws Exception {
    var trust = io.netty.handler.ssl.util.InsecureTrustManagerFactory.INSTANCE.getTrustManagers();
    var context = javax.net.ssl.SSLContext.getInstance("TLS");
    context.init(null, trust, null);
    try (var socket =
        (javax.net.ssl.SSLSocket)
            context.getSocketFactory().createSocket("localhost", server.grpcAddress().getPort())) {
      socket.startHandshake();
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256")
                  .digest(socket.getSession().getPeerCertificates()[0].getEncoded()));
    }
  }

  /** Asks again and again, as the timer that has to act has no event to wait for. */
  private static String metrics() throws Exception {
    InetSocketAddress address = server.adminAddress();
    URI uri =
        new URI("http", null, address.getHostString(), address.getPort(), "/metrics", null, null);
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString())
        .body();
  }

  private static void awaitTrue(Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("still waiting after 30 s").isLessThan(end);
    }
  }

  private static ManagedChannel channel(String certificate) {
    try {
      SslContextBuilder context =
          GrpcSslContexts.configure(SslContextBuilder.forClient())
              .trustManager(keys.crt("ca").toFile());
      if (certificate != null) {
        File crt = folder.resolve(certificate + ".crt").toFile();
        context.keyManager(crt, folder.resolve(certificate + ".key").toFile());
      }
      return NettyChannelBuilder.forAddress("localhost", server.grpcAddress().getPort())
          .sslContext(context.build())
          .build();
    } catch (javax.net.ssl.SSLException e) {
      throw new AssertionError(e);
    }
  }

  private static Channel with(Channel channel, String authorization) {
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), authorization);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static RankRequest request(String model) {
    return RankRequest.newBuilder()
        .setModel(ModelSpec.newBuilder().setName(model))
        .setCandidates(TestModels.oneCandidate(1, 1))
        .build();
  }

  private static Status rank(Channel channel, String model) {
    RankRequest request = request(model);
    return outcome(
        () ->
            io.grpc.stub.ClientCalls.blockingUnaryCall(
                channel,
                RankingServiceGrpc.getRankMethod(),
                CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
                request));
  }

  private static Status outcome(Runnable call) {
    try {
      call.run();
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  private static String jwt(String kind) throws Exception {
    if (kind.equals("broken")) {
      return "a.b.c";
    }
    Instant now = Instant.now();
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .subject(kind.equals("nobody") ? null : "jwt-job")
            .issuer(kind.equals("issuer") ? "https://other.example" : ISSUER)
            .audience(kind.equals("audience") ? "other" : "podium")
            .expirationTime(Date.from(now.plusSeconds(kind.equals("expired") ? -60 : 60)))
            .build();
    if (kind.equals("unsigned")) {
      return new PlainJWT(claims).serialize();
    }
    ECKey key =
        kind.equals("stranger") ? new ECKeyGenerator(Curve.P_256).keyID("k1").generate() : signer;
    SignedJWT jwt =
        new SignedJWT(new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("k1").build(), claims);
    jwt.sign(new ECDSASigner(key));
    return jwt.serialize();
  }

  private static String digest(String token) throws Exception {
    return HexFormat.of()
        .formatHex(
            MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
  }
}
