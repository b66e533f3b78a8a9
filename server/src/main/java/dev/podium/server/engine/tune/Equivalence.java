package dev.podium.server.engine.tune;

import dev.podium.graph.rows.RowDependence;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.tune.Proof.Errors;
import dev.podium.server.engine.tune.Proof.Expected;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.FeatureRole;
import java.util.ArrayList;
import java.util.List;

/**
 * The first step: what the exported graph and the function in double precision give for the probes,
 * which every other form must give, too; and whether a row's score depends on that row alone.
 *
 * <p>Whether it does is read from the graph. Probes can only take it away: an interaction of rows
 * that is tiny or rare is not met by any number of them.
 */
final class Equivalence {
  private static final int MOST_ROWS_ALONE = 16;

  private final Workbench bench;

  Equivalence(Workbench bench) {
    this.bench = bench;
  }

  /**
   * What was found.
   *
   * @param mixing how rows depend on each other
   * @param why where and how they meet; empty if they don't
   * @param expected of each probe that the exported graph takes, in their order
   * @param bounds of errors in those requests
   * @param notes what a person should know, a sentence each
   */
  record Reference(
      RowMixing mixing,
      String why,
      List<Expected> expected,
      ErrorBounds bounds,
      List<String> notes) {
    Reference {
      expected = List.copyOf(expected);
      notes = List.copyOf(notes);
    }

    /** Those that the split form can run. */
    List<Expected> ofOneContext() {
      return expected.stream().filter(one -> one.probe().sharesContext()).toList();
    }
  }

  /** A request, and what kind it is. */
  record Drawn(Probe probe, Draw draw) {}

  Reference find(List<Drawn> probes) throws RankException {
    try (TileRunner runner = bench.runner(bench.exported())) {
      List<Expected> expected = new ArrayList<>();
      List<String> notes = new ArrayList<>();
      for (Drawn drawn : probes) {
        try {
          expected.add(bench.proof().expected(runner, bench.truth(), drawn.probe(), drawn.draw()));
        } catch (RankException e) {
          if (!drawn.draw().mayFail()) {
            throw e;
          }
          notes.add("not tried with " + drawn.draw().inWords() + ": " + e.getMessage());
        }
      }
      ErrorBounds bounds =
          ErrorBounds.of(bench.proof().outputs(), bench.options().tolerance(), expected);
      RowDependence read = bench.facts().rows();
      RowMixing mixing =
          read.rowsApart()
              ? RowMixing.NONE
              : read.withinRequest() ? RowMixing.WITHIN_CONTEXT : RowMixing.WHOLE_REQUEST;
      String why = read.rowsApart() ? "" : "rows meet in " + read.mixedBy() + ": " + read.reason();
      if (mixing == RowMixing.NONE) {
        Errors many = alone(runner, expected, bounds, false);
        if (!many.isAllowed()) {
          mixing = hasContext() ? RowMixing.WITHIN_CONTEXT : RowMixing.WHOLE_REQUEST;
          why = "a row's score changes with its neighbours: " + many.sentence("rows alone");
        }
      }
      if (mixing != RowMixing.WHOLE_REQUEST) {
        Errors one = alone(runner, expected, bounds, true);
        if (!one.isAllowed()) {
          mixing = RowMixing.WHOLE_REQUEST;
          why = "a row's score changes with its neighbours: " + one.sentence("rows alone");
        }
      }
      return new Reference(mixing, why, expected, bounds, notes);
    }
  }

  private boolean hasContext() {
    return bench.signature().features().stream()
        .anyMatch(feature -> feature.role() == FeatureRole.CONTEXT);
  }

  private Errors alone(
      TileRunner runner, List<Expected> expected, ErrorBounds bounds, boolean ofOneContext)
      throws RankException {
    Errors errors = Errors.NONE;
    for (Expected one : expected) {
      int rows = one.probe().count();
      boolean small = rows > 1 && rows <= MOST_ROWS_ALONE;
      if (small && one.probe().sharesContext() == ofOneContext) {
        errors = errors.and(bench.proof().aloneErrors(runner, one, bounds));
      }
    }
    return errors;
  }
}
