package dev.podium.stress;

import dev.podium.loadtest.bench.ClosedLoop;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import io.grpc.ClientCall;
import io.grpc.Status;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Callers who give up, half of them by cancelling and half by a short deadline, while other callers
 * keep the server busy. The server counts the rows that ran for them after their end.
 */
final class Expiry {
  private static final String MODEL = "din";
  private static final int CANDIDATES = 500;

  /** Requests in flight whose callers may give up. */
  private static final int IMPATIENT = 16;

  private static final int PATIENT = 2;

  /** Patience is drawn evenly up to this. */
  private static final long MAX_PATIENCE_NANOS = 40_000_000;

  private static final long SLICE_NANOS = 1_000_000_000L;
  private static final long MAX_SECONDS = 300;

  private static final List<String> COLUMNS =
      List.of(
          "callers",
          "sent",
          "answered",
          "refused",
          "gave up",
          "failed",
          "lost",
          "p50 ms",
          "p99 ms");

  private final Subject subject;
  private final RequestPool pool;
  private final int wanted;
  private final int ceiling;
  private final SplittableRandom random;
  private final Tally cancelling = new Tally();
  private final Tally expiring = new Tally();
  private final AtomicInteger sent = new AtomicInteger();
  private final CountDownLatch running = new CountDownLatch(IMPATIENT);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "stress-patience");
            thread.setDaemon(true);
            return thread;
          });

  private Expiry(Subject subject, RequestPool pool, int wanted, long seed) {
    this.subject = subject;
    this.pool = pool;
    this.wanted = wanted;
    // Some are answered or refused before their callers give up: others are sent in their place.
    this.ceiling = wanted * 20;
    this.random = new SplittableRandom(seed);
  }

  /**
   * Runs it.
   *
   * @param requests how many callers shall have given up
   */
  static StressReport run(Rig rig, int requests) {
    Subject subject = rig.start("podium", rig.models());
    RequestPool pool = subject.pool(MODEL, new Sizes.Fixed(CANDIDATES), 64, rig.seed());
    subject.warmUp(pool, 4, rig.seconds(8, 0.5));
    Expiry expiry = new Expiry(subject, pool, requests, rig.seed());
    try {
      return expiry.run(rig);
    } finally {
      expiry.timer.shutdownNow();
    }
  }

  private StressReport run(Rig rig) {
    rig.say("%d callers give up%n", wanted);
    Metrics before = subject.metrics();
    AtomicBoolean stop = new AtomicBoolean();
    CompletableFuture<ClosedLoop.Stretch> load =
        CompletableFuture.supplyAsync(
            () -> {
              ClosedLoop.Stretch last;
              do {
                last = subject.saturate(pool, PATIENT, SLICE_NANOS);
              } while (!stop.get());
              return last;
            });
    Calls calls = subject.calls();
    for (int i = 0; i < IMPATIENT; i++) {
      next(calls);
    }
    boolean ended = await();
    stop.set(true);
    ClosedLoop.Stretch patient = load.join();
    settle();
    Metrics after = subject.metrics();

    long gaveUp = gaveUp();
    double tiles = difference(before, after, "podium_tiles_total");
    double tileRows = difference(before, after, "podium_tile_capacity_rows_total") / tiles;
    double abandoned = difference(before, after, "podium_abandoned_rows_total");
    double ran = difference(before, after, "podium_tile_rows_total");
    double answered = difference(before, after, "podium_rows_total");
    List<String> notes =
        List.of(
            String.format(
                Locale.ROOT,
                "%d callers gave up; %.0f rows ran after their request's end, %.1f a request; a tile has %.0f rows",
                gaveUp,
                abandoned,
                abandoned / Math.max(1, gaveUp),
                tileRows),
            String.format(
                Locale.ROOT,
                "%.0f rows ran in all, %.0f were answered: the rest ran before their caller gave up, or are those above",
                ran,
                answered),
            String.format(
                Locale.ROOT,
                "beside them %d patient callers: p50 %.1f ms in the last second",
                PATIENT,
                patient.latency().getValueAtPercentile(50) / 1000.0));
    return rig.report(
        "expiry",
        COLUMNS,
        List.of(row("who cancel", cancelling), row("with deadlines", expiring)),
        notes,
        List.of(
            Criterion.atLeast("callers who gave up", gaveUp, wanted),
            Criterion.atMost(
                "rows run after their request's end, a request, in tiles",
                abandoned / Math.max(1, gaveUp) / tileRows,
                1),
            Criterion.atMost(
                "requests lost without a status",
                cancelling.lost() + expiring.lost() + (ended ? 0 : 1),
                0),
            Criterion.atMost(
                "requests still in the server's work at the end",
                after.sum("podium_requests_in_work"),
                0)));
  }

  private static double difference(Metrics before, Metrics after, String name) {
    String model = "model=\"" + MODEL + "\"";
    return after.sum(name, model) - before.sum(name, model);
  }

  private static List<Object> row(String name, Tally tally) {
    return Arrays.asList(
        name,
        tally.sent(),
        tally.count(CallOutcome.ANSWERED),
        tally.count(CallOutcome.REFUSED),
        tally.count(CallOutcome.CANCELLED) + tally.count(CallOutcome.EXPIRED),
        tally.count(CallOutcome.FAILED) + tally.count(CallOutcome.NOT_SENT),
        tally.lost(),
        tally.millis(50),
        tally.millis(99));
  }

  private long gaveUp() {
    return cancelling.count(CallOutcome.CANCELLED)
        + expiring.count(CallOutcome.EXPIRED)
        + expiring.count(CallOutcome.CANCELLED);
  }

  private boolean await() {
    try {
      return running.await(MAX_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WorkFailedException("interrupted", e);
    }
  }

  /** The server may be at the last tiles still; a few looks, each a request that takes its time. */
  private void settle() {
    for (int look = 0; look < 100; look++) {
      if (subject.metrics().sum("podium_requests_in_work") == 0) {
        return;
      }
    }
  }

  private void next(Calls calls) {
    int number = sent.getAndIncrement();
    if (gaveUp() >= wanted || number >= ceiling) {
      running.countDown();
      return;
    }
    long patience;
    synchronized (random) {
      patience = random.nextLong(1, MAX_PATIENCE_NANOS);
    }
    long begin = System.nanoTime();
    boolean cancels = number % 2 == 0;
    Tally tally = cancels ? cancelling : expiring;
    tally.started();
    ClientCall<byte[], byte[]> call =
        calls.send(
            pool.request(number),
            cancels ? 0 : patience,
            (status, fromServer) -> {
              tally.ended(status, fromServer, System.nanoTime() - begin, 0, patience);
              again(calls, status);
            });
    if (cancels) {
      timer.schedule(() -> call.cancel(CallOutcome.GAVE_UP, null), patience, TimeUnit.NANOSECONDS);
    }
  }

  /** On the timer's thread: a call that ends while it is sent would otherwise nest in itself. */
  private void again(Calls calls, Status status) {
    if (status.getCode() == Status.Code.UNAVAILABLE) {
      running.countDown();
    } else {
      timer.execute(() -> next(calls));
    }
  }
}
