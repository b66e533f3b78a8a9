package dev.podium.server.engine;

import dev.podium.server.engine.CostMeter.Run;
import dev.podium.server.engine.RandomProbes.Draw;
import dev.podium.server.fault.RankException;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Measures what tiles cost by their size, as a basis for choosing it. */
final class TileCosts {
  private static final long BUDGET_NANOS = 200_000_000;

  private final Function<Halves, TileRunner> runners;
  private final RandomProbes random;
  private final CostMeter meter;

  /**
   * @param runners makes a runner of halves, or if null of the exported graph
   */
  TileCosts(Function<Halves, TileRunner> runners, RandomProbes random, CostMeter meter) {
    this.runners = runners;
    this.random = random;
    this.meter = meter;
  }

  /**
   * Costs of tiles of all sizes, by themselves and beside a neighbour that runs the same, where
   * there is a processor for it. In turns: a slow moment of the machine meets all sizes.
   *
   * @param sizes rows, ascending
   * @param halves what runs tiles; null for the exported graph
   */
  List<CostCurve> measure(int[] sizes, Halves halves) throws RankException {
    Probe probe = random.next(sizes[sizes.length - 1], Draw.FULL);
    try (Tiles own = tiles(sizes, halves, probe)) {
      CostCurve alone = curve(sizes, own.runs);
      if (Runtime.getRuntime().availableProcessors() == 1) {
        return List.of(alone);
      }
      try (Tiles others = tiles(sizes, halves, probe);
          Neighbour neighbour = new Neighbour(others.runs)) {
        Run[] beside = new Run[sizes.length];
        Arrays.setAll(
            beside,
            i ->
                () -> {
                  neighbour.runFromNowOn(i);
                  own.runs[i].run();
                });
        return List.of(alone, curve(sizes, beside));
      }
    }
  }

  private CostCurve curve(int[] sizes, Run[] runs) throws RankException {
    return new CostCurve(sizes, meter.micros("sizes of tiles", BUDGET_NANOS, runs));
  }

  private Tiles tiles(int[] sizes, Halves halves, Probe probe) throws RankException {
    TileRunner runner = runners.apply(halves);
    try {
      return new Tiles(sizes, halves != null, probe, runner);
    } catch (RankException | RuntimeException e) {
      runner.close();
      throw e;
    }
  }

  /** Tiles of some sizes, with buffers of their own: of the halves, or as exported. */
  private static final class Tiles implements AutoCloseable {
    final Run[] runs;
    private final TileRunner runner;
    private final ContextTensors context;

    Tiles(int[] sizes, boolean split, Probe probe, TileRunner runner) throws RankException {
      runs = new Run[sizes.length];
      this.runner = runner;
      if (split) {
        context = Preparation.filled(runner, probe);
        Arrays.setAll(runs, i -> () -> runner.runCandidates(context, sizes[i]));
      } else {
        context = null;
        runner.rows().copyRows(probe.rows(), 0, 0, probe.count());
        Arrays.setAll(runs, i -> () -> runner.run(sizes[i]));
      }
    }

    @Override
    public void close() {
      if (context != null) {
        context.close();
      }
      runner.close();
    }
  }
}
