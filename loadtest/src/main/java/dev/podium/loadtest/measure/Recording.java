package dev.podium.loadtest.measure;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/**
 * What became of a run's requests: one {@link StepRecording} for each step, and a live view.
 * Thread-safe.
 */
public final class Recording {
  private static final int MOST_SLICES = 150;

  private final List<StepRecording> steps;
  private final Recorder live = new Recorder(TimeUnit.MINUTES.toMicros(10), 3);
  private final LongAdder liveFailures = new LongAdder();
  private final AtomicLong inFlight = new AtomicLong();

  /** A recording of a plan, in slices of at least a second. */
  public Recording(ArrivalPlan plan) {
    long slice = Math.max(1_000_000_000L, plan.durationNanos() / MOST_SLICES);
    this.steps = plan.steps().stream().map(step -> new StepRecording(step, slice)).toList();
  }

  /** The recordings of the plan's steps, the warm-up included, in order. */
  public List<StepRecording> steps() {
    return steps;
  }

  /** The recordings of the steps that count, as far as the run came; at least one. */
  public List<StepRecording> measured() {
    List<StepRecording> measured =
        steps.stream().filter(recording -> !recording.step().warmUp()).toList();
    int begun = (int) measured.stream().takeWhile(recording -> recording.started() > 0).count();
    return measured.subList(0, Math.max(1, begun));
  }

  void sent() {
    inFlight.incrementAndGet();
  }

  void answered(long latencyNanos) {
    inFlight.decrementAndGet();
    live.recordValue(Math.min(TimeUnit.MINUTES.toMicros(10), latencyNanos / 1000));
  }

  void failed() {
    inFlight.decrementAndGet();
    liveFailures.increment();
  }

  void refused() {
    liveFailures.increment();
  }

  /** Requests sent and not yet answered. */
  public long inFlight() {
    return inFlight.get();
  }

  /**
   * Answers and failures since the last look.
   *
   * @param latency in microseconds
   */
  public record Interval(Histogram latency, long failures, long inFlight) {}

  /** Takes what came since the last look; for one thread. */
  public Interval nextInterval() {
    return new Interval(live.getIntervalHistogram(), liveFailures.sumThenReset(), inFlight.get());
  }
}
