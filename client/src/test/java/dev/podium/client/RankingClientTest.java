package dev.podium.client;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.rpc.RetryInfo;
import dev.podium.ranking.v1.CandidateRange;
import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client against a real server on loopback, whose service is a fake. */
@Timeout(60)
class RankingClientTest {
  private final FakeRankingService scoring = new FakeRankingService();
  private final StallingService stalling = new StallingService();
  private Server server;
  private String target;

  @BeforeEach
  void startServer() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new ByModel(scoring, stalling))
            .addService(new OneModel())
            .build()
            .start();
    target = "127.0.0.1:" + server.getPort();
  }

  @AfterEach
  void stopServer() throws Exception {
    server.shutdownNow();
    assertThat(server.awaitTermination(10, SECONDS)).isTrue();
  }

  @Test
  void aRankingGivesScoresIdsTimingVersionAndWarnings() {
    RankingRequest request = request("scoring", 20).requestId("home-42").build();
    RankResponse expected = FakeRankingService.answer(request.message());

    try (RankingClient client = RankingClient.builder(target).build()) {
      Ranking ranking = client.rank(request, Duration.ofSeconds(30));

      assertThat(ranking.message()).isEqualTo(expected);
      assertThat(ranking.size()).isEqualTo(20);
      assertThat(ranking.outputs()).containsExactly("ctr", "pair");
      assertThat(ranking.width("ctr")).isEqualTo(1);
      assertThat(ranking.width("pair")).isEqualTo(2);
      for (int i = 0; i < 20; i++) {
        assertThat(ranking.score(i)).isEqualTo(expected.getOutputs(0).getScores(i));
        assertThat(ranking.candidateIndex(i)).isEqualTo(i);
        assertThat(ranking.id(i)).isEqualTo(1000 + i);
      }
      assertThat(ranking.scores()).isEqualTo(ranking.scores("ctr")).hasSize(20);
      assertThat(ranking.scores("pair")).hasSize(40);
      assertThat(ranking.requestId()).isEqualTo("home-42");
      assertThat(ranking.model()).isEqualTo("scoring");
      assertThat(ranking.modelVersion()).isEqualTo(FakeRankingService.VERSION);
      assertThat(ranking.timing()).isEqualTo(new ServerTiming(20, 20, 40, 1));
      assertThat(ranking.warnings()).isNotEmpty().isEqualTo(expected.getWarningsList());
    }
  }

  @Test
  void theTopKComeBestFirstWithTheirPositionsAndIds() {
    RankingRequest request = request("scoring", 50).topK(5).build();
    RankResponse expected = FakeRankingService.answer(request.message());

    try (RankingClient client = RankingClient.builder(target).build()) {
      Ranking best = client.rank(request, Duration.ofSeconds(30));

      assertThat(best.size()).isEqualTo(5);
      for (int i = 0; i < 5; i++) {
        assertThat(best.candidateIndex(i)).isEqualTo(expected.getCandidateIndices(i));
        assertThat(best.id(i)).isEqualTo(expected.getCandidateIds().getInt64Ids().getValues(i));
      }
      assertThat(best.candidateIndices())
          .isEqualTo(expected.getCandidateIndicesList().stream().mapToInt(i -> i).toArray());
    }
  }

  @Test
  void aPartialRankingTellsWhoIsMissing() {
    RankingRequest request = request("scoring", 50).allowPartial().topK(20).build();
    RankResponse expected = FakeRankingService.answer(request.message());
    Set<Integer> missing = new HashSet<>();
    for (CandidateRange range : expected.getMissingList()) {
      for (int i = 0; i < range.getCount(); i++) {
        missing.add(range.getFirst() + i);
      }
    }

    try (RankingClient client = RankingClient.builder(target).maxCandidatesPerCall(7).build()) {
      Ranking ranking = client.rank(request, Duration.ofSeconds(30));

      assertThat(ranking.missingCount()).isEqualTo(missing.size()).isPositive();
      for (int i = 0; i < ranking.size(); i++) {
        assertThat(ranking.isMissing(i)).isEqualTo(missing.contains(ranking.candidateIndex(i)));
      }
    }
  }

  @Test
  void whatARankingDoesNotHaveIsAClearError() {
    try (RankingClient client = RankingClient.builder(target).build()) {
      Ranking ranking = client.rank(request("scoring", 2).build(), Duration.ofSeconds(30));

      assertThatThrownBy(() -> ranking.scores("cvr"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("output 'cvr': not in this ranking (expected: one of [ctr, pair])");
      assertThatThrownBy(() -> ranking.textId(0))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("candidate ids: whole numbers in the request (expected: text)");
      assertThatThrownBy(() -> ranking.candidateIndex(2))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("position 2 (expected: 0 to 1)");
      assertThatThrownBy(() -> ranking.score(2)).isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void aLargeRequestGoesInPartsAndComesBackAsIfItHadNot() {
    RankingRequest request = request("scoring", 1003).topK(40).build();
    RankResponse expected = FakeRankingService.answer(request.message());

    try (RankingClient client = RankingClient.builder(target).maxCandidatesPerCall(100).build()) {
      Ranking ranking = client.rank(request, Duration.ofSeconds(30));

      assertThat(scoring.calls).hasValue(11);
      assertThat(ranking.message().toBuilder().clearTiming().build())
          .isEqualTo(expected.toBuilder().clearTiming().build());
      assertThat(ranking.timing().tiles()).isEqualTo(11);
    }
  }

  @Test
  void theServersStatusAndSentenceArrive() {
    stalling.refusal =
        Status.INVALID_ARGUMENT
            .withDescription("feature 'age': 3 rows (expected: 500, one for each candidate)")
            .asRuntimeException();

    try (RankingClient client = RankingClient.builder(target).build()) {
      RankingException e =
          catchThrowableOfType(
              RankingException.class,
              () -> client.rank(request("stalling", 1).build(), Duration.ofSeconds(30)));

      assertThat(e.code()).isEqualTo(Status.Code.INVALID_ARGUMENT);
      assertThat(e.description())
          .isEqualTo("feature 'age': 3 rows (expected: 500, one for each candidate)");
      assertThat(e).hasMessage("INVALID_ARGUMENT: " + e.description());
      assertThat(e.retryAfter()).isEmpty();
    }
  }

  @Test
  void anOverloadedServersWaitArrives() {
    stalling.refusal =
        StatusProto.toStatusRuntimeException(
            com.google.rpc.Status.newBuilder()
                .setCode(Status.Code.RESOURCE_EXHAUSTED.value())
                .setMessage("queue would outlive the deadline")
                .addDetails(
                    Any.pack(
                        RetryInfo.newBuilder()
                            .setRetryDelay(
                                com.google.protobuf.Duration.newBuilder().setNanos(20_000_000))
                            .build()))
                .build());

    try (RankingClient client = RankingClient.builder(target).build()) {
      RankingException e =
          catchThrowableOfType(
              RankingException.class,
              () -> client.rank(request("stalling", 1).build(), Duration.ofSeconds(30)));

      assertThat(e.code()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      assertThat(e.retryAfter()).contains(Duration.ofMillis(20));
    }
  }

  @Test
  void aFutureFailsWithTheRankingExceptionItself() throws Exception {
    stalling.refusal = Status.NOT_FOUND.withDescription("model 'x'").asRuntimeException();

    try (RankingClient client = RankingClient.builder(target).build()) {
      Throwable seen =
          client
              .rankAsync(request("stalling", 1).build(), Duration.ofSeconds(30))
              .handle((ranking, failure) -> failure)
              .get();

      assertThat(seen).isInstanceOf(RankingException.class).hasMessage("NOT_FOUND: model 'x'");
    }
  }

  @Test
  void aCallEndsAtItsDeadlineWhichTheServerKnows() throws Exception {
    try (RankingClient client = RankingClient.builder(target).build()) {
      assertThatThrownBy(() -> client.rank(request("stalling", 1).build(), Duration.ofMillis(300)))
          .isInstanceOfSatisfying(
              RankingException.class,
              e -> assertThat(e.code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));

      assertThat(stalling.received.take().deadline()).isNotNull();
    }
  }

  @Test
  void aCallWithoutADeadlineHasTheDefaultOne() {
    try (RankingClient client =
        RankingClient.builder(target).defaultDeadline(Duration.ofMillis(200)).build()) {
      assertThatThrownBy(() -> client.rank(request("stalling", 1).build()))
          .isInstanceOfSatisfying(
              RankingException.class,
              e -> assertThat(e.code()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    }
  }

  @Test
  void cancellingTheFutureCancelsEveryPartOnTheServer() throws Exception {
    try (RankingClient client = RankingClient.builder(target).maxCandidatesPerCall(2).build()) {
      CompletableFuture<Ranking> ranking =
          client.rankAsync(request("stalling", 5).build(), Duration.ofSeconds(30));
      List<StallingService.Call> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        calls.add(stalling.received.take());
      }

      ranking.cancel(true);

      for (StallingService.Call call : calls) {
        call.cancelled().get(10, SECONDS);
      }
      assertThat(ranking).isCancelled();
    }
  }

  @Test
  void anInterruptedCallerCancelsItsCallAndStaysInterrupted() throws Exception {
    try (RankingClient client = RankingClient.builder(target).build()) {
      CompletableFuture<Boolean> stillInterrupted = new CompletableFuture<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  client.rank(request("stalling", 1).build(), Duration.ofSeconds(30));
                } catch (RankingException e) {
                  assertThat(e.code()).isEqualTo(Status.Code.CANCELLED);
                  stillInterrupted.complete(Thread.currentThread().isInterrupted());
                }
              });
      caller.start();
      StallingService.Call call = stalling.received.take();

      caller.interrupt();

      call.cancelled().get(10, SECONDS);
      assertThat(stillInterrupted.get(10, SECONDS)).isTrue();
      caller.join();
    }
  }

  @Test
  void closingLetsCallsInFlightFinishAndRefusesNewOnes() throws Exception {
    RankingClient client = RankingClient.builder(target).closeGrace(Duration.ofSeconds(30)).build();
    RankingRequest request = request("stalling", 3).build();
    CompletableFuture<Ranking> inFlight = client.rankAsync(request, Duration.ofSeconds(30));
    StallingService.Call call = stalling.received.take();

    Thread closing = new Thread(client::close);
    closing.start();
    RankingException refused = null;
    while (refused == null) { // until close() has begun
      CompletableFuture<Ranking> late = client.rankAsync(request, Duration.ofSeconds(30));
      if (late.isCompletedExceptionally()) {
        refused =
            (RankingException) catchThrowableOfType(ExecutionException.class, late::get).getCause();
      } else {
        late.cancel(true);
      }
    }
    assertThat(refused).hasMessage("UNAVAILABLE: the client is closed");
    assertThat(inFlight).isNotDone();

    call.answer();
    assertThat(inFlight.get(10, SECONDS).size()).isEqualTo(3);
    closing.join();
  }

  @Test
  void closingCancelsCallsThatOutliveTheGraceTime() throws Exception {
    RankingClient client = RankingClient.builder(target).closeGrace(Duration.ZERO).build();
    CompletableFuture<Ranking> inFlight =
        client.rankAsync(request("stalling", 1).build(), Duration.ofSeconds(30));
    StallingService.Call call = stalling.received.take();

    client.close();
    client.close(); // a second time does nothing

    assertThat(catchThrowableOfType(ExecutionException.class, inFlight::get).getCause())
        .isInstanceOf(RankingException.class)
        .hasMessage("CANCELLED: the client was closed");
    call.cancelled().get(10, SECONDS);
  }

  @Test
  void aServerThatIsNotThereIsUnavailable() throws Exception {
    server.shutdownNow();
    assertThat(server.awaitTermination(10, SECONDS)).isTrue();

    try (RankingClient client = RankingClient.builder(target).build()) {
      assertThatThrownBy(() -> client.rank(request("scoring", 1).build(), Duration.ofSeconds(30)))
          .isInstanceOfSatisfying(
              RankingException.class, e -> assertThat(e.code()).isEqualTo(Status.Code.UNAVAILABLE));
    }
  }

  @Test
  void oneClientServesManyThreads() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (RankingClient client = RankingClient.builder(target).maxCandidatesPerCall(7).build()) {
      List<Future<Boolean>> right = new ArrayList<>();
      for (int i = 0; i < 200; i++) {
        RankingRequest request = request("scoring", 1 + i % 20).requestId("r" + i).build();
        right.add(
            threads.submit(
                () ->
                    client
                        .rank(request, Duration.ofSeconds(30))
                        .message()
                        .getOutputsList()
                        .equals(FakeRankingService.answer(request.message()).getOutputsList())));
      }
      for (Future<Boolean> one : right) {
        assertThat(one.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void aChannelThatTheCallerBroughtStaysOpen() throws Exception {
    Server local = InProcessServerBuilder.forName("borrowed").addService(scoring).build().start();
    ManagedChannel channel = InProcessChannelBuilder.forName("borrowed").build();
    try {
      try (RankingClient client = RankingClient.builder(channel).build()) {
        assertThat(client.rank(request("scoring", 4).build(), Duration.ofSeconds(30)).size())
            .isEqualTo(4);
      }
      assertThat(channel.isShutdown()).isFalse();
    } finally {
      channel.shutdownNow();
      local.shutdownNow();
    }
  }

  @Test
  void aModelsSignatureIsTheServersWord() {
    try (RankingClient client =
        RankingClient.builder(target).defaultDeadline(Duration.ofSeconds(30)).build()) {
      assertThat(client.model("movies-din").getDescription()).isEqualTo("about movies-din");
      assertThatThrownBy(() -> client.model("none"))
          .isInstanceOf(RankingException.class)
          .hasMessage("NOT_FOUND: model 'none'");
    }
  }

  @Test
  void optionsOutOfRangeAreClearErrors() {
    RankingClient.Builder builder = RankingClient.builder(target);

    assertThatThrownBy(() -> builder.maxCandidatesPerCall(0))
        .hasMessage("maxCandidatesPerCall: 0 (expected: 1 or more)");
    assertThatThrownBy(() -> builder.defaultDeadline(Duration.ZERO))
        .hasMessage("defaultDeadline: PT0S (expected: more than zero)");
    assertThatThrownBy(() -> builder.closeGrace(Duration.ofSeconds(-1)))
        .hasMessage("closeGrace: PT-1S (expected: zero or more)");
    try (RankingClient client = builder.build()) {
      RankingRequest request = request("scoring", 1).build();
      assertThatThrownBy(() -> client.rank(request, Duration.ofSeconds(-1)))
          .hasMessage("deadline: PT-1S (expected: more than zero)");
    }
  }

  private static RankingRequest.Builder request(String model, int count) {
    RankingRequest.Builder request = RankingRequest.builder(model).context("user_id", 7);
    for (int i = 0; i < count; i++) {
      request.addCandidate(1000 + i).set("item_id", i % 17).setSequence("genres", "g" + i % 5);
    }
    return request;
  }

  /** Sends each request to the service that its model is named after. */
  private static final class ByModel extends RankingServiceGrpc.RankingServiceImplBase {
    private final FakeRankingService scoring;
    private final StallingService stalling;

    ByModel(FakeRankingService scoring, StallingService stalling) {
      this.scoring = scoring;
      this.stalling = stalling;
    }

    @Override
    public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
      if (request.getModel().getName().equals("scoring")) {
        scoring.rank(request, observer);
      } else {
        stalling.rank(request, observer);
      }
    }
  }

  /** Answers when the test says so, or refuses at once. */
  private static final class StallingService {
    final BlockingQueue<Call> received = new LinkedBlockingQueue<>();
    volatile RuntimeException refusal;

    record Call(
        RankRequest request,
        Deadline deadline,
        CompletableFuture<Void> cancelled,
        StreamObserver<RankResponse> observer) {
      void answer() {
        observer.onNext(FakeRankingService.answer(request));
        observer.onCompleted();
      }
    }

    void rank(RankRequest request, StreamObserver<RankResponse> observer) {
      if (refusal != null) {
        observer.onError(refusal);
        return;
      }
      var cancelled = new CompletableFuture<Void>();
      ((ServerCallStreamObserver<RankResponse>) observer)
          .setOnCancelHandler(() -> cancelled.complete(null));
      received.add(new Call(request, Context.current().getDeadline(), cancelled, observer));
    }
  }

  private static final class OneModel extends ModelServiceGrpc.ModelServiceImplBase {
    @Override
    public void getModel(GetModelRequest request, StreamObserver<Model> observer) {
      String name = request.getModel().getName();
      if (!name.equals("movies-din")) {
        observer.onError(
            Status.NOT_FOUND.withDescription("model '" + name + "'").asRuntimeException());
        return;
      }
      observer.onNext(
          Model.newBuilder().setModel(request.getModel()).setDescription("about " + name).build());
      observer.onCompleted();
    }
  }
}
