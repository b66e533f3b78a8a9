package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import com.netflix.concurrency.limits.Limit;
import com.netflix.concurrency.limits.limit.AIMDLimit;
import com.netflix.concurrency.limits.limit.Gradient2Limit;
import com.netflix.concurrency.limits.limit.VegasLimit;
import dev.podium.server.admission.Admission;
import dev.podium.server.admission.Admission.Permit;
import dev.podium.server.admission.AdmissionOptions;
import dev.podium.server.admission.Outcome;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionPlan.Split;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.Simulation.Request;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/**
 * Limits on rows in flight, compared on the same simulated traffic: requests without deadlines,
 * since with deadlines the scheduler's shedding policy does the work. The decision is in
 * docs/adr/admission-limit.md.
 */
class LimitComparisonTest {
  private static final long SECOND = 1_000_000_000L;
  private static final ExecutionPlan DIN =
      new ExecutionPlan(
          64,
          RowMixing.NONE,
          Form.EXPORTED,
          FakeSession.cost(90, 35),
          new Split(8, FakeSession.cost(90, 15), 200));

  /** What stands before the queue. */
  interface Limiter {
    boolean admit(RankTask task);

    void ended(RankTask task, long now);

    long limit();
  }

  private static final class Own implements Limiter {
    private final IdentityHashMap<RankTask, Permit> permits = new IdentityHashMap<>();
    private final Admission admission;

    Own(Simulation simulation) {
      admission =
          new Admission(
              new AdmissionOptions(Duration.ofMillis(20), 500, 1_000_000, 1 << 30),
              () -> simulation.now);
    }

    @Override
    public boolean admit(RankTask task) {
      try {
        permits.put(task, admission.admit("din", task.rows, Priority.CRITICAL));
        return true;
      } catch (RankException e) {
        return false;
      }
    }

    @Override
    public void ended(RankTask task, long now) {
      permits.remove(task).release(Outcome.SUCCESS, task.takenAt - task.arrival);
    }

    @Override
    public long limit() {
      return admission.snapshot().limitRows();
    }
  }

  private static final class Netflix implements Limiter {
    private final Limit limit;
    private long rows;

    Netflix(Limit limit) {
      this.limit = limit;
    }

    @Override
    public boolean admit(RankTask task) {
      if (rows > 0 && rows + task.rows > limit.getLimit()) {
        return false;
      }
      rows += task.rows;
      return true;
    }

    @Override
    public void ended(RankTask task, long now) {
      int inFlight = (int) rows;
      rows -= task.rows;
      limit.onSample(task.arrival, Math.max(1, now - task.arrival), inFlight, false);
    }

    @Override
    public long limit() {
      return limit.getLimit();
    }
  }

  private record Outcomes(double goodput, double p50, double p99, double recovery) {}

  @Test
  void theOwnLimitKeepsBothThroughputAndWait() {
    List<String> table = new ArrayList<>();
    Map<String, Outcomes> all = new HashMap<>();
    record Mix(String name, Supplier<int[]> rows) {}
    List<Mix> mixes =
        List.of(
            new Mix("500", () -> new int[] {500}),
            new Mix("10 and 2000", () -> new int[] {10, 10, 10, 10, 10, 10, 10, 10, 10, 2000}),
            new Mix("50 to 1000", () -> new int[] {50, 100, 200, 400, 1000}));
    for (Mix mix : mixes) {
      for (double load : new double[] {0.7, 3}) {
        for (String name : List.of("none", "own", "gradient2", "vegas", "aimd")) {
          Outcomes outcomes = run(name, mix.rows.get(), load);
          table.add(
              String.format(
                  "%-12s load %.1f  %-10s goodput %.3f  p50 %7.1f ms  p99 %7.1f ms  after a third"
                      + " of the speed for 5 s: %.3f",
                  mix.name,
                  load,
                  name,
                  outcomes.goodput,
                  outcomes.p50,
                  outcomes.p99,
                  outcomes.recovery));
          all.put(mix.name + load + name, outcomes);
        }
      }
    }
    table.forEach(System.out::println);
    for (Mix mix : mixes) {
      for (double load : new double[] {0.7, 3}) {
        Outcomes possible = all.get(mix.name + load + "none");
        Outcomes own = all.get(mix.name + load + "own");
        String what = mix.name + " at load " + load;
        assertThat(own.goodput).as(what).isGreaterThan(0.93 * possible.goodput);
        assertThat(own.recovery)
            .as(what)
            .isGreaterThan(0.93 * Math.min(possible.goodput, possible.recovery));
        assertThat(own.p99).as(what).isLessThan(70);
      }
    }
  }

  private static Limiter limiter(String name, Simulation simulation) {
    return switch (name) {
      case "own" -> new Own(simulation);
      case "gradient2" ->
          new Netflix(
              Gradient2Limit.newBuilder()
                  .initialLimit(50_000)
                  .minLimit(500)
                  .maxConcurrency(1_000_000)
                  .queueSize(limit -> Math.max(64, (int) Math.sqrt(limit)))
                  .build());
      case "vegas" ->
          new Netflix(
              VegasLimit.newBuilder().initialLimit(50_000).maxConcurrency(1_000_000).build());
      case "aimd" ->
          new Netflix(
              AIMDLimit.newBuilder()
                  .initialLimit(50_000)
                  .minLimit(500)
                  .maxLimit(1_000_000)
                  .timeout(100, TimeUnit.MILLISECONDS)
                  .build());
      default -> null;
    };
  }

  /** 20 s at full speed, of which the last 10 count; 5 s at a third; 10 s of which the last 9. */
  private static Outcomes run(String name, int[] sizes, double load) {
    SplittableRandom random = new SplittableRandom(7);
    SchedulerOptions options =
        SchedulerOptions.builder()
            .workers(2)
            .maxWait(Duration.ofHours(1))
            .maxWaitingRows(1L << 40)
            .build();
    Simulation simulation = new Simulation(options, random.split());
    Limiter limiter = limiter(name, simulation);
    ServedVersion din =
        new ServedVersion("din", 1, FakeSession.SIGNATURE, new FakeSession(DIN), 1, Float.NaN);
    double micros = 0;
    for (int rows : sizes) {
      micros += DIN.requestMicros(rows) / sizes.length;
    }
    double meanRows = Arrays.stream(sizes).average().orElseThrow();
    double rate = load * 2e6 / micros;
    double capacityRows = 2e6 / micros * meanRows;
    long[] rows = new long[2];
    List<Long> latencies = new ArrayList<>();
    simulation.scored =
        (task, now) -> {
          if (limiter != null) {
            limiter.ended(task, now);
          }
          if (now > 10 * SECOND && now <= 20 * SECOND) {
            rows[0] += task.rows;
            latencies.add(now - task.arrival);
          } else if (now > 26 * SECOND && now <= 35 * SECOND) {
            rows[1] += task.rows;
          }
        };
    if (limiter != null) {
      simulation.gate = limiter::admit;
    }
    long at = 0;
    while (at < 35 * SECOND) {
      at += Math.max(1, (long) (-SECOND / rate * Math.log(1 - random.nextDouble())));
      simulation.advance(at);
      simulation.slowness = at > 20 * SECOND && at < 25 * SECOND ? 3 : 1;
      simulation.offer(
          new Request(din, sizes[random.nextInt(sizes.length)], 0, Priority.NORMAL),
          simulation.all);
    }
    latencies.sort(null);
    return new Outcomes(
        rows[0] / 10.0 / capacityRows,
        latencies.get(latencies.size() / 2) / 1e6,
        latencies.get((int) (0.99 * (latencies.size() - 1))) / 1e6,
        rows[1] / 9.0 / capacityRows);
  }
}
