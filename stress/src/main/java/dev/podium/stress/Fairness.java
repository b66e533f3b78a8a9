package dev.podium.stress;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.bench.ClosedLoop;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;

/**
 * Small requests beside large ones: DIN, 10 candidates at 50 a second, alone and beside two callers
 * with 2,000 candidates; on a server that cuts requests into tiles, and on one that runs them
 * whole.
 */
final class Fairness {
  private static final double SMALL_RATE = 50;
  private static final int LARGE_CALLERS = 2;
  private static final long DEADLINE_NANOS = 10_000_000_000L;
  private static final String MODEL = "din";

  private static final List<String> COLUMNS =
      List.of(
          "server",
          "beside",
          "small",
          "p50 ms",
          "p99 ms",
          "since sent ms",
          "max ms",
          "not answered",
          "lag p99 ms",
          "large/s",
          "large p50 ms",
          "tile ms",
          "tile rows");

  private Fairness() {}

  /** What the small requests of some turns add up to. */
  private static final class Small {
    final Histogram latency = new Histogram(600_000_000L, 3);
    final Histogram sinceSent = new Histogram(600_000_000L, 3);
    final Histogram lag = new Histogram(600_000_000L, 3);
    long notAnswered;

    void add(Offer.Result turn) {
      latency.add(turn.tally().latency());
      sinceSent.add(turn.tally().sinceSent());
      lag.add(turn.lag());
      notAnswered += turn.step().planned() - turn.tally().count(CallOutcome.ANSWERED);
    }
  }

  /** A server and what its turns add up to. */
  private static final class Side {
    final String name;
    final Subject subject;
    final RequestPool small;
    final RequestPool large;
    final Small alone = new Small();
    final Small beside = new Small();
    final Histogram besideLarge = new Histogram(600_000_000L, 3);
    long largeNanos;
    double tileMillis;
    double tileRows;

    Side(String name, Subject subject, long seed) {
      this.name = name;
      this.subject = subject;
      this.small = subject.pool(MODEL, new Sizes.Fixed(10), 64, seed);
      this.large = subject.pool(MODEL, new Sizes.Fixed(2_000), 16, seed + 1);
    }

    /**
     * By how much p99 rises beside large requests, in milliseconds, without the generator's lag.
     */
    double rise() {
      return millis(beside.sinceSent, 99) - millis(alone.sinceSent, 99);
    }

    List<Object> row(boolean alone, double seconds) {
      Small turns = alone ? this.alone : beside;
      return Arrays.asList(
          name,
          alone ? "nothing" : LARGE_CALLERS + " x 2,000",
          turns.latency.getTotalCount(),
          millis(turns.latency, 50),
          millis(turns.latency, 99),
          millis(turns.sinceSent, 99),
          turns.latency.getMaxValue() / 1000.0,
          turns.notAnswered,
          millis(turns.lag, 99),
          alone ? null : besideLarge.getTotalCount() / seconds,
          alone ? null : millis(besideLarge, 50),
          tileMillis,
          Math.round(tileRows));
    }
  }

  /**
   * Runs it.
   *
   * @param turnNanos length of a turn; each server has {@code rounds} of each kind
   */
  static StressReport run(Rig rig, long turnNanos, int rounds) {
    Path wholeModels = rig.whole(MODEL);
    List<Side> sides = new ArrayList<>();
    sides.add(new Side("tiles", rig.start("podium", rig.models()), rig.seed()));
    sides.add(new Side("whole", rig.start("podium with whole requests", wholeModels), rig.seed()));
    for (Side side : sides) {
      warmUp(rig, side);
    }
    for (int round = 0; round < rounds; round++) {
      for (Side side : sides) {
        rig.say("round %d, %s%n", round + 1, side.name);
        turn(rig, side, turnNanos, round);
      }
    }
    List<List<Object>> rows = new ArrayList<>();
    for (Side side : sides) {
      rows.add(side.row(true, 0));
      rows.add(side.row(false, side.largeNanos / 1e9));
    }
    Side tiles = sides.get(0);
    String note =
        String.format(
            Locale.ROOT,
            "p99 of the small, since they were sent, rises by %.1f ms with tiles of %.2f ms, by %.1f ms with whole requests",
            tiles.rise(),
            tiles.tileMillis,
            sides.get(1).rise());
    return rig.report(
        "fairness",
        COLUMNS,
        rows,
        List.of(note),
        List.of(
            Criterion.atMost(
                "p99 of the small beside the large less p99 alone, in tiles' times",
                tiles.rise() / tiles.tileMillis,
                2),
            Criterion.atMost(
                "small requests not answered",
                tiles.alone.notAnswered + tiles.beside.notAnswered,
                0)));
  }

  /**
   * Also finds out how long one tile takes: from tiles of large requests with the server to them.
   */
  private static void warmUp(Rig rig, Side side) {
    side.subject.warmUp(side.small, 4, rig.seconds(5, 0.3));
    side.subject.warmUp(side.large, 2, rig.seconds(5, 0.3));
    Metrics before = side.subject.metrics();
    side.subject.saturate(side.large, 1, rig.seconds(3, 0.3));
    Metrics after = side.subject.metrics();
    double tiles = difference(before, after, "podium_tiles_total");
    side.tileMillis = 1e3 * difference(before, after, "podium_tile_seconds_total") / tiles;
    side.tileRows = difference(before, after, "podium_tile_rows_total") / tiles;
  }

  private static double difference(Metrics before, Metrics after, String name) {
    return after.sum(name) - before.sum(name);
  }

  private static void turn(Rig rig, Side side, long turnNanos, int round) {
    side.alone.add(small(rig, side, turnNanos, round));
    CompletableFuture<ClosedLoop.Stretch> large =
        CompletableFuture.supplyAsync(
            () -> side.subject.saturate(side.large, LARGE_CALLERS, turnNanos));
    Offer.Result beside = small(rig, side, turnNanos, round);
    ClosedLoop.Stretch stretch = large.join();
    side.beside.add(beside);
    side.besideLarge.add(stretch.latency());
    side.largeNanos += stretch.wallNanos();
  }

  private static Offer.Result small(Rig rig, Side side, long nanos, int round) {
    ArrivalPlan plan =
        ArrivalPlan.of(
            new ArrivalShape.Poisson(),
            List.of(SMALL_RATE),
            nanos,
            0,
            1_000_000,
            rig.seed() + round);
    return new Offer(
            side.subject.calls()::send,
            new Offer.Options(DEADLINE_NANOS, DEADLINE_NANOS / 2, 10_000, 0),
            Clock.SYSTEM)
        .run(plan, side.small)
        .get(0);
  }

  private static double millis(Histogram latency, double percentile) {
    return latency.getTotalCount() == 0
        ? Double.NaN
        : latency.getValueAtPercentile(percentile) / 1000.0;
  }
}
