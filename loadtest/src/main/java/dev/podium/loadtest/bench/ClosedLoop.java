package dev.podium.loadtest.bench;

import dev.podium.loadtest.measure.Transport;
import dev.podium.loadtest.workload.RequestPool;
import io.grpc.Status;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Some callers, each with one request in flight at all times: keeps a server busy while the cost of
 * a request is measured. Its latencies are those of the callers, not of planned load, so use the
 * open loop to judge latency.
 */
public final class ClosedLoop {
  private static final long DEADLINE_NANOS = 60_000_000_000L;

  private final Transport transport;
  private final RequestPool pool;
  private final long end;
  private final CountDownLatch running;
  private final AtomicLong next = new AtomicLong();
  private final LongAdder failed = new LongAdder();
  private final AtomicReference<String> firstFailure = new AtomicReference<>();
  private final ConcurrentHistogram latency = new ConcurrentHistogram(600_000_000L, 3);

  /**
   * What came of it.
   *
   * @param latency of answered requests, in microseconds
   * @param firstFailure null if none failed
   */
  public record Stretch(
      long answered, long failed, long wallNanos, Histogram latency, String firstFailure) {}

  private ClosedLoop(Transport transport, RequestPool pool, int callers, long end) {
    this.transport = transport;
    this.pool = pool;
    this.end = end;
    this.running = new CountDownLatch(callers);
  }

  /**
   * Runs for a time and until the last answer; each caller sends at least one request.
   *
   * @param transport may be used by several threads
   */
  public static Stretch run(Transport transport, RequestPool pool, int callers, long nanos) {
    long begin = System.nanoTime();
    ClosedLoop loop = new ClosedLoop(transport, pool, callers, begin + nanos);
    for (int i = 0; i < callers; i++) {
      loop.send();
    }
    try {
      loop.running.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return new Stretch(
        loop.latency.getTotalCount(),
        loop.failed.sum(),
        System.nanoTime() - begin,
        loop.latency,
        loop.firstFailure.get());
  }

  private void send() {
    long from = System.nanoTime();
    transport.send(
        pool.request(next.getAndIncrement()),
        DEADLINE_NANOS,
        (status, response) -> ended(from, status));
  }

  private void ended(long from, Status status) {
    long now = System.nanoTime();
    if (status.isOk()) {
      latency.recordValue((now - from) / 1000);
    } else {
      failed.increment();
      firstFailure.compareAndSet(null, status.getCode() + " " + status.getDescription());
    }
    // A server that is gone would be asked again and again at once.
    if (now < end && status.getCode() != Status.Code.UNAVAILABLE) {
      send();
    } else {
      running.countDown();
    }
  }
}
