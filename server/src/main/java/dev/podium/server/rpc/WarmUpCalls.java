package dev.podium.server.rpc;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.server.repository.ModelRepository;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Ranks examples over and over for a while, so that by the time of the first caller the classes are
 * loaded and the hot methods compiled.
 */
public final class WarmUpCalls {
  private static final int AT_ONCE = 8;

  private final RankingServiceGrpc.RankingServiceStub stub;
  private final List<RankRequest> examples;
  private final LongSupplier clock;
  private final long end;
  private final AtomicInteger started = new AtomicInteger();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final CountDownLatch running = new CountDownLatch(AT_ONCE);

  private WarmUpCalls(Channel channel, List<RankRequest> examples, long nanos, LongSupplier clock) {
    this.stub = RankingServiceGrpc.newStub(channel);
    this.examples = examples;
    this.clock = clock;
    this.end = clock.getAsLong() + nanos;
  }

  /**
   * What came of it.
   *
   * @param answered requests that were ranked
   * @param failure why the calls stopped early; null if they didn't
   */
  public record Result(int answered, Throwable failure) {}

  /**
   * Calls until the time is over, or a call fails; not at all if there are no examples.
   *
   * @param channel to the services that shall be warm
   * @param repository where the examples are
   * @param clock nanoseconds
   */
  public static Result run(
      Channel channel, ModelRepository repository, long nanos, LongSupplier clock) {
    List<RankRequest> examples = repository.examples();
    if (examples.isEmpty()) {
      return new Result(0, null);
    }
    // So that each stretch of time has requests of all models.
    Collections.shuffle(examples, new Random(1));
    WarmUpCalls calls = new WarmUpCalls(channel, examples, nanos, clock);
    for (int i = 0; i < AT_ONCE; i++) {
      calls.next();
    }
    try {
      if (!calls.running.await(nanos + TimeUnit.SECONDS.toNanos(10), TimeUnit.NANOSECONDS)) {
        calls.failure.compareAndSet(null, new IllegalStateException("a call has no answer"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Result(calls.answered.get(), calls.failure.get());
  }

  private void next() {
    if (clock.getAsLong() - end >= 0 || failure.get() != null) {
      running.countDown();
      return;
    }
    RankRequest request = examples.get(started.getAndIncrement() % examples.size());
    stub.rank(
        request,
        new StreamObserver<RankResponse>() {
          @Override
          public void onNext(RankResponse response) {
            answered.incrementAndGet();
          }

          @Override
          public void onError(Throwable cause) {
            failure.compareAndSet(null, cause);
            running.countDown();
          }

          @Override
          public void onCompleted() {
            next();
          }
        });
  }
}
