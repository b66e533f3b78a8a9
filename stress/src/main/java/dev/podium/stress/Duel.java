package dev.podium.stress;

import dev.podium.loadtest.bench.ClosedLoop;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * Two servers that differ in one setting, taking turns at the same requests from callers that
 * always have one in flight.
 */
final class Duel {
  private static final List<String> COLUMNS =
      List.of("server", "requests", "requests/s", "candidates/s", "p50 ms", "p99 ms", "failed");

  private final Rig rig;
  private final String model;
  private final int candidates;
  private final int callers;

  /** One server and what its turns add up to. */
  private static final class Side {
    final String setting;
    final Subject subject;
    final RequestPool pool;
    final Histogram latency = new Histogram(600_000_000L, 3);
    long nanos;
    long failed;

    Side(String setting, Subject subject, RequestPool pool) {
      this.setting = setting;
      this.subject = subject;
      this.pool = pool;
    }

    double perSecond() {
      return latency.getTotalCount() / (nanos / 1e9);
    }

    double millis(double percentile) {
      return latency.getValueAtPercentile(percentile) / 1000.0;
    }
  }

  private Duel(Rig rig, String model, int candidates, int callers) {
    this.rig = rig;
    this.model = model;
    this.candidates = candidates;
    this.callers = callers;
  }

  /**
   * One large request at a time on an idle server, with one worker and with two.
   *
   * @param turnNanos length of a turn; each server has {@code rounds}
   */
  static StressReport parallelism(Rig rig, long turnNanos, int rounds) {
    return new Duel(rig, "din", 1_000, 1)
        .run(
            "parallelism",
            List.of("scheduler.workers=1", "scheduler.workers=2"),
            turnNanos,
            rounds,
            side -> 1 / side.millis(50),
            "p50 with 1 worker ÷ p50 with 2, DIN, 1,000 candidates",
            1.7);
  }

  /**
   * Small requests at saturation, in shared tiles and each in its own.
   *
   * @param turnNanos length of a turn; each server has {@code rounds}
   */
  static StressReport small(Rig rig, long turnNanos, int rounds, int callers) {
    return new Duel(rig, "deepfm", 10, callers)
        .run(
            "small",
            List.of("scheduler.share_tiles=false", "scheduler.share_tiles=true"),
            turnNanos,
            rounds,
            Side::perSecond,
            "candidates/s with shared tiles ÷ without, DeepFM, 10 candidates",
            1.5);
  }

  private StressReport run(
      String program,
      List<String> settings,
      long turnNanos,
      int rounds,
      ToDoubleFunction<Side> speed,
      String criterion,
      double target) {
    List<Side> sides = new ArrayList<>();
    for (String setting : settings) {
      Subject subject = rig.start(setting, rig.models(), setting);
      sides.add(
          new Side(
              setting, subject, subject.pool(model, new Sizes.Fixed(candidates), 64, rig.seed())));
    }
    for (Side side : sides) {
      side.subject.warmUp(side.pool, callers, rig.seconds(8, 0.5));
    }
    for (int round = 0; round < rounds; round++) {
      for (Side side : sides) {
        rig.say("round %d, %s%n", round + 1, side.setting);
        ClosedLoop.Stretch stretch = side.subject.saturate(side.pool, callers, turnNanos);
        side.latency.add(stretch.latency());
        side.nanos += stretch.wallNanos();
        side.failed += stretch.failed();
      }
    }
    List<List<Object>> rows = new ArrayList<>();
    long failed = 0;
    for (Side side : sides) {
      failed += side.failed;
      rows.add(
          Arrays.asList(
              side.setting,
              side.latency.getTotalCount(),
              side.perSecond(),
              side.perSecond() * candidates,
              side.millis(50),
              side.millis(99),
              side.failed));
    }
    return rig.report(
        program,
        COLUMNS,
        rows,
        List.of(
            String.format(
                java.util.Locale.ROOT,
                "%d caller%s, %d cores, which the callers share with the server",
                callers,
                callers == 1 ? "" : "s",
                Runtime.getRuntime().availableProcessors())),
        List.of(
            Criterion.atLeast(
                criterion,
                speed.applyAsDouble(sides.get(1)) / speed.applyAsDouble(sides.get(0)),
                target),
            Criterion.atMost("requests that failed", failed, 0)));
  }
}
