package dev.podium.loadtest.stress;

import dev.podium.loadtest.ProcessCpuTime;
import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.bench.ClosedLoop;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/**
 * More load than there is capacity for: DeepFM, 500 candidates, 50 ms deadlines, Poisson arrivals.
 * Generator, server and refusals share the machine's cores.
 */
public final class Overload {
  private static final double[] LOADS = {0.5, 0.8, 1, 1.5, 3, 10};
  private static final long DEADLINE_NANOS = 50_000_000;
  private static final long MAX_LAG_NANOS = 10_000_000;
  private static final int MAX_IN_FLIGHT = 20_000;
  private static final int CALLERS = 8;

  /** Above this share of requests not sent, the generator is the limit. */
  private static final double MAX_SKIPPED = 0.01;

  private static final List<String> COLUMNS =
      List.of(
          "load",
          "planned/s",
          "offered/s",
          "in time/s",
          "÷ capacity",
          "p50 ms",
          "p99 ms",
          "refused",
          "by status",
          "expired",
          "other",
          "lost",
          "server CPU",
          "CPU us/refusal",
          "generator CPU",
          "lag p99 ms");

  private final Rig rig;
  private final long stepNanos;
  private final List<List<Object>> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Criterion> criteria = new ArrayList<>();
  private long lost;

  private Overload(Rig rig, long stepNanos) {
    this.rig = rig;
    this.stepNanos = stepNanos;
  }

  /**
   * Runs it.
   *
   * @param stepNanos length of each step
   */
  public static StressReport run(Rig rig, long stepNanos) {
    return new Overload(rig, stepNanos).run();
  }

  private StressReport run() {
    Subject subject = rig.start("podium", rig.models());
    RequestPool pool = subject.pool("deepfm", new Sizes.Fixed(500), 256, rig.seed());
    subject.warmUp(pool, CALLERS, rig.seconds(8, 1));
    long cpu = subject.cpuNanos();
    ClosedLoop.Stretch full = subject.saturate(pool, CALLERS, stepNanos);
    double cpuPerAnswer = (double) (subject.cpuNanos() - cpu) / Math.max(1, full.answered());
    double capacity = full.answered() / (full.wallNanos() / 1e9);
    notes.add(
        String.format(
            Locale.ROOT,
            "capacity %.0f/s (%d callers, each with a request in flight), %.3f ms of server CPU an answer",
            capacity,
            CALLERS,
            cpuPerAnswer / 1e6));
    rig.say("capacity: %.0f/s%n", capacity);
    for (double load : LOADS) {
      step(subject, pool, load, capacity, cpuPerAnswer);
    }
    recovery(subject, pool, capacity);
    criteria.add(Criterion.atMost("requests lost without a status", lost, 0));
    double open = subject.metrics().sum("podium_requests_in_work");
    criteria.add(Criterion.atMost("requests still in the server's work at the end", open, 0));
    return rig.report("overload", COLUMNS, rows, notes, criteria);
  }

  private List<Offer.Result> offer(Subject subject, RequestPool pool, Double[] rates, long nanos) {
    ArrivalPlan plan =
        ArrivalPlan.of(
            new ArrivalShape.Poisson(),
            Arrays.asList(rates),
            nanos,
            0,
            ArrivalPlan.MAX_ARRIVALS,
            rig.seed());
    return new Offer(
            subject.calls()::send,
            new Offer.Options(DEADLINE_NANOS, MAX_LAG_NANOS, MAX_IN_FLIGHT),
            Clock.SYSTEM)
        .run(plan, pool);
  }

  private void step(
      Subject subject, RequestPool pool, double load, double capacity, double cpuPerAnswer) {
    rig.say("offering %.1f x capacity%n", load);
    long own = ProcessCpuTime.nanos();
    long cpu = subject.cpuNanos();
    Offer.Result result = offer(subject, pool, new Double[] {load * capacity}, stepNanos).get(0);
    cpu = subject.cpuNanos() - cpu;
    own = ProcessCpuTime.nanos() - own;
    Tally tally = result.tally();
    lost += tally.lost();
    long refused = tally.count(Ending.REFUSED);
    rows.add(
        Arrays.asList(
            String.format(Locale.ROOT, "%.1f", load),
            load * capacity,
            result.sentPerSecond(),
            result.goodput(),
            result.goodput() / capacity,
            tally.millis(50),
            tally.millis(99),
            refused,
            tally.refusals().isEmpty() ? "-" : tally.refusals().toString(),
            tally.count(Ending.EXPIRED),
            others(tally),
            tally.lost(),
            (double) cpu / stepNanos,
            refusalMicros(cpu, tally.count(Ending.ANSWERED), cpuPerAnswer, refused),
            (double) own / stepNanos,
            result.lagMillis(99)));
    if (result.skippedShare() > MAX_SKIPPED) {
      notes.add(
          String.format(
              Locale.ROOT,
              "at %.1f x the generator is the limit: it sent %.0f/s of %.0f/s in time, on the %d cores that it shares"
                  + " with the server",
              load,
              result.sentPerSecond(),
              load * capacity,
              Runtime.getRuntime().availableProcessors()));
    }
    for (Ending ending :
        EnumSet.of(Ending.FAILED, Ending.LOST, Ending.NOT_SENT, Ending.CANCELLED)) {
      if (tally.example(ending) != null) {
        notes.add("at " + load + " x, " + ending + ": " + tally.example(ending));
      }
    }
    if (load == 3) {
      criteria.add(
          Criterion.atLeast("goodput at 3 x ÷ capacity", result.goodput() / capacity, 0.9));
    } else if (load == 10) {
      criteria.add(
          Criterion.atLeast("goodput at 10 x ÷ capacity", result.goodput() / capacity, 0.6));
    }
    if (load >= 3) {
      criteria.add(
          Criterion.atMost(
              String.format(Locale.ROOT, "p99 of the answered at %.0f x, ms", load),
              tally.millis(99),
              DEADLINE_NANOS / 1e6));
    }
  }

  private static long others(Tally tally) {
    return tally.count(Ending.FAILED)
        + tally.count(Ending.CANCELLED)
        + tally.count(Ending.NOT_SENT);
  }

  /**
   * Server CPU that is left after the answers, for each refusal, in microseconds: with it go the
   * requests that expired.
   *
   * @return NaN unless refusals are so many that the answers' share is no longer what decides
   */
  static double refusalMicros(long cpuNanos, long answered, double cpuPerAnswer, long refused) {
    return refused < answered / 2 || refused == 0
        ? Double.NaN
        : Math.max(0, cpuNanos - answered * cpuPerAnswer) / refused / 1000;
  }

  private void recovery(Subject subject, RequestPool pool, double capacity) {
    long second = rig.seconds(1, 0.5);
    double calm = 0.8 * capacity;
    double burst = 10 * capacity;
    rig.say("a burst, then 0.8 x capacity%n");
    List<Offer.Result> results =
        offer(subject, pool, new Double[] {burst, burst, burst, calm, calm}, second);
    String[] names = {"burst 1", "burst 2", "burst 3", "after 1", "after 2"};
    for (int i = 0; i < results.size(); i++) {
      Offer.Result result = results.get(i);
      Tally tally = result.tally();
      lost += tally.lost();
      rows.add(
          Arrays.asList(
              names[i],
              result.step().rate(),
              result.sentPerSecond(),
              result.goodput(),
              result.goodput() / capacity,
              tally.millis(50),
              tally.millis(99),
              tally.count(Ending.REFUSED),
              tally.refusals().isEmpty() ? "-" : tally.refusals().toString(),
              tally.count(Ending.EXPIRED),
              others(tally),
              tally.lost(),
              null,
              null,
              null,
              result.lagMillis(99)));
    }
    // Of what was planned, not of what the rate should have given: Poisson arrivals vary.
    Offer.Result after = results.get(3);
    criteria.add(
        Criterion.atLeast(
            "goodput ÷ offered in the second after a burst of 10 x",
            (double) after.tally().inTime() / Math.max(1, after.tally().sent()),
            0.9));
  }
}
