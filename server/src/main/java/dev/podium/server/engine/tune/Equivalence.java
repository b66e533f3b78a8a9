package dev.podium.server.engine.tune;

import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.tune.Proof.Expected;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.List;

/**
 * The first step: what the exported graph gives for the probes, which every other form must give,
 * too; and whether a row's score depends on that row alone.
 */
final class Equivalence {
  private static final int MOST_ROWS_ALONE = 16;
  private static final int MOST_PROBES_ALONE = 4;

  private final Workbench bench;

  Equivalence(Workbench bench) {
    this.bench = bench;
  }

  /**
   * What was found.
   *
   * @param expected of each probe, in their order
   */
  record Reference(boolean rowsIndependent, List<Expected> expected) {
    Reference {
      expected = List.copyOf(expected);
    }

    /** Those that the split form can run. */
    List<Expected> ofOneContext() {
      return expected.stream().filter(one -> one.probe().sharesContext()).toList();
    }
  }

  Reference find(List<Probe> probes) throws RankException {
    try (TileRunner runner = bench.runner(bench.exported())) {
      List<Expected> expected = new ArrayList<>();
      for (Probe probe : probes) {
        expected.add(bench.proof().expected(runner, probe));
      }
      return new Reference(rowsAreIndependent(runner, expected), expected);
    }
  }

  private boolean rowsAreIndependent(TileRunner runner, List<Expected> expected)
      throws RankException {
    List<Expected> small =
        expected.stream()
            .filter(one -> one.probe().count() > 1 && one.probe().count() <= MOST_ROWS_ALONE)
            .limit(MOST_PROBES_ALONE)
            .toList();
    for (Expected one : small) {
      if (!bench.proof().rowsAreIndependent(runner, one)) {
        return false;
      }
    }
    return true;
  }
}
