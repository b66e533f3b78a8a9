package dev.podium.server.engine.tune;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.tune.Proof.Errors;
import dev.podium.server.engine.tune.Proof.Expected;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.List;

/**
 * The last step: all sessions score a probe, since a file may have changed while it was loaded. A
 * small one: memory that idle sessions reserved would stay theirs.
 */
final class SessionCheck {
  private static final int FEW_ROWS = 2;

  private final Workbench bench;

  SessionCheck(Workbench bench) {
    this.bench = bench;
  }

  /**
   * Checks the sessions of what serves.
   *
   * @param sessions of each graph that serves
   * @param rowsServe whether all sessions for whole rows were made
   * @throws ModelException if their scores differ
   */
  void run(
      RunnableGraph served, int sessions, ExecutionPlan plan, boolean rowsServe, ErrorBounds bounds)
      throws RankException, ModelException {
    Probe probe = bench.random().next(FEW_ROWS, Draw.ANYWHERE);
    List<TileRunner> runners = new ArrayList<>();
    try {
      for (int i = 0; i < sessions; i++) {
        runners.add(served.newRunner(FEW_ROWS));
      }
      List<Expected> expected =
          List.of(bench.proof().expected(runners.get(0), null, probe, Draw.ANYWHERE));
      for (TileRunner runner : runners) {
        Errors errors = Errors.NONE;
        if (rowsServe) {
          errors = errors.and(bench.proof().errorsOfRows(runner, expected, bounds));
        }
        if (plan.splits()) {
          errors = errors.and(bench.proof().errorsOfSplit(runner, expected, bounds));
        }
        if (!errors.isAllowed()) {
          throw new ModelException(
              "model.onnx: changed while it was loaded: sessions' scores differ by up to "
                  + errors.fromExported());
        }
      }
    } finally {
      runners.forEach(TileRunner::close);
    }
  }
}
