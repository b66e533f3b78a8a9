package dev.podium.server.engine.tune;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.tune.CostMeter.Run;
import dev.podium.server.fault.RankException;
import java.util.Arrays;
import java.util.List;

/** Measures what tiles cost by their size, as a basis for choosing it. */
final class TileCosts {
  private static final long BUDGET_NANOS = 200_000_000;

  private final Workbench bench;

  TileCosts(Workbench bench) {
    this.bench = bench;
  }

  /**
   * Costs of tiles of all sizes, by themselves and beside another thread that runs the same, where
   * the device and the machine have room for it. In turns: a slow moment of the machine meets all
   * sizes.
   *
   * @param graph what runs tiles; null for the exported graph
   */
  List<CostCurve> measure(SplitGraph graph) throws RankException {
    int[] sizes = bench.device().measuredRows();
    Probe probe = bench.random().next(sizes[sizes.length - 1], Draw.FULL);
    try (Tiles own = tiles(sizes, graph, probe)) {
      CostCurve alone = curve(sizes, own.runs);
      if (bench.device().concurrentRuns() == 1 || Runtime.getRuntime().availableProcessors() == 1) {
        return List.of(alone);
      }
      try (Tiles others = tiles(sizes, graph, probe);
          BackgroundLoad load = new BackgroundLoad(others.runs)) {
        Run[] beside = new Run[sizes.length];
        Arrays.setAll(
            beside,
            i ->
                () -> {
                  load.runFromNowOn(i);
                  own.runs[i].run();
                });
        return List.of(alone, curve(sizes, beside));
      }
    }
  }

  private CostCurve curve(int[] sizes, Run[] runs) throws RankException {
    return new CostCurve(sizes, bench.meter().micros("sizes of tiles", BUDGET_NANOS, runs));
  }

  private Tiles tiles(int[] sizes, SplitGraph graph, Probe probe) throws RankException {
    TileRunner runner = bench.runner(graph == null ? bench.exported() : graph);
    try {
      return new Tiles(sizes, graph != null, probe, runner);
    } catch (RankException | RuntimeException e) {
      runner.close();
      throw e;
    }
  }

  /** Tiles of some sizes, with buffers of their own: of the split form, or as exported. */
  private static final class Tiles implements AutoCloseable {
    final Run[] runs;
    private final TileRunner runner;
    private final ContextTensors context;

    Tiles(int[] sizes, boolean split, Probe probe, TileRunner runner) throws RankException {
      runs = new Run[sizes.length];
      this.runner = runner;
      if (split) {
        context = Proof.fill(runner, probe);
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
