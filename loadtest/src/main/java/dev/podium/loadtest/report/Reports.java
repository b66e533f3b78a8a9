package dev.podium.loadtest.report;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.measure.Lateness;
import dev.podium.loadtest.measure.StepRecording;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/** From recordings to the parts of a report. */
public final class Reports {
  private static final int HEAT_BUCKETS_PER_DOUBLING = 4;

  private Reports() {}

  /**
   * A step.
   *
   * @param candidates mean number of candidates of a request
   * @param maxLagMillis the lag that the user allows; NaN for the usual bound
   */
  public static RunReport.Step step(
      StepRecording recording, double candidates, double maxLagMillis) {
    Histogram latency = recording.latency();
    Map<String, RunReport.Failures> failures = new LinkedHashMap<>();
    recording
        .failures()
        .forEach(
            (status, failure) ->
                failures.put(status, new RunReport.Failures(failure.count(), failure.example())));
    double seconds = recording.lengthNanos() / 1e9;
    return new RunReport.Step(
        recording.step().rate(),
        recording.step().startNanos() / 1e9,
        seconds,
        recording.step().planned(),
        recording.started(),
        latency.getTotalCount(),
        recording.failed(),
        failures,
        seconds == 0 ? 0 : recording.answeredPerSecond(),
        seconds == 0 ? 0 : recording.answeredPerSecond() * candidates,
        recording.lag().getValueAtPercentile(99) / 1000.0,
        Lateness.verdict(recording, maxLagMillis),
        latency.getTotalCount() == 0 ? null : latency(latency),
        percentiles(latency),
        slices(recording));
  }

  private static RunReport.Latency latency(Histogram latency) {
    return new RunReport.Latency(
        latency.getMean() / 1000,
        millis(latency, 50),
        millis(latency, 90),
        millis(latency, 95),
        millis(latency, 99),
        millis(latency, 99.9),
        latency.getMaxValue() / 1000.0);
  }

  private static double millis(Histogram latency, double percentile) {
    return latency.getValueAtPercentile(percentile) / 1000.0;
  }

  private static List<double[]> percentiles(Histogram latency) {
    List<double[]> points = new ArrayList<>();
    if (latency.getTotalCount() > 0) {
      for (HistogramIterationValue value : latency.percentiles(5)) {
        points.add(
            new double[] {
              value.getPercentileLevelIteratedTo() / 100, value.getValueIteratedTo() / 1000.0
            });
      }
    }
    return points;
  }

  private static List<RunReport.Slice> slices(StepRecording recording) {
    List<RunReport.Slice> slices = new ArrayList<>();
    for (int i = 0; i < recording.slices(); i++) {
      Histogram latency = recording.sliceLatency(i);
      long start = i * recording.sliceNanos();
      if (start >= recording.lengthNanos()) {
        break;
      }
      long length = Math.min(recording.sliceNanos(), recording.lengthNanos() - start);
      boolean empty = latency.getTotalCount() == 0;
      slices.add(
          new RunReport.Slice(
              (recording.step().startNanos() + start) / 1e9,
              length / 1e9,
              recording.slicePlanned(i),
              latency.getTotalCount(),
              recording.sliceFailures(i),
              empty ? null : millis(latency, 50),
              empty ? null : millis(latency, 90),
              empty ? null : millis(latency, 99),
              empty ? null : latency.getMaxValue() / 1000.0,
              heat(latency)));
    }
    return slices;
  }

  private static List<long[]> heat(Histogram latency) {
    Map<Long, Long> buckets = new TreeMap<>();
    for (HistogramIterationValue value : latency.recordedValues()) {
      double micros = Math.max(1, value.getValueIteratedTo());
      long bucket = (long) Math.floor(Math.log(micros) / Math.log(2) * HEAT_BUCKETS_PER_DOUBLING);
      buckets.merge(bucket, value.getCountAddedInThisIterationStep(), Long::sum);
    }
    List<long[]> pairs = new ArrayList<>();
    buckets.forEach((bucket, count) -> pairs.add(new long[] {bucket, count}));
    return pairs;
  }

  /** The warm-up, or null if the plan has none. */
  public static RunReport.WarmUp warmUp(ArrivalPlan plan, List<StepRecording> recordings) {
    if (!plan.steps().get(0).warmUp()) {
      return null;
    }
    StepRecording warmUp = recordings.get(0);
    return new RunReport.WarmUp(
        warmUp.step().durationNanos() / 1e9,
        warmUp.started(),
        warmUp.latency().getTotalCount(),
        warmUp.failed());
  }

  /** Why the figures of a run are void: the first of its steps' reasons, or null. */
  public static String voided(List<RunReport.Step> steps) {
    for (RunReport.Step step : steps) {
      if (step.voided() != null) {
        return String.format(Locale.ROOT, "at %.1f/s: %s", step.rate(), step.voided());
      }
    }
    return null;
  }

  /** The machine that the generator ran on. */
  public static Map<String, Object> machine() {
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put("cores", Runtime.getRuntime().availableProcessors());
    machine.put("cpu", CpuInfo.modelName());
    machine.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
    machine.put("arch", System.getProperty("os.arch"));
    machine.put("java", System.getProperty("java.vm.version"));
    return machine;
  }
}
