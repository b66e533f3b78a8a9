package dev.podium.client;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A caller's trace goes out with each call of its request, by an interceptor as tracers have. */
class TraceContextTest {
  private static final Metadata.Key<String> PARENT =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

  /** What a tracer keeps for each thread. */
  private static final ThreadLocal<String> CURRENT = new ThreadLocal<>();

  private final List<String> arrived = new CopyOnWriteArrayList<>();
  private Server server;

  @BeforeEach
  void startServer() throws Exception {
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new FakeRankingService())
            .intercept(
                new ServerInterceptor() {
                  @Override
                  public <Q, A> ServerCall.Listener<Q> interceptCall(
                      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
                    arrived.add(String.valueOf(headers.get(PARENT)));
                    return next.startCall(call, headers);
                  }
                })
            .build()
            .start();
  }

  @AfterEach
  void stopServer() throws Exception {
    server.shutdownNow();
    assertThat(server.awaitTermination(10, SECONDS)).isTrue();
  }

  /** Writes the thread's trace, and marks its place among interceptors. */
  private static ClientInterceptor tracer(String name, List<String> order) {
    return new ClientInterceptor() {
      @Override
      public <Q, A> ClientCall<Q, A> interceptCall(
          MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
        order.add(name);
        String current = CURRENT.get();
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
          @Override
          public void start(Listener<A> listener, Metadata headers) {
            if (current != null && headers.get(PARENT) == null) {
              headers.put(PARENT, current + " by " + name);
            }
            super.start(listener, headers);
          }
        };
      }
    };
  }

  @Test
  void eachPartOfARequestCarriesTheTraceOfWhoAsked() {
    List<String> order = new CopyOnWriteArrayList<>();
    try (RankingClient client =
        RankingClient.builder("127.0.0.1:" + server.getPort())
            .maxCandidatesPerCall(10)
            .intercept(tracer("outer", order))
            .intercept(tracer("inner", order))
            .build()) {
      CURRENT.set("trace-1");
      client.rank(request(30), Duration.ofSeconds(30));
      CURRENT.remove();
      client.rank(request(5), Duration.ofSeconds(30));
    }
    assertThat(arrived)
        .containsExactly("trace-1 by outer", "trace-1 by outer", "trace-1 by outer", "null");
    assertThat(order.subList(0, 2)).containsExactly("outer", "inner");
  }

  private static RankingRequest request(int candidates) {
    RankingRequest.Builder request = RankingRequest.builder("scoring").context("user", 7);
    for (int i = 0; i < candidates; i++) {
      request.addCandidate(i).set("item", i);
    }
    return request.build();
  }
}
