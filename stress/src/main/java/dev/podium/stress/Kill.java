package dev.podium.stress;

import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * SIGTERM under load, many times: callers go on until the server says that it stops, or is gone.
 */
final class Kill {
  private static final int CALLERS = 16;
  private static final long DEADLINE_NANOS = 30_000_000_000L;
  private static final long EXIT_SECONDS = 60;

  private static final List<String> COLUMNS =
      List.of(
          "time",
          "sent",
          "answered",
          "in flight at SIGTERM",
          "refused",
          "by status",
          "not sent",
          "expired",
          "failed",
          "lost",
          "exit status",
          "exit ms");

  private final Calls calls;
  private final RequestPool pool;
  private final Tally tally = new Tally();
  private final AtomicInteger next = new AtomicInteger();
  private final CountDownLatch running = new CountDownLatch(CALLERS);
  private final ExecutorService sender;

  private Kill(Calls calls, RequestPool pool, ExecutorService sender) {
    this.calls = calls;
    this.pool = pool;
    this.sender = sender;
  }

  /** Runs it: starts and kills a server so many times. */
  static StressReport run(Rig rig, int times) {
    List<List<Object>> rows = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    long lost = 0;
    long failed = 0;
    int unclean = 0;
    int idle = 0;
    for (int i = 1; i <= times; i++) {
      ExecutorService sender = Executors.newSingleThreadExecutor();
      try (Subject subject =
          rig.start("podium, to be killed, " + i + " of " + times, rig.models())) {
        Kill kill =
            new Kill(
                subject.calls(),
                // DIN: requests that are many tiles long, some waiting and some running.
                subject.pool("din", new Sizes.Fixed(500), 32, rig.seed() + i),
                sender);
        long inFlight = kill.load(rig.seconds(1.5, 0.7));
        long begin = System.nanoTime();
        subject.process().terminate();
        int status = subject.process().exitStatus(EXIT_SECONDS);
        double millis = (System.nanoTime() - begin) / 1e6;
        kill.await();
        Tally tally = kill.tally;
        lost += tally.lost();
        failed += tally.count(CallOutcome.FAILED) + tally.count(CallOutcome.EXPIRED);
        unclean += status == 0 ? 0 : 1;
        idle += inFlight > 0 ? 0 : 1;
        rows.add(row(i, tally, inFlight, status, millis));
        for (CallOutcome ending : new CallOutcome[] {CallOutcome.LOST, CallOutcome.FAILED}) {
          if (tally.example(ending) != null) {
            notes.add("time " + i + ", " + ending + ": " + tally.example(ending));
          }
        }
      } finally {
        sender.shutdownNow();
      }
    }
    return rig.report(
        "kill",
        COLUMNS,
        rows,
        notes,
        List.of(
            Criterion.atMost("admitted requests lost", lost, 0),
            Criterion.atMost("admitted requests that failed or expired", failed, 0),
            Criterion.atMost("exits with another status than 0", unclean, 0),
            Criterion.atMost("times without a request in flight at SIGTERM", idle, 0)));
  }

  private static List<Object> row(int time, Tally tally, long inFlight, int status, double millis) {
    return Arrays.asList(
        Integer.toString(time),
        tally.sent(),
        tally.count(CallOutcome.ANSWERED),
        inFlight,
        tally.count(CallOutcome.REFUSED),
        tally.refusals().isEmpty() ? "-" : tally.refusals().toString(),
        tally.count(CallOutcome.NOT_SENT),
        tally.count(CallOutcome.EXPIRED),
        tally.count(CallOutcome.FAILED),
        tally.lost(),
        status,
        millis);
  }

  /**
   * Starts the callers and lets them work for a time; they go on after it.
   *
   * @return requests in flight then
   */
  private long load(long nanos) {
    for (int i = 0; i < CALLERS; i++) {
      sender.execute(this::send);
    }
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Clock.SYSTEM.parkUntil(end);
    }
    return tally.inFlight();
  }

  private void send() {
    tally.started();
    long begin = System.nanoTime();
    calls.send(
        pool.request(next.getAndIncrement()),
        DEADLINE_NANOS,
        (status, fromServer) -> {
          CallOutcome ending =
              tally.ended(status, fromServer, System.nanoTime() - begin, 0, DEADLINE_NANOS);
          if (goesOn(ending, status)) {
            sender.execute(this::send);
          } else {
            running.countDown();
          }
        });
  }

  /** A caller goes on until the server says that it stops, or is no more. */
  private static boolean goesOn(CallOutcome ending, Status status) {
    return ending == CallOutcome.ANSWERED
        || (ending == CallOutcome.REFUSED && status.getCode() == Status.Code.RESOURCE_EXHAUSTED);
  }

  private void await() {
    try {
      if (!running.await(TimeUnit.NANOSECONDS.toSeconds(DEADLINE_NANOS) + 5, TimeUnit.SECONDS)) {
        throw new WorkFailedException("callers still wait for the server that ended");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new WorkFailedException("interrupted", e);
    }
  }
}
