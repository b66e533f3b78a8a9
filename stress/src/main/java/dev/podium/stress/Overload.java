package dev.podium.stress;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.bench.ClosedLoop;
import dev.podium.loadtest.bench.HeapMeter;
import dev.podium.loadtest.bench.ProcessCpu;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;

/**
 * More load than there is capacity for: DeepFM, 500 candidates, 50 ms deadlines, Poisson arrivals.
 * Generator, server and refusals share the machine's cores.
 */
final class Overload {
  private static final double[] LOADS = {0.5, 0.8, 1, 1.5, 3, 10};
  private static final long DEADLINE_NANOS = 50_000_000;
  private static final long MAX_LAG_NANOS = 10_000_000;
  private static final int MAX_IN_FLIGHT = 20_000;
  private static final int CALLERS = 8;
  private static final String COLD = "cold ";
  private static final double COLD_LOAD = 10;
  private static final double SETTLE_SECONDS = 4;
  private static final double CAPACITY_SECONDS = 3;
  private static final int MAX_SETTLE_ROUNDS = 10;

  /** Compilers that work less than this share of the time are at rest. */
  private static final double MAX_COMPILING = 0.05;

  /** Requests of a millisecond go out in one write. */
  private static final long TICK_NANOS = 1_000_000;

  /** Above this share of requests not sent, the generator is the limit. */
  private static final double MAX_SKIPPED = 0.01;

  private static final List<String> COLUMNS =
      List.of(
          "load",
          "capacity/s",
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
          "server kernel",
          "CPU us/refusal",
          "generator CPU",
          "generator kernel",
          "us/request",
          "÷ CPU left",
          "lag p99 ms");

  private final Rig rig;
  private final long stepNanos;
  private final double cores = Runtime.getRuntime().availableProcessors();
  private final List<List<Object>> rows = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<Criterion> criteria = new ArrayList<>();
  private long lost;
  private WireCalls wire;
  private Capacity capacity;

  /**
   * What a few callers get answered that always have a request in flight. It moves with the
   * machine, so it is measured before and after each step, and a step is judged by the mean.
   *
   * @param cpuPerAnswer the server's, in nanoseconds
   */
  private record Capacity(double perSecond, double cpuPerAnswer) {
    Capacity mean(Capacity other) {
      return new Capacity(
          (perSecond + other.perSecond) / 2, (cpuPerAnswer + other.cpuPerAnswer) / 2);
    }
  }

  /** A step and the capacity around it. */
  private record Step(Offer.Result result, Capacity capacity) {
    double goodput() {
      return result.goodput() / capacity.perSecond();
    }
  }

  private Overload(Rig rig, long stepNanos) {
    this.rig = rig;
    this.stepNanos = stepNanos;
  }

  /**
   * Runs it.
   *
   * @param stepNanos length of each step
   */
  static StressReport run(Rig rig, long stepNanos) {
    return new Overload(rig, stepNanos).run();
  }

  private StressReport run() {
    Subject subject = rig.start("podium", rig.models());
    RequestPool pool = subject.pool("deepfm", new Sizes.Fixed(500), 256, rig.seed());
    try (WireCalls calls = subject.wire()) {
      wire = calls;
      capacity = capacity(subject, pool, rig.seconds(8, 1));
      settle(subject, pool);
      Metrics before = subject.metrics();
      for (double load : LOADS) {
        String name = String.format(Locale.ROOT, "%.1f", load);
        judge(load, step(subject, pool, name, load, stepNanos));
      }
      notes.add(
          String.format(
              Locale.ROOT,
              "capacity: %d callers, each with a request in flight, before and after each step; at the end %.0f/s,"
                  + " %.3f ms of server CPU an answer",
              CALLERS,
              capacity.perSecond(),
              capacity.cpuPerAnswer() / 1e6));
      recovery(pool);
      Metrics after = subject.metrics();
      notes.add("the server's own count: " + counted(before, after));
      criteria.add(Criterion.atMost("requests lost without a status", lost, 0));
      criteria.add(
          Criterion.atMost(
              "requests still in the server's work at the end",
              after.sum("podium_requests_in_work"),
              0));
    }
    return rig.report("overload", COLUMNS, rows, notes, criteria);
  }

  private Capacity capacity(Subject subject, RequestPool pool, long nanos) {
    long cpu = subject.cpuNanos();
    ClosedLoop.Stretch full = ClosedLoop.run(wire.transport(), pool, CALLERS, nanos);
    cpu = subject.cpuNanos() - cpu;
    Capacity measured =
        new Capacity(
            full.answered() / (full.wallNanos() / 1e9),
            (double) cpu / Math.max(1, full.answered()));
    rig.say("capacity: %.0f/s%n", measured.perSecond());
    return measured;
  }

  private static String counted(Metrics before, Metrics after) {
    return String.format(
        Locale.ROOT,
        "%.0f refused because the queue would outlive their deadline, %.0f for another reason; of the accepted"
            + " %.0f expired; rows that ran after their request had ended: %.0f",
        since(before, after, "podium_refused_total", "reason=\"deadline_too_near\""),
        since(before, after, "podium_refused_total")
            - since(before, after, "podium_refused_total", "reason=\"deadline_too_near\"")
            + since(before, after, "podium_admission_refused_total"),
        since(before, after, "podium_request_seconds_count", "outcome=\"expired\""),
        since(before, after, "podium_abandoned_rows_total"));
  }

  private static double since(Metrics before, Metrics after, String name, String... labels) {
    return after.sum(name, labels) - before.sum(name, labels);
  }

  private List<Offer.Result> offer(RequestPool pool, Double[] rates, long nanos) {
    ArrivalPlan plan =
        ArrivalPlan.of(
            new ArrivalShape.Poisson(),
            Arrays.asList(rates),
            nanos,
            0,
            ArrivalPlan.MAX_ARRIVALS,
            rig.seed());
    return new Offer(
            wire,
            new Offer.Options(DEADLINE_NANOS, MAX_LAG_NANOS, MAX_IN_FLIGHT, TICK_NANOS),
            Clock.SYSTEM)
        .run(plan, pool);
  }

  private Step step(Subject subject, RequestPool pool, String name, double load, long nanos) {
    rig.say("offering %.1f x capacity%n", load);
    double planned = load * capacity.perSecond();
    ProcessCpu.Times own = ProcessCpu.own();
    ProcessCpu.Times cpu = subject.cpu();
    Offer.Result result = offer(pool, new Double[] {planned}, nanos).get(0);
    cpu = subject.cpu().since(cpu);
    own = ProcessCpu.own().since(own);
    Capacity after = capacity(subject, pool, rig.seconds(CAPACITY_SECONDS, 0.5));
    Step step = new Step(result, capacity.mean(after));
    capacity = after;
    double cpuPerAnswer = step.capacity().cpuPerAnswer();
    Tally tally = result.tally();
    lost += tally.lost();
    long refused = tally.count(CallOutcome.REFUSED);
    rows.add(
        Arrays.asList(
            name,
            step.capacity().perSecond(),
            planned,
            result.sentPerSecond(),
            result.goodput(),
            step.goodput(),
            tally.millis(50),
            tally.millis(99),
            refused,
            tally.refusals().isEmpty() ? "-" : tally.refusals().toString(),
            tally.count(CallOutcome.EXPIRED),
            others(tally),
            tally.lost(),
            (double) cpu.nanos() / nanos,
            (double) cpu.system() / nanos,
            refusalMicros(cpu.nanos(), tally.count(CallOutcome.ANSWERED), cpuPerAnswer, refused),
            (double) own.nanos() / nanos,
            (double) own.system() / nanos,
            tally.sent() == 0 ? Double.NaN : own.nanos() / 1e3 / tally.sent(),
            tally.inTime() * cpuPerAnswer / (cores * nanos - own.nanos()),
            result.lagMillis(99)));
    if (result.skippedShare() > MAX_SKIPPED && !name.startsWith(COLD)) {
      notes.add(
          String.format(
              Locale.ROOT,
              "at %s x the generator is the limit: it sent %.0f/s of %.0f/s in time, on the %.0f cores that it"
                  + " shares with the server",
              name,
              result.sentPerSecond(),
              planned,
              cores));
    }
    for (CallOutcome ending :
        EnumSet.of(
            CallOutcome.FAILED, CallOutcome.LOST, CallOutcome.NOT_SENT, CallOutcome.CANCELLED)) {
      if (tally.example(ending) != null) {
        notes.add("at " + name + " x, " + ending + ": " + tally.example(ending));
      }
    }
    return step;
  }

  /**
   * Overloads it until the compilers of both processes have little left to do. The first refusals
   * of a server's life are slow, as its first answers were: how slow is shown, and not judged.
   */
  private void settle(Subject subject, RequestPool pool) {
    long nanos = rig.seconds(SETTLE_SECONDS, 0.5);
    HeapMeter meter = subject.heap();
    CompilationMXBean own = ManagementFactory.getCompilationMXBean();
    List<String> compiling = new ArrayList<>();
    boolean restless = true;
    for (int round = 1; restless && round <= rig.count(MAX_SETTLE_ROUNDS, 1); round++) {
      long millis = own.getTotalCompilationTime();
      long theirs = meter == null ? 0 : meter.compileMillis();
      step(subject, pool, COLD + round, COLD_LOAD, nanos);
      millis = own.getTotalCompilationTime() - millis;
      theirs = meter == null ? 0 : meter.compileMillis() - theirs;
      restless = Math.max(millis, theirs) > MAX_COMPILING * nanos / 1e6;
      compiling.add(millis + " and " + theirs);
    }
    notes.add(
        String.format(
            Locale.ROOT,
            "cold: the compilers of generator and server worked %s ms in rounds of %.1f s%s",
            String.join(", ", compiling),
            nanos / 1e9,
            restless && !rig.quick() ? ": they never came to rest" : ""));
  }

  private void judge(double load, Step step) {
    if (load == 3) {
      criteria.add(Criterion.atLeast("goodput at 3 x ÷ capacity", step.goodput(), 0.9));
    } else if (load == 10) {
      criteria.add(Criterion.atLeast("goodput at 10 x ÷ capacity", step.goodput(), 0.6));
    }
    if (load >= 3) {
      criteria.add(
          Criterion.atMost(
              String.format(Locale.ROOT, "p99 of the answered at %.0f x, ms", load),
              step.result().tally().millis(99),
              DEADLINE_NANOS / 1e6));
    }
  }

  private static long others(Tally tally) {
    return tally.count(CallOutcome.FAILED)
        + tally.count(CallOutcome.CANCELLED)
        + tally.count(CallOutcome.NOT_SENT);
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

  private void recovery(RequestPool pool) {
    long second = rig.seconds(1, 0.5);
    double whole = capacity.perSecond();
    double calm = 0.8 * whole;
    double burst = 10 * whole;
    rig.say("a burst, then 0.8 x capacity%n");
    List<Offer.Result> results =
        offer(pool, new Double[] {burst, burst, burst, calm, calm}, second);
    String[] names = {"burst 1", "burst 2", "burst 3", "after 1", "after 2"};
    for (int i = 0; i < results.size(); i++) {
      Offer.Result result = results.get(i);
      Tally tally = result.tally();
      lost += tally.lost();
      rows.add(
          Arrays.asList(
              names[i],
              whole,
              result.step().rate(),
              result.sentPerSecond(),
              result.goodput(),
              result.goodput() / whole,
              tally.millis(50),
              tally.millis(99),
              tally.count(CallOutcome.REFUSED),
              tally.refusals().isEmpty() ? "-" : tally.refusals().toString(),
              tally.count(CallOutcome.EXPIRED),
              others(tally),
              tally.lost(),
              null,
              null,
              null,
              null,
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
