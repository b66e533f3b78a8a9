package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionPlan.Split;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.fault.Priority;
import dev.podium.server.schedule.Simulation.Request;
import dev.podium.server.schedule.Simulation.Source;
import dev.podium.server.schedule.Simulation.Tally;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The policy under days and minutes of arrivals, with a virtual clock. */
class TileQueueSimulationTest {
  private static final long SECOND = 1_000_000_000L;
  private static final long MILLI = 1_000_000L;

  /** DeepFM-like: 256-row tiles, 2 us a row. */
  private static final ExecutionPlan DEEPFM =
      new ExecutionPlan(
          256,
          RowMixing.NONE,
          Form.EXPORTED,
          FakeSession.cost(60, 4),
          new Split(300, FakeSession.cost(60, 2), 40));

  /** DIN-like: 64-row tiles, 16 us a row. */
  private static final ExecutionPlan DIN =
      new ExecutionPlan(
          64,
          RowMixing.NONE,
          Form.EXPORTED,
          FakeSession.cost(90, 35),
          new Split(8, FakeSession.cost(90, 15), 200));

  private static final List<Priority> PRIORITIES = List.of(Priority.values());

  private final SplittableRandom random = new SplittableRandom(20261124);

  private static ServedVersion version(String name, ExecutionPlan plan, double weight) {
    return new ServedVersion(
        name, 1, FakeSession.SIGNATURE, new FakeSession(plan), weight, Float.NaN);
  }

  private Simulation simulation(int workers) {
    return new Simulation(SchedulerOptions.builder().workers(workers).build(), random.split());
  }

  private double exponential(double mean) {
    return -mean * Math.log(1 - random.nextDouble());
  }

  /** Candidates of a request: a few at the median, thousands in the tail. */
  private int heavyTailed() {
    double u = 1 - random.nextDouble();
    return (int) Math.min(10_000, 50 * Math.pow(u, -1 / 1.1));
  }

  /** Poisson arrivals whose rate varies with the time. */
  private final class Arrivals implements Source {
    private final DoubleUnaryOperator ratePerSecond;
    private final java.util.function.Supplier<Request> requests;
    private long at;

    Arrivals(DoubleUnaryOperator ratePerSecond, java.util.function.Supplier<Request> requests) {
      this.ratePerSecond = ratePerSecond;
      this.requests = requests;
    }

    @Override
    public long gap() {
      double rate = ratePerSecond.applyAsDouble(at / (double) SECOND);
      long gap = Math.max(1, (long) exponential(SECOND / rate));
      at += gap;
      return gap;
    }

    @Override
    public Request next() {
      return requests.get();
    }
  }

  @Test
  void aDayOfMixedTrafficKeepsEveryInvariant() {
    ServedVersion deepfm = version("deepfm", DEEPFM, 1);
    ServedVersion din = version("din", DIN, 1);
    Simulation simulation = simulation(2);
    Arrivals day =
        new Arrivals(
            seconds -> {
              double hour = seconds / 3600;
              double daily = 40 + 30 * Math.sin((hour - 8) / 24 * 2 * Math.PI);
              // Five bursts of two seconds an hour, at forty times the rate.
              return seconds % 720 < 2 ? 40 * daily : daily;
            },
            () ->
                new Request(
                    random.nextInt(3) == 0 ? din : deepfm,
                    heavyTailed(),
                    random.nextInt(10) == 0 ? 0 : (10 + random.nextInt(190)) * MILLI,
                    PRIORITIES.get(random.nextInt(3))));
    simulation.run(day, 24 * 3600 * SECOND);
    System.out.printf(
        "simulated day: %d offered, %d scored, %d refused, %d expired, %d late; workers busy %.1f %%"
            + " of 24 h%n",
        simulation.all.offered,
        simulation.all.scored,
        simulation.all.refused,
        simulation.all.expired,
        simulation.all.late,
        100.0 * simulation.busyNanos / (2 * 24 * 3600 * SECOND));
    assertThat(simulation.all.offered).isGreaterThan(3_000_000);
    assertThat(simulation.all.late).isZero();
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.5, 0.8, 1, 1.5, 3, 10})
  void overloadKeepsTheGoodput(double load) {
    ServedVersion version = version("deepfm", DEEPFM, 1);
    Simulation simulation = simulation(2);
    double capacity =
        2e6 / (DEEPFM.split().contextMicros() + 2 * DEEPFM.split().cost().micros(250));
    Arrivals arrivals =
        new Arrivals(
            seconds -> load * capacity,
            () -> new Request(version, 500, 50 * MILLI, Priority.NORMAL));
    simulation.run(arrivals, 30 * SECOND);
    double goodput = (simulation.all.scored - simulation.all.late) / 30.0 / capacity;
    System.out.printf(
        "load %4.1f of capacity: answered in time %.3f of capacity, p99 %.1f ms, refused %d,"
            + " expired %d%n",
        load,
        goodput,
        simulation.all.p99Micros() / 1e3,
        simulation.all.refused,
        simulation.all.expired);
    assertThat(goodput).isGreaterThan(0.97 * Math.min(load, 1) - 0.03);
    assertThat(simulation.all.p99Micros()).isLessThan(50_000);
    assertThat(simulation.all.expired).isLessThan(simulation.all.offered / 50 + 10);
  }

  @Test
  void aSlowMachineIsNoticedAndWorkIsRefusedRatherThanLate() {
    ServedVersion version = version("deepfm", DEEPFM, 1);
    Simulation simulation = simulation(2);
    double capacity =
        2e6 / (DEEPFM.split().contextMicros() + 2 * DEEPFM.split().cost().micros(250));
    Arrivals arrivals =
        new Arrivals(
            seconds -> 2 * capacity, () -> new Request(version, 500, 50 * MILLI, Priority.NORMAL));
    simulation.slowness = 3;
    simulation.run(arrivals, 20 * SECOND);
    assertThat(simulation.all.scored / 20.0).isGreaterThan(0.95 * capacity / 3);
    assertThat(simulation.all.expired).isLessThan(simulation.all.scored / 50);
  }

  @Test
  void smallRequestsDoNotWaitForLargeOnes() {
    ServedVersion din = version("din", DIN, 1);
    Tally alone = new Tally();
    Tally beside = new Tally();
    for (Tally tally : List.of(alone, beside)) {
      Simulation simulation = simulation(2);
      if (tally == beside) {
        // Four callers with 2,000 candidates each, always one request in flight for each.
        Tally large = new Tally();
        long next = 0;
        for (int i = 0; i < 2000; i++) {
          if (simulation.queue.waitingTasks() < 4) {
            simulation.offer(new Request(din, 2000, 0, Priority.NORMAL), large);
          }
          next += (long) exponential(20 * MILLI);
          simulation.advance(next);
          simulation.offer(new Request(din, 10, 0, Priority.NORMAL), tally);
        }
        assertThat(large.scored).isGreaterThan(100);
      } else {
        long next = 0;
        for (int i = 0; i < 2000; i++) {
          next += (long) exponential(20 * MILLI);
          simulation.advance(next);
          simulation.offer(new Request(din, 10, 0, Priority.NORMAL), tally);
        }
      }
      simulation.finish();
    }
    double tile = DIN.split().cost().micros(64);
    System.out.printf(
        "10 candidates: p99 %.2f ms alone, %.2f ms beside 2,000-candidate requests; a tile is %.2f"
            + " ms%n",
        alone.p99Micros() / 1e3, beside.p99Micros() / 1e3, tile / 1e3);
    assertThat(beside.p99Micros()).isLessThan(alone.p99Micros() + 2 * tile);
  }

  @Test
  void modelsShareTheWorkersByTheirWeights() {
    ServedVersion heavy = version("heavy", DIN, 3);
    ServedVersion light = version("light", DIN, 1);
    Simulation simulation =
        new Simulation(
            SchedulerOptions.builder().workers(2).maxWait(Duration.ofSeconds(1)).build(),
            random.split());
    Tally heavies = new Tally();
    Tally lights = new Tally();
    for (long at = 0; at < 20 * SECOND; at += MILLI) {
      simulation.advance(at);
      simulation.offer(new Request(heavy, 300, 500 * MILLI, Priority.NORMAL), heavies);
      simulation.offer(new Request(light, 300, 500 * MILLI, Priority.NORMAL), lights);
    }
    simulation.finish();
    assertThat((double) heavies.scored / lights.scored).isBetween(2.8, 3.2);
  }

  @Test
  void aHotModelDoesNotDelayAnother() {
    ServedVersion hot = version("hot", DIN, 1);
    ServedVersion calm = version("calm", DIN, 1);
    Simulation simulation = simulation(2);
    Tally hots = new Tally();
    Tally calms = new Tally();
    for (long at = 0; at < 20 * SECOND; at += MILLI) {
      simulation.advance(at);
      simulation.offer(new Request(hot, 300, 200 * MILLI, Priority.NORMAL), hots);
      if (at % (20 * MILLI) == 0) {
        simulation.offer(new Request(calm, 300, 30 * MILLI, Priority.NORMAL), calms);
      }
    }
    simulation.finish();
    assertThat(hots.refused).isGreaterThan(hots.offered / 2);
    assertThat(calms.refused).isZero();
    assertThat(calms.expired).isZero();
  }

  @Test
  void criticalWorkIsServedAndSheddableWorkIsRefusedFirst() {
    ServedVersion din = version("din", DIN, 1);
    Simulation simulation = simulation(2);
    List<Tally> tallies = List.of(new Tally(), new Tally(), new Tally());
    // Each class alone offers 0.6 of what the workers can do.
    double micros = DIN.split().contextMicros() + 5 * DIN.split().cost().micros(60);
    long gap = (long) (micros * 1e3 / 2 / 0.6);
    for (long at = 0; at < 20 * SECOND; at += gap) {
      simulation.advance(at);
      for (int i = 0; i < 3; i++) {
        simulation.offer(new Request(din, 300, 50 * MILLI, PRIORITIES.get(i)), tallies.get(i));
      }
    }
    simulation.finish();
    double[] served = tallies.stream().mapToDouble(t -> (double) t.scored / t.offered).toArray();
    System.out.printf(
        "1.8 times capacity: critical %.3f, normal %.3f, sheddable %.3f answered%n",
        served[0], served[1], served[2]);
    assertThat(served[0]).isGreaterThan(0.99);
    assertThat(served[1]).isBetween(0.4, 0.75);
    assertThat(served[2]).isLessThan(0.3);
  }
}
