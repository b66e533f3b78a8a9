package dev.podium.client;

import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankResponse;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Deadline;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/**
 * Ranks candidates on a Podium server. Thread-safe: make one and use it as long as the program
 * runs.
 *
 * <pre>{@code
 * try (RankingClient client = RankingClient.builder("127.0.0.1:8001").build()) {
 *   RankingRequest.Builder request = RankingRequest.builder("movies-din").context("user_id", 7).topK(10);
 *   for (Film film : films) {
 *     request.addCandidate(film.id()).set("item_id", film.id()).set("year", film.year());
 *   }
 *   Ranking best = client.rank(request.build());
 * }
 * }</pre>
 */
public final class RankingClient implements AutoCloseable {
  private final Connection connection;
  private final Channel channel;
  private final Sender sender;
  private final Duration defaultDeadline;
  private final Duration closeGrace;
  private final Set<CompletableFuture<Ranking>> inFlight = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  private RankingClient(Builder builder) {
    this.connection = builder.connection.apply(builder.credentials);
    this.channel = ClientInterceptors.intercept(connection.channel(), builder.interceptors);
    this.sender = new SplittingSender(new GrpcSender(channel), builder.maxCandidatesPerCall);
    this.defaultDeadline = builder.defaultDeadline;
    this.closeGrace = builder.closeGrace;
  }

  /**
   * Starts a client of the server at a target: {@code host:port}, {@code dns:///name:port}, {@code
   * unix:/path} (a Unix domain socket), or any other target that gRPC resolves. The client connects
   * at the first call.
   */
  public static Builder builder(String target) {
    return new Builder(credentials -> Connection.open(target, credentials));
  }

  /**
   * Starts a client over a channel of the caller's, with the caller's interceptors. The client does
   * not close it.
   */
  public static Builder builder(Channel channel) {
    return new Builder(credentials -> Connection.borrowed(channel));
  }

  /** As {@link #rankAsync(RankingRequest, Duration)} with the client's default deadline. */
  public CompletableFuture<Ranking> rankAsync(RankingRequest request) {
    return rankAsync(request, defaultDeadline);
  }

  /**
   * Ranks without blocking. Stages of the future run on gRPC's threads; run a stage that blocks on
   * an executor of your own.
   *
   * @param deadline time from now until the scores must be here. The server gets it with the
   *     request, and starts no work after it.
   * @return a future that fails only with {@link RankingException}. Cancel it to cancel the
   *     request's calls.
   */
  public CompletableFuture<Ranking> rankAsync(RankingRequest request, Duration deadline) {
    requirePositive("deadline", deadline);
    var ranking = new CompletableFuture<Ranking>();
    // First tracked, then the look at the flag: close() sets the flag, then looks who is tracked.
    track(ranking);
    if (closed) {
      ranking.completeExceptionally(
          new RankingException(Status.Code.UNAVAILABLE, "the client is closed", null));
      return ranking;
    }
    CompletableFuture<RankResponse> answer =
        sender.send(request.message(), Deadline.after(deadline.toNanos(), TimeUnit.NANOSECONDS));
    Futures.onEnd(
        answer,
        (response, failure) -> {
          if (failure == null) {
            ranking.complete(new Ranking(request.message(), response));
          } else {
            ranking.completeExceptionally(RankingException.of(failure));
          }
        });
    Futures.onEnd(ranking, (done, failure) -> answer.cancel(false));
    return ranking;
  }

  /** As {@link #rank(RankingRequest, Duration)} with the client's default deadline. */
  public Ranking rank(RankingRequest request) {
    return rank(request, defaultDeadline);
  }

  /**
   * Ranks, and waits for the scores. If the waiting thread is interrupted, the request is
   * cancelled.
   *
   * @param deadline time from now until the scores must be here
   * @throws RankingException if there are no scores
   */
  public Ranking rank(RankingRequest request, Duration deadline) {
    CompletableFuture<Ranking> ranking = rankAsync(request, deadline);
    try {
      return ranking.get();
    } catch (InterruptedException e) {
      ranking.cancel(false);
      Thread.currentThread().interrupt();
      throw new RankingException(Status.Code.CANCELLED, "interrupted while waiting", e);
    } catch (ExecutionException e) {
      throw RankingException.of(e.getCause()).rethrown();
    }
  }

  /**
   * Asks the server for the signature of a model's newest available version: the features that it
   * takes, and the outputs that it gives.
   *
   * @throws RankingException if the server has no such model, or does not answer within the default
   *     deadline
   */
  public Model model(String name) {
    try {
      return ModelServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(defaultDeadline.toNanos(), TimeUnit.NANOSECONDS)
          .getModel(
              GetModelRequest.newBuilder().setModel(ModelSpec.newBuilder().setName(name)).build());
    } catch (StatusRuntimeException e) {
      throw RankingException.of(e);
    }
  }

  /**
   * Takes no more requests, and gives the requests in flight the grace time to finish. Then it
   * fails the rest with {@code CANCELLED}, and closes the connection unless the channel is the
   * caller's.
   */
  @Override
  public void close() {
    closed = true;
    try {
      CompletableFuture.allOf(inFlight.toArray(CompletableFuture[]::new))
          .get(closeGrace.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      // Those that failed are done; those that are late are failed below.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    for (CompletableFuture<Ranking> late : inFlight) {
      late.completeExceptionally(
          new RankingException(Status.Code.CANCELLED, "the client was closed", null));
    }
    connection.close().run();
  }

  @SuppressWarnings(
      "CollectionUndefinedEquality") // a future equals itself alone, as it should here
  private void track(CompletableFuture<Ranking> ranking) {
    inFlight.add(ranking);
    Futures.onEnd(ranking, (done, failure) -> inFlight.remove(ranking));
  }

  private static void requirePositive(String what, Duration duration) {
    if (duration.isNegative() || duration.isZero()) {
      throw Problem.of(what, duration.toString(), "more than zero");
    }
  }

  /** Options of a client. Not thread-safe. */
  public static final class Builder {
    private final Function<ChannelCredentials, Connection> connection;
    private ChannelCredentials credentials = InsecureChannelCredentials.create();
    private Duration defaultDeadline = Duration.ofSeconds(1);
    private Duration closeGrace = Duration.ofSeconds(5);
    private int maxCandidatesPerCall = 10_000;
    private final List<ClientInterceptor> interceptors = new ArrayList<>();

    private Builder(Function<ChannelCredentials, Connection> connection) {
      this.connection = connection;
    }

    /** Speaks TLS and trusts the platform's certificate authorities. Default: plain text. */
    public Builder tls() {
      return credentials(TlsChannelCredentials.create());
    }

    /**
     * Speaks TLS with these credentials: authorities of your own, a client certificate. Default:
     * plain text.
     */
    public Builder credentials(ChannelCredentials credentials) {
      this.credentials = credentials;
      return this;
    }

    /**
     * Puts an interceptor around every call, such as OpenTelemetry's, which passes the caller's
     * trace on. The first interceptor added is the outermost. An interceptor runs on the thread
     * that asks for the ranking, with one exception: if the client sends parts of a split request
     * again, to the newer of two versions, it does so on gRPC's threads.
     */
    public Builder intercept(ClientInterceptor interceptor) {
      interceptors.add(0, Objects.requireNonNull(interceptor));
      return this;
    }

    /** Deadline of calls that name none. Default: 1 second. */
    public Builder defaultDeadline(Duration deadline) {
      requirePositive("defaultDeadline", deadline);
      this.defaultDeadline = deadline;
      return this;
    }

    /** How long {@link RankingClient#close} waits for requests in flight. Default: 5 seconds. */
    public Builder closeGrace(Duration grace) {
      if (grace.isNegative()) {
        throw Problem.of("closeGrace", grace.toString(), "zero or more");
      }
      this.closeGrace = grace;
      return this;
    }

    /**
     * The most candidates of one call. A request with more is split into parts, which are sent side
     * by side. Range: 1 to 2^31-1. Default: 10,000, which is also the server's default bound.
     */
    public Builder maxCandidatesPerCall(int max) {
      if (max < 1) {
        throw Problem.of("maxCandidatesPerCall", Integer.toString(max), "1 or more");
      }
      this.maxCandidatesPerCall = max;
      return this;
    }

    /** Makes the client; it connects at its first call. */
    public RankingClient build() {
      return new RankingClient(this);
    }
  }
}
