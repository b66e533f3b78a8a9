package dev.podium.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.protocol.Target;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.Context;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against gRPC's own server: what it takes for a call, and how calls end. */
class WireCallsTest {
  private static final long LONG = 20_000_000_000L;
  private static final String PATH = "/" + RankingServiceGrpc.getRankMethod().getFullMethodName();

  private final CountDownLatch hanging = new CountDownLatch(1);
  private final CompletableFuture<StreamObserver<RankResponse>> waits = new CompletableFuture<>();
  private final List<Long> timeoutsLeft = Collections.synchronizedList(new ArrayList<>());
  private final ConcurrentHashMap<String, Integer> sizes = new ConcurrentHashMap<>();

  /** Added to the machine's: time that a test lets pass. */
  private final AtomicLong skipped = new AtomicLong();

  private Server server;
  private WireCalls calls;

  @BeforeEach
  void start() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .maxConcurrentCallsPerConnection(8)
            .addService(new Ranker())
            .build()
            .start();
    calls =
        WireCalls.connect(
            Target.parse("127.0.0.1:" + server.getPort()),
            PATH,
            2,
            () -> System.nanoTime() + skipped.get());
  }

  @AfterEach
  void stop() {
    calls.close();
    server.shutdownNow();
  }

  private final class Ranker extends RankingServiceGrpc.RankingServiceImplBase {
    @Override
    public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
      timeoutsLeft.add(Context.current().getDeadline().timeRemaining(TimeUnit.NANOSECONDS));
      sizes.merge(request.getRequestId(), request.getSerializedSize(), Math::max);
      switch (request.getRequestId()) {
        case "hang" -> hanging.countDown();
        case "wait" -> waits.complete(observer);
        case "OK" -> {
          observer.onNext(RankResponse.newBuilder().setRequestId("x".repeat(100_000)).build());
          observer.onCompleted();
        }
        default ->
            observer.onError(
                Status.fromCode(Status.Code.valueOf(request.getRequestId()))
                    .withDescription("as asked for")
                    .asRuntimeException());
      }
    }
  }

  private static byte[] request(String id, int padding) {
    return RankRequest.newBuilder()
        .setRequestId(id)
        .addOutputs("p".repeat(padding))
        .build()
        .toByteArray();
  }

  private CompletableFuture<CallOutcome> send(String id, int padding, long deadlineNanos) {
    CompletableFuture<CallOutcome> ending = new CompletableFuture<>();
    calls.send(
        request(id, padding),
        deadlineNanos,
        (status, fromServer) -> ending.complete(CallOutcome.of(status, fromServer)));
    return ending;
  }

  /** Flushes until a call has ended, as whoever sends does. */
  private CallOutcome await(CompletableFuture<CallOutcome> ending) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (System.nanoTime() < end) {
      calls.flush();
      try {
        return ending.get(1, TimeUnit.MILLISECONDS);
      } catch (TimeoutException e) {
        // not yet
      }
    }
    throw new AssertionError("a call never ended");
  }

  @Test
  void theServersWordIsWhatCounts() throws Exception {
    assertThat(await(send("OK", 0, LONG))).isEqualTo(CallOutcome.ANSWERED);
    assertThat(await(send("RESOURCE_EXHAUSTED", 0, LONG))).isEqualTo(CallOutcome.REFUSED);
    assertThat(await(send("UNAVAILABLE", 0, LONG))).isEqualTo(CallOutcome.REFUSED);
    assertThat(await(send("DEADLINE_EXCEEDED", 0, LONG))).isEqualTo(CallOutcome.EXPIRED);
    assertThat(await(send("INTERNAL", 0, LONG))).isEqualTo(CallOutcome.FAILED);
    assertThat(timeoutsLeft).allSatisfy(left -> assertThat(left).isBetween(1L, LONG));
  }

  @Test
  void aRequestOfSeveralFramesArrivesWhole() throws Exception {
    assertThat(await(send("OK", 200_000, LONG))).isEqualTo(CallOutcome.ANSWERED);
    assertThat(sizes.get("OK")).isEqualTo(request("OK", 200_000).length);
  }

  @Test
  void moreCallsThanStreamsAndWindowsAllowAreHeldAndSentInTime() throws Exception {
    // 20 MB in all, of which a connection's window takes one, and 8 streams on each of two.
    List<CompletableFuture<CallOutcome>> endings = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      endings.add(send("OK", 100_000, LONG));
    }
    for (CompletableFuture<CallOutcome> ending : endings) {
      assertThat(await(ending)).isEqualTo(CallOutcome.ANSWERED);
    }
  }

  @Test
  void aCallEndsAtItsDeadlineWhetherItWasSentOrHeld() throws Exception {
    List<CompletableFuture<CallOutcome>> endings = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      endings.add(send("hang", 0, LONG));
    }
    calls.flush();
    assertThat(hanging.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(endings).noneMatch(CompletableFuture::isDone);
    skipped.addAndGet(LONG);
    for (CompletableFuture<CallOutcome> ending : endings) {
      assertThat(await(ending)).isEqualTo(CallOutcome.EXPIRED);
    }
    assertThat(await(send("OK", 0, LONG))).isEqualTo(CallOutcome.ANSWERED);
  }

  @Test
  void whatTheServerDropsIsLostAndWhatNeverReachedItIsNot() throws Exception {
    CompletableFuture<CallOutcome> dropped = send("hang", 0, LONG);
    calls.flush();
    assertThat(hanging.await(30, TimeUnit.SECONDS)).isTrue();
    server.shutdownNow();
    assertThat(await(dropped)).isEqualTo(CallOutcome.LOST);
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(await(send("OK", 0, LONG))).isEqualTo(CallOutcome.NOT_SENT);
  }

  @Test
  void aServerThatGoesAwayGetsNothingNewAndMayAnswerWhatItHas() throws Exception {
    CompletableFuture<CallOutcome> waiting = send("wait", 0, LONG);
    calls.flush();
    StreamObserver<RankResponse> observer = waits.get(30, TimeUnit.SECONDS);
    server.shutdown();
    CallOutcome ending = CallOutcome.ANSWERED;
    while (ending == CallOutcome.ANSWERED) { // until both connections know
      ending = await(send("OK", 0, LONG));
    }
    assertThat(ending).isEqualTo(CallOutcome.NOT_SENT);
    assertThat(waiting).isNotDone();
    observer.onNext(RankResponse.getDefaultInstance());
    observer.onCompleted();
    assertThat(await(waiting)).isEqualTo(CallOutcome.ANSWERED);
  }

  @Test
  void singleCallsGoOutAtOnce() throws Exception {
    CompletableFuture<Status> ended = new CompletableFuture<>();
    calls.transport().send(request("OK", 0), LONG, (status, response) -> ended.complete(status));
    assertThat(ended.get(30, TimeUnit.SECONDS).isOk()).isTrue();
  }

  @Test
  void nobodyThereIsOneLine() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Target target = Target.parse("127.0.0.1:" + port);
    assertThatThrownBy(() -> WireCalls.connect(target, PATH, 1, System::nanoTime))
        .isInstanceOf(WorkFailedException.class)
        .hasMessageStartingWith("127.0.0.1:" + port + ": ");
  }
}
