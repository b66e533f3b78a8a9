package dev.podium.server.engine.tune;

import dev.podium.server.engine.ContextTensors;
import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.tune.CostMeter.Run;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.List;

/** The step that measures what runs of each form cost, by their number of rows. */
final class FormCosts {
  /** What is timed: exported graph, two tiles of the split form, context half, whole rows. */
  private static final String FORMS = "forms";

  private final Workbench bench;

  FormCosts(Workbench bench) {
    this.bench = bench;
  }

  /**
   * What was measured.
   *
   * @param whole null unless whole rows run through the candidate half
   * @param split null without a split form
   * @param contextMicros of the context half; 0 without one
   */
  record Costs(CostCurve exported, CostCurve whole, CostCurve split, double contextMicros) {
    /** Of whole rows as they are served. */
    CostCurve rows() {
      return whole == null ? exported : whole;
    }
  }

  /**
   * Measures.
   *
   * @param graph null if there is no split form
   */
  Costs measure(SplitGraph graph) throws RankException {
    return graph == null ? ofExported() : ofAll(graph);
  }

  private Costs ofExported() throws RankException {
    int[] sizes = bench.device().measuredRows();
    double[] micros = new double[sizes.length];
    RandomProbes random = bench.random();
    try (TileRunner exported = bench.runner(bench.exported())) {
      for (int i = 0; i < sizes.length; i++) {
        int rows = sizes[i];
        Probe probe = random.next(rows, Draw.FULL);
        exported.rows().copyRows(probe.rows(), 0, 0, rows);
        micros[i] =
            bench.meter().micros(FORMS, Workbench.BUDGET_NANOS, () -> exported.run(rows))[0];
      }
    }
    return new Costs(new CostCurve(sizes, micros), null, null, 0);
  }

  private Costs ofAll(SplitGraph graph) throws RankException {
    int[] sizes = bench.device().measuredRows();
    boolean wholeRows = graph.rowsForm() == Form.WHOLE;
    double[] ofExported = new double[sizes.length];
    double[] ofWhole = new double[sizes.length];
    double[] ofSplit = new double[sizes.length];
    double ofContext = Double.POSITIVE_INFINITY;
    RandomProbes random = bench.random();
    try (TileRunner exported = bench.runner(bench.exported());
        TileRunner runner = bench.runner(graph)) {
      for (int i = 0; i < sizes.length; i++) {
        int rows = sizes[i];
        Probe probe = random.next(rows, Draw.FULL);
        exported.rows().copyRows(probe.rows(), 0, 0, rows);
        runner.rows().copyRows(probe.rows(), 0, 0, rows);
        try (ContextTensors context = Proof.fill(runner, probe)) {
          List<Run> runs = new ArrayList<>();
          runs.add(() -> exported.run(rows));
          // Where a server splits, a tile follows another: the first one after the exported
          // graph, which sweeps the caches, is not counted.
          runs.add(() -> runner.runCandidates(context, rows));
          runs.add(() -> runner.runCandidates(context, rows));
          runs.add(() -> runner.runContext().close());
          if (wholeRows) {
            runs.add(() -> runner.run(rows));
          }
          double[] micros =
              bench.meter().micros(FORMS, Workbench.BUDGET_NANOS, runs.toArray(Run[]::new));
          ofExported[i] = micros[0];
          ofSplit[i] = micros[2];
          ofContext = Math.min(ofContext, micros[3]);
          if (wholeRows) {
            ofWhole[i] = micros[4];
          }
        }
      }
    }
    return new Costs(
        new CostCurve(sizes, ofExported),
        wholeRows ? new CostCurve(sizes, ofWhole) : null,
        new CostCurve(sizes, ofSplit),
        ofContext);
  }
}
