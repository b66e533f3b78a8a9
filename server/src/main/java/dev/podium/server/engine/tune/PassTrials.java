package dev.podium.server.engine.tune;

import dev.podium.graph.Compilation;
import dev.podium.graph.Report;
import dev.podium.graph.pass.Passes;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.bag.BagSums;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.engine.tune.Equivalence.Reference;
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
   * @param difference the largest from the exported graph's scores
   */
  record Split(
      SplitGraph graph,
      Report report,
      List<String> without,
      List<String> dropped,
      double difference)
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
    Outcome first = loaded(List.of());
    if (!(first instanceof Split all)) {
      return first;
    }
    Split best = all;
    try {
      double difference = difference(all.graph(), reference);
      if (difference > bench.options().tolerance()) {
        all.graph().close();
        return new Unsplit(bench.differs(difference), all.report());
      }
      best = new Split(all.graph(), all.report(), List.of(), List.of(), difference);
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
      double difference = difference(leaner.graph(), reference);
      if (difference > bench.options().tolerance()) {
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
      return new Split(leaner.graph(), leaner.report(), without, dropped, difference);
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
      return new Split(graph, report, without, List.of(), Double.NaN);
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

  private double difference(SplitGraph graph, Reference reference) throws RankException {
    try (TileRunner runner = bench.runner(graph)) {
      return bench.proof().differenceOfSplit(runner, reference.ofOneContext());
    }
  }
}
