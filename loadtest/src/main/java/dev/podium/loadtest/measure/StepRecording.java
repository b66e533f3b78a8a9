package dev.podium.loadtest.measure;

import dev.podium.loadtest.arrivals.Step;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * What became of one step's requests. Latencies of answered requests go to histograms in
 * microseconds; every other request is counted by its status. Completions may be recorded by many
 * threads; lag by the sender alone.
 */
public final class StepRecording {
  /** Ten minutes: longer latencies are recorded as that. */
  private static final long LARGEST_MICROS = 600_000_000L;

  private final Step step;
  private final long sliceNanos;
  private final ConcurrentHistogram latency = new ConcurrentHistogram(LARGEST_MICROS, 3);
  private final ConcurrentHistogram[] slices;
  private final AtomicIntegerArray sliceFailures;
  private final int[] slicePlanned;
  private final Histogram lag = new Histogram(LARGEST_MICROS, 3);
  private volatile long lengthNanos;
  private final Map<String, Failure> failures = new ConcurrentHashMap<>();

  /** Requests that failed in one way. */
  private static final class Failure {
    final LongAdder count = new LongAdder();
    final String example;

    Failure(String example) {
      this.example = example;
    }
  }

  /** A count of failures with the words of the first. */
  public record FailureCount(long count, String example) {}

  StepRecording(Step step, long sliceNanos) {
    this.step = step;
    this.sliceNanos = sliceNanos;
    this.lengthNanos = step.durationNanos();
    int count = (int) Math.max(1, (step.durationNanos() + sliceNanos - 1) / sliceNanos);
    this.slices = new ConcurrentHistogram[count];
    for (int i = 0; i < count; i++) {
      slices[i] = new ConcurrentHistogram(LARGEST_MICROS, 2);
    }
    this.sliceFailures = new AtomicIntegerArray(count);
    this.slicePlanned = new int[count];
  }

  private int slice(long offsetNanos) {
    return (int) Math.min(slices.length - 1, (offsetNanos - step.startNanos()) / sliceNanos);
  }

  void started(long offsetNanos, long lagNanos) {
    slicePlanned[slice(offsetNanos)]++;
    lag.recordValue(Math.min(LARGEST_MICROS, lagNanos / 1000));
  }

  void answered(long offsetNanos, long latencyNanos) {
    long micros = Math.min(LARGEST_MICROS, latencyNanos / 1000);
    latency.recordValue(micros);
    slices[slice(offsetNanos)].recordValue(micros);
  }

  void failed(long offsetNanos, String status, String description) {
    failures.computeIfAbsent(status, key -> new Failure(description)).count.increment();
    sliceFailures.incrementAndGet(slice(offsetNanos));
  }

  /**
   * Counts every request that was started and has not ended as a failure. Nothing may be recorded
   * after it.
   */
  void closeUnanswered() {
    for (int i = 0; i < slices.length; i++) {
      long open = slicePlanned[i] - slices[i].getTotalCount() - sliceFailures.get(i);
      for (long n = 0; n < open; n++) {
        failed(step.startNanos() + i * sliceNanos, OpenLoop.UNANSWERED, "the call did not end");
      }
    }
  }

  /** The run ended here, before its plan did. */
  void endedAt(long elapsedNanos) {
    lengthNanos = Math.max(0, Math.min(step.durationNanos(), elapsedNanos - step.startNanos()));
  }

  /** Length of the step as far as it was run, in nanoseconds. */
  public long lengthNanos() {
    return lengthNanos;
  }

  /** The step. */
  public Step step() {
    return step;
  }

  /** Latencies of answered requests from their planned time, in microseconds. */
  public Histogram latency() {
    return latency;
  }

  /** How much later than planned requests were sent, in microseconds. */
  public Histogram lag() {
    return lag;
  }

  /** Failures by status. */
  public Map<String, FailureCount> failures() {
    Map<String, FailureCount> counts = new TreeMap<>();
    failures.forEach(
        (status, failure) ->
            counts.put(status, new FailureCount(failure.count.sum(), failure.example)));
    return counts;
  }

  /** Number of failures. */
  public long failed() {
    return failures.values().stream().mapToLong(failure -> failure.count.sum()).sum();
  }

  /**
   * Number of requests that were due, and sent or refused by the generator's own bound, before the
   * run ended.
   */
  public long started() {
    return lag.getTotalCount();
  }

  /** Number of slices of time. */
  public int slices() {
    return slices.length;
  }

  /** Length of a slice in nanoseconds; the last one may be shorter. */
  public long sliceNanos() {
    return sliceNanos;
  }

  /** Latencies of answered requests that were planned in a slice, in microseconds. */
  public Histogram sliceLatency(int slice) {
    return slices[slice];
  }

  /** Failures of requests that were planned in a slice. */
  public int sliceFailures(int slice) {
    return sliceFailures.get(slice);
  }

  /** Requests that became due in a slice. */
  public int slicePlanned(int slice) {
    return slicePlanned[slice];
  }

  /**
   * A latency in milliseconds that this share of <em>all</em> requests kept to; a failed request is
   * later than any, so that a server can't better its percentiles by failing.
   *
   * @param quantile from 0 to 1
   * @return infinity if more requests failed than may be later; NaN if there were no requests
   */
  public double quantileMillis(double quantile) {
    long answered = latency.getTotalCount();
    long all = answered + failed();
    if (all == 0) {
      return Double.NaN;
    }
    long rank = Math.max(1, (long) Math.ceil(quantile * all - 1e-9));
    return rank > answered
        ? Double.POSITIVE_INFINITY
        : latency.getValueAtPercentile(100.0 * rank / answered) / 1000.0;
  }

  /** Failures as a share of all requests; NaN if there were none. */
  public double errorShare() {
    long failed = failed();
    return (double) failed / (failed + latency.getTotalCount());
  }

  /** Answered requests a second of the step as far as it was run; NaN if it was not. */
  public double answeredPerSecond() {
    return latency.getTotalCount() / (lengthNanos / 1e9);
  }
}
