package dev.podium.server.telemetry;

import com.sun.management.OperatingSystemMXBean;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import dev.podium.server.schedule.SchedulerSnapshot;
import java.lang.management.ManagementFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * How loaded the server is: measured again when asked for and the last answer is a second old.
 * Thread-safe.
 */
public final class LoadMeter {
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * How loaded the server is.
   *
   * @param cpu share of the processors that the process may use
   * @param utilization share of the workers that have something to do, and above 1 the expected
   *     wait for one, in seconds
   * @param requestsPerSecond accepted requests that ended
   * @param failuresPerSecond those that were not answered
   * @param queueSeconds expected time to work the queue off
   * @param waitingRows rows in the queue
   */
  public record Load(
      double cpu,
      double utilization,
      double requestsPerSecond,
      double failuresPerSecond,
      double queueSeconds,
      long waitingRows) {}

  private final Telemetry telemetry;
  private final Supplier<SchedulerSnapshot> scheduler;
  private final LongSupplier clock;
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private volatile Load load = new Load(0, 0, 0, 0, 0, 0);
  private volatile long measuredAt;
  private long requests;
  private long failures;

  /**
   * @param clock nanoseconds
   */
  public LoadMeter(Telemetry telemetry, Supplier<SchedulerSnapshot> scheduler, LongSupplier clock) {
    this.telemetry = telemetry;
    this.scheduler = scheduler;
    this.clock = clock;
    this.measuredAt = clock.getAsLong() - FRESH_NANOS;
  }

  /** The load, at most a second old. */
  public Load read() {
    if (clock.getAsLong() - measuredAt >= FRESH_NANOS) {
      measure();
    }
    return load;
  }

  private synchronized void measure() {
    long now = clock.getAsLong();
    double seconds = (now - measuredAt) * 1e-9;
    if (seconds < FRESH_NANOS * 1e-9) {
      return;
    }
    long ended = 0;
    long failed = 0;
    for (VersionMeters meters : telemetry.all()) {
      for (Outcome outcome : Outcome.values()) {
        long count = meters.total(outcome).count();
        ended += count;
        failed += outcome == Outcome.SCORED || outcome == Outcome.PARTIAL ? 0 : count;
      }
    }
    SchedulerSnapshot work = scheduler.get();
    double queue = work.waitingMicros() * 1e-6;
    load =
        new Load(
            Math.max(0, system.getProcessCpuLoad()),
            (double) work.busyWorkers() / work.workers() + queue,
            Math.max(0, ended - requests) / seconds,
            Math.max(0, failed - failures) / seconds,
            queue,
            work.waitingRows());
    requests = ended;
    failures = failed;
    measuredAt = now;
  }
}
