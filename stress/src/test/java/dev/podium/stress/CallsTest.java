package dev.podium.stress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.RankingProtocol;
import dev.podium.loadtest.protocol.Security;
import dev.podium.loadtest.protocol.Target;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.ClientCall;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How calls end over real connections. */
class CallsTest {
  private static final long LONG = 20_000_000_000L;

  private final CountDownLatch hanging = new CountDownLatch(1);
  private Server server;
  private Connections connections;
  private Calls calls;

  @BeforeEach
  void start() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .directExecutor()
            .addService(
                new RankingServiceGrpc.RankingServiceImplBase() {
                  @Override
                  public void rank(RankRequest request, StreamObserver<RankResponse> observer) {
                    if (request.getRequestId().equals("hang")) {
                      hanging.countDown();
                    } else if (request.getRequestId().equals("OK")) {
                      observer.onNext(RankResponse.getDefaultInstance());
                      observer.onCompleted();
                    } else {
                      observer.onError(
                          Status.fromCode(Status.Code.valueOf(request.getRequestId()))
                              .asRuntimeException());
                    }
                  }
                })
            .build()
            .start();
    connections =
        Connections.open(Target.parse("127.0.0.1:" + server.getPort()), Security.NONE, 1, 1);
    calls = new Calls(() -> connections.channel(0), new RankingProtocol().method());
  }

  @AfterEach
  void stop() {
    connections.close();
    server.shutdownNow();
  }

  private record Sent(ClientCall<byte[], byte[]> call, CompletableFuture<CallOutcome> ending) {
    CallOutcome await() throws Exception {
      return ending.get(30, TimeUnit.SECONDS);
    }
  }

  private Sent send(String id, long deadlineNanos) {
    CompletableFuture<CallOutcome> ending = new CompletableFuture<>();
    ClientCall<byte[], byte[]> call =
        calls.send(
            RankRequest.newBuilder().setRequestId(id).build().toByteArray(),
            deadlineNanos,
            (status, fromServer) -> ending.complete(CallOutcome.of(status, fromServer)));
    return new Sent(call, ending);
  }

  @Test
  void theServersWordIsToldFromTheClientsOwn() throws Exception {
    assertThat(send("OK", LONG).await()).isEqualTo(CallOutcome.ANSWERED);
    assertThat(send("RESOURCE_EXHAUSTED", LONG).await()).isEqualTo(CallOutcome.REFUSED);
    assertThat(send("UNAVAILABLE", LONG).await()).isEqualTo(CallOutcome.REFUSED);
    assertThat(send("DEADLINE_EXCEEDED", LONG).await()).isEqualTo(CallOutcome.EXPIRED);
    assertThat(send("INTERNAL", LONG).await()).isEqualTo(CallOutcome.FAILED);
    assertThat(send("CANCELLED", LONG).await()).isEqualTo(CallOutcome.FAILED);
  }

  @Test
  void aCallerMayGiveUp() throws Exception {
    assertThat(send("hang", 30_000_000).await()).isEqualTo(CallOutcome.EXPIRED);
    Sent sent = send("hang", 0);
    sent.call().cancel(CallOutcome.GAVE_UP, null);
    assertThat(sent.await()).isEqualTo(CallOutcome.CANCELLED);
  }

  @Test
  void whatTheServerDropsIsLostAndWhatNeverReachedItIsNot() throws Exception {
    Sent dropped = send("hang", LONG);
    assertThat(hanging.await(30, TimeUnit.SECONDS)).isTrue();
    server.shutdownNow();
    assertThat(server.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(dropped.await()).isEqualTo(CallOutcome.LOST);
    assertThat(send("OK", LONG).await()).isEqualTo(CallOutcome.NOT_SENT);
  }
}
