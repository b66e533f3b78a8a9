package dev.podium.server.engine.tune;

import dev.podium.graph.Compilation;
import dev.podium.graph.Report;
import dev.podium.graph.pass.Passes;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.bag.BagSums;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.engine.tune.Equivalence.Reference;
import dev.podium.server.engine.tune.Proof.Errors;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The second step: splits the graph, proves that the halves give what the exported graph gives, and
 * leaves out each pass on trial that does not pay.
 */
final class PassTrials {
  private final Workbench bench;
  private final Splitter splitter;

  PassTrials(Workbench bench, Splitter splitter) {
    this.bench = bench;
    this.splitter = splitter;
  }

  /** What came of splitting. */
  sealed interface Outcome {}

  /**
   * The exported graph serves.
   *
   * @param report the compiler's; null if it gave none
   */
  record Unsplit(String reason, Report report) implements Outcome {}

  /**
   * Halves that proved to be right.
   *
   * @param graph whoever has the outcome closes it
   * @param report the compiler's
   * @param without passes that were left out
   * @param dropped why, a sentence each
   * @param errors of the halves' scores
   */
  record Split(
      SplitGraph graph, Report report, List<String> without, List<String> dropped, Errors errors)
      implements Outcome {
    Split {
      without = List.copyOf(without);
      dropped = List.copyOf(dropped);
    }
  }

  Outcome run(Reference reference) throws RankException {
    if (!splitter.hasContext()) {
      return new Unsplit("the signature has no context features", null);
    }
    Outcome first = proved(reference);
    if (!(first instanceof Split best)) {
      return first;
    }
    try {
      if (bench.options().tune()) {
        for (String pass : Passes.onTrial(bench.device().traits())) {
          if (best.report().applied().stream().anyMatch(applied -> applied.pass().equals(pass))) {
            best = withoutUnlessSlower(best, pass, reference);
          }
        }
      }
      return best;
    } catch (RankException | RuntimeException | Error e) {
      best.graph().close();
      throw e;
    }
  }

  /**
   * Halves that are right. Where those of all passes are not, the passes that regroup sums are left
   * out one after the other: what they add up may be rounded more coarsely than as exported.
   */
  private Outcome proved(Reference reference) throws RankException {
    List<String> without = new ArrayList<>();
    List<String> dropped = new ArrayList<>();
    while (true) {
      Outcome outcome = loaded(without);
      if (!(outcome instanceof Split split)) {
        return outcome;
      }
      Errors errors;
      try {
        errors = errors(split.graph(), reference);
      } catch (RankException | RuntimeException | Error e) {
        split.graph().close();
        throw e;
      }
      if (errors.isAllowed()) {
        return new Split(split.graph(), split.report(), without, dropped, errors);
      }
      split.graph().close();
      String next = suspect(split.report(), without);
      if (next == null) {
        return new Unsplit(errors.sentence("the halves' scores"), split.report());
      }
      without.add(next);
      dropped.add(next + ": " + errors.sentence("scores with it"));
    }
  }

  /** A pass on trial that was applied and is not left out yet; null if there is none. */
  private String suspect(Report report, List<String> without) {
    for (String pass : Passes.onTrial(bench.device().traits())) {
      boolean applied = report.applied().stream().anyMatch(one -> one.pass().equals(pass));
      if (applied && !without.contains(pass)) {
        return pass;
      }
    }
    return null;
  }

  /** The halves without a pass, if they are no slower than with it and give the same scores. */
  private Split withoutUnlessSlower(Split with, String pass, Reference reference)
      throws RankException {
    List<String> without = new ArrayList<>(with.without());
    without.add(pass);
    if (!(loaded(without) instanceof Split leaner)) {
      return with;
    }
    boolean kept = false;
    try {
      Probe tile = bench.trialTile();
      String what = "without " + pass;
      double ratio = bench.ratio(what, leaner.graph(), with.graph(), tile);
      if (ratio <= 1 / Workbench.WORTH) {
        // Java may have been compiled anew meanwhile: a pass must lose twice.
        settle(with.graph());
        ratio = Math.max(ratio, bench.ratio(what, leaner.graph(), with.graph(), tile));
      }
      if (ratio > 1 / Workbench.WORTH) {
        return with;
      }
      Errors errors = errors(leaner.graph(), reference);
      if (!errors.isAllowed()) {
        return with;
      }
      List<String> dropped = new ArrayList<>(with.dropped());
      dropped.add(
          String.format(
              Locale.ROOT,
              "%s: a tile of %d rows takes %.2f times as long with it",
              pass,
              tile.count(),
              1 / ratio));
      kept = true;
      with.graph().close();
      return new Split(leaner.graph(), leaner.report(), without, dropped, errors);
    } finally {
      if (!kept) {
        leaner.graph().close();
      }
    }
  }

  /** Halves that are not proved yet, or why there are none. */
  private Outcome loaded(List<String> without) throws RankException {
    Compilation compilation;
    try {
      compilation = splitter.compile(without, bench.signature().inputs());
    } catch (RuntimeException e) {
      return new Unsplit("the compiler failed: " + e, null);
    }
    Report report = compilation.report();
    if (!(compilation instanceof Compilation.Split split)) {
      return new Unsplit("nothing to split: " + report.refused().get(0).reason(), report);
    }
    SplitGraph graph;
    try {
      graph = splitter.load(split, without);
    } catch (ModelException e) {
      return new Unsplit("the halves can't be loaded: " + e.getMessage(), report);
    }
    try {
      settle(graph);
      return new Split(graph, report, without, List.of(), Errors.NONE);
    } catch (RankException | RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  /** Has the sums over bags compiled, so that what is measured of them is what will be served. */
  private void settle(SplitGraph graph) throws RankException {
    int count = Workbench.TRIAL_ROWS;
    TensorBuffers context = new TensorBuffers(bench.signature().inputs(), 1);
    TensorBuffers rows = graph.candidateBuffers(count);
    for (LoadedBag bag : graph.bags()) {
      BagSums sums = new BagSums(bag, context, rows);
      float[] share = sums.shareOfContext();
      bench.meter().settle(() -> sums.fill(share, count), count * bag.compiledMicrosPerRow());
    }
  }

  private Errors errors(SplitGraph graph, Reference reference) throws RankException {
    try (TileRunner runner = bench.runner(graph)) {
      return bench.proof().errorsOfSplit(runner, reference.ofOneContext(), reference.bounds());
    }
  }
}
