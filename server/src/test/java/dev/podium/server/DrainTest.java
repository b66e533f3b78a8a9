package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A server that stops while clients hold streams open. */
@Timeout(120)
class DrainTest {
  private static final Duration LONG = Duration.ofMinutes(10);

  @TempDir Path models;

  /** What a stream brings and how it ends. */
  private static final class Ended<A> implements StreamObserver<A> {
    final CountDownLatch first = new CountDownLatch(1);
    final List<A> answers = new ArrayList<>();
    final CompletableFuture<Status> status = new CompletableFuture<>();

    @Override
    public void onNext(A answer) {
      answers.add(answer);
      first.countDown();
    }

    @Override
    public void onError(Throwable failure) {
      status.complete(Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      status.complete(Status.OK);
    }

    Status.Code code() throws Exception {
      return status.get(30, TimeUnit.SECONDS).getCode();
    }
  }

  private static RankRequest request() {
    return RankRequest.newBuilder()
        .setModel(ModelSpec.newBuilder().setName("sum"))
        .setCandidates(TestModels.oneCandidate(1, 1))
        .build();
  }

  @Test
  void idleStreamsDoNotHoldItUp() throws Exception {
    TestModels.sum(models, "sum");
    PodiumServer server = PodiumServer.start(TestConfigs.of(models));
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    try {
      Ended<RankResponse> used = new Ended<>();
      var requests = RankingServiceGrpc.newStub(channel).rankStream(used);
      requests.onNext(request());
      assertThat(used.first.await(30, TimeUnit.SECONDS)).isTrue();
      Ended<RankResponse> unused = new Ended<>();
      RankingServiceGrpc.newStub(channel).rankStream(unused);
      Ended<dev.podium.inference.ModelStreamInferResponse> infer = new Ended<>();
      GRPCInferenceServiceGrpc.newStub(channel).modelStreamInfer(infer);
      Ended<io.grpc.reflection.v1.ServerReflectionResponse> reflection = new Ended<>();
      ServerReflectionGrpc.newStub(channel).serverReflectionInfo(reflection);
      Ended<io.grpc.health.v1.HealthCheckResponse> health = new Ended<>();
      HealthGrpc.newStub(channel)
          .watch(HealthCheckRequest.newBuilder().setService("sum").build(), health);
      assertThat(health.first.await(30, TimeUnit.SECONDS)).isTrue(); // all before it have begun

      assertThat(server.stop(LONG)).isTrue();

      for (Ended<?> ended : List.of(used, unused, infer, reflection, health)) {
        assertThat(ended.code()).isEqualTo(Status.Code.UNAVAILABLE);
      }
      assertThat(used.answers).hasSize(1);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  /** The requests of a stream wait for others to share a tile: the server stops meanwhile. */
  @Test
  void requestsInWorkAreAnsweredFirst() throws Exception {
    TestModels.sum(models, "sum");
    PodiumServer server =
        PodiumServer.start(
            TestConfigs.of(
                models, "scheduler.max_batch_delay", "1s", "scheduler.caller_runs_tile", "0s"));
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    try {
      Ended<RankResponse> open = new Ended<>();
      Ended<RankResponse> halfClosed = new Ended<>();
      var stub = RankingServiceGrpc.newStub(channel);
      var requests = stub.rankStream(open);
      requests.onNext(request());
      requests.onNext(request());
      var last = stub.rankStream(halfClosed);
      last.onNext(request());
      last.onCompleted();
      // Answered when all of the above has arrived.
      Ended<io.grpc.health.v1.HealthCheckResponse> health = new Ended<>();
      HealthGrpc.newStub(channel)
          .watch(HealthCheckRequest.newBuilder().setService("sum").build(), health);
      assertThat(health.first.await(30, TimeUnit.SECONDS)).isTrue();

      assertThat(server.stop(LONG)).isTrue();

      assertThat(open.code()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(open.answers).hasSize(2);
      assertThat(halfClosed.code()).isEqualTo(Status.Code.OK);
      assertThat(halfClosed.answers).hasSize(1);
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }
  }

  @Test
  void aRequestThatIsNeverWholeHasHalfOfTheTime() throws Exception {
    TestModels.sum(models, "sum");
    PodiumServer server = PodiumServer.start(TestConfigs.of(models));
    try (RawHttp2 client = new RawHttp2(server.grpcAddress()).hello(1 << 20)) {
      client.call(1, "podium.ranking.v1.RankingService/Rank");
      assertThat(client.read(RawHttp2.SETTINGS)).isNotNull();
      client.frame(RawHttp2.PING, 0, 0, new byte[8]);
      RawHttp2.Frame answered = client.read(RawHttp2.PING);
      assertThat(answered).isNotNull(); // so the call has arrived
      CompletableFuture<Boolean> stopped =
          CompletableFuture.supplyAsync(() -> server.stop(Duration.ofSeconds(4)));
      assertThat(client.end(1)).startsWith("4: request: not whole after 2000 ms");
      assertThat(stopped.get(30, TimeUnit.SECONDS)).isTrue();
    }
  }
}
