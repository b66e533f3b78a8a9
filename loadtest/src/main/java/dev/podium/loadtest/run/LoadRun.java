package dev.podium.loadtest.run;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.measure.OpenLoop;
import dev.podium.loadtest.measure.StepRecording;
import dev.podium.loadtest.report.Reports;
import dev.podium.loadtest.report.RunReport;
import dev.podium.loadtest.search.MaxRateSearch;
import dev.podium.loadtest.search.Slo;
import dev.podium.loadtest.search.StepFigures;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One load test of a session: a plan, or the plans of a search, and the report on them. */
public final class LoadRun {
  /** A server that answers less than this share of the load is overloaded, not unlucky. */
  private static final double OVERLOADED_BELOW = 0.9;

  private final LoadSession.Settings settings;
  private final LoadSession session;
  private final Plans plans;
  private final PrintWriter live;
  private final String started = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  private final List<RunReport.Step> steps = new ArrayList<>();
  private final List<RunReport.Assertion> assertions = new ArrayList<>();
  private RunReport.WarmUp warmUp;
  private String partial;
  private long cpuNanos;
  private long requests;
  private double lagP99;
  private double lagMax;

  /**
   * What is to be run.
   *
   * @param maxLagMillis lag that the user allows; NaN for the usual bound
   * @param slo of a search; null if there is none
   * @param assertion null if there is none
   * @param search null unless this is a search
   */
  public record Plans(
      ArrivalShape shape,
      List<Double> rates,
      long stepNanos,
      long warmUpNanos,
      long maxRequests,
      long seed,
      double maxLagMillis,
      Slo slo,
      Slo assertion,
      MaxRateSearch.Options search,
      OpenLoop.Options options) {

    ArrivalPlan plan(List<Double> atRates) {
      return ArrivalPlan.of(shape, atRates, stepNanos, warmUpNanos, maxRequests, seed);
    }
  }

  /**
   * A load test.
   *
   * @param live where the live line goes; null for none
   */
  public LoadRun(
      LoadSession.Settings settings, LoadSession session, Plans plans, PrintWriter live) {
    this.settings = settings;
    this.session = session;
    this.plans = plans;
    this.live = live;
  }

  /** Runs the steps asked for. */
  public RunReport once() {
    for (StepRecording recording : run(plans.plan(plans.rates()))) {
      RunReport.Step step = add(recording);
      if (plans.assertion() != null) {
        for (Slo.Check check : plans.assertion().check(StepFigures.of(recording))) {
          assertions.add(
              new RunReport.Assertion(check.term(), step.rate(), check.held(), check.line()));
        }
      }
    }
    return report(null);
  }

  /** Searches for the highest rate that holds the objective, and prints the curve that it walks. */
  public RunReport search(PrintWriter out) {
    List<MaxRateSearch.Trial> trials = new ArrayList<>();
    List<RunReport.SearchRun> runs = new ArrayList<>();
    out.printf("%10s %12s %10s %10s  %s%n", "rate", "answered/s", "p99 ms", "errors", "objective");
    while (true) {
      MaxRateSearch.Decision decision = MaxRateSearch.next(plans.search(), trials);
      if (decision instanceof MaxRateSearch.Found found) {
        return report(
            new RunReport.Search(
                plans.slo().toString(), found.rate(), found.confirmed(), found.reason(), runs));
      }
      double rate = ((MaxRateSearch.Try) decision).rate();
      StepRecording recording = run(plans.plan(List.of(rate))).get(0);
      RunReport.Step step = add(recording);
      if (partial != null) {
        return report(
            new RunReport.Search(
                plans.slo().toString(), 0, false, "ended before it was done", runs));
      }
      MaxRateSearch.Result result = result(step, StepFigures.of(recording));
      trials.add(
          new MaxRateSearch.Trial(rate, result, plans.slo().stress(StepFigures.of(recording))));
      double p99 = recording.quantileMillis(0.99);
      runs.add(
          new RunReport.SearchRun(
              rate,
              result.name().toLowerCase(Locale.ROOT),
              Double.isFinite(p99) ? p99 : null,
              recording.errorShare()));
      out.printf(
          Locale.ROOT,
          "%10.1f %12.1f %10.2f %9.3f%%  %s%n",
          rate,
          step.okPerS(),
          p99,
          recording.errorShare() * 100,
          result.name().toLowerCase(Locale.ROOT));
      out.flush();
    }
  }

  private MaxRateSearch.Result result(RunReport.Step step, StepFigures figures) {
    boolean holds = plans.slo().holds(figures);
    // A late generator only adds latency: what held in spite of it holds.
    if (holds) {
      return MaxRateSearch.Result.HELD;
    }
    if (step.ok() < OVERLOADED_BELOW * step.started()) {
      return MaxRateSearch.Result.OVERLOADED;
    }
    return step.voided() != null ? MaxRateSearch.Result.VOID : MaxRateSearch.Result.MISSED;
  }

  private List<StepRecording> run(ArrivalPlan plan) {
    LoadSession.Run run;
    try (LiveLine line = new LiveLine(live)) {
      run = session.run(plan, line::start);
    }
    cpuNanos += run.cpuNanos();
    partial = run.partial();
    warmUp = Reports.warmUp(plan, run.recording().steps());
    for (StepRecording step : run.recording().measured()) {
      requests += step.started();
    }
    return run.recording().measured();
  }

  private RunReport.Step add(StepRecording recording) {
    RunReport.Step step =
        Reports.step(recording, session.pool().meanCandidates(), plans.maxLagMillis());
    lagP99 = Math.max(lagP99, step.lagP99Ms());
    lagMax = Math.max(lagMax, recording.lag().getMaxValue() / 1000.0);
    steps.add(step);
    return step;
  }

  private RunReport report(RunReport.Search search) {
    return new RunReport(
        RunReport.FORMAT,
        started,
        settings.target().toString(),
        settings.model().getName(),
        settings.protocol(),
        partial,
        voided(search),
        workload(),
        steps,
        warmUp,
        new RunReport.Generator(
            requests == 0 ? 0 : cpuNanos / 1e6 / requests,
            lagP99,
            lagMax,
            session.pool().size(),
            session.pool().meanBytes()),
        search,
        assertions,
        Reports.machine());
  }

  /** A search judged each of its runs already. */
  private String voided(RunReport.Search search) {
    return search == null ? Reports.voided(steps) : null;
  }

  private Map<String, Object> workload() {
    Map<String, Object> words = new LinkedHashMap<>();
    words.put("arrivals", plans.shape().toString());
    words.put("candidates", settings.workload().candidates().toString());
    words.put(
        "history",
        settings.workload().history() == null ? null : settings.workload().history().toString());
    words.put("seed", settings.workload().seed());
    words.put("skew", settings.workload().skew());
    words.put("deadline_ms", plans.options().deadlineNanos() / 1_000_000);
    words.put("connections", settings.connections());
    return words;
  }
}
