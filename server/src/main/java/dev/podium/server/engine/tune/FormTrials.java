package dev.podium.server.engine.tune;

import dev.podium.graph.Compilation;
import dev.podium.graph.EmbeddingBag;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.engine.tune.Equivalence.Reference;
import dev.podium.server.engine.tune.Proof.Errors;
import dev.podium.server.engine.tune.Proof.Expected;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The third step: what else the halves can serve. Rows of different contexts through the candidate
 * half; requests with shorter histories through halves that leave the padding out.
 */
final class FormTrials {
  /** Shares of their positions for which histories get a form of their own. */
  private static final double[] SHORTER = {0.5, 0.25};

  private static final int[] SHORTENED_ROWS = {1, 2, 7, 16, Workbench.TRIAL_ROWS};

  private static final int SHORTENED_CONTEXTS = 24;

  /** Full histories are cut at the short form's own length, which is where most goes wrong. */
  private static final Draw[] SHORTENED_DRAWS = {Draw.FULL, Draw.MESSY, Draw.EMPTY, Draw.ANYWHERE};

  private final Workbench bench;
  private final Splitter splitter;
  private final Histories histories;

  FormTrials(Workbench bench, Splitter splitter) {
    this.bench = bench;
    this.splitter = splitter;
    this.histories = new Histories(bench.signature());
  }

  /**
   * What serves, of what was tried.
   *
   * @param graph in place of the one given; whoever has the result closes it
   * @param notes what was tried, a sentence each
   * @param errors of scores in any form
   */
  record Forms(SplitGraph graph, List<String> notes, Errors errors) {
    Forms {
      notes = List.copyOf(notes);
    }

    private Forms and(SplitGraph other, String note, Errors itsErrors) {
      return new Forms(other, with(note), errors.and(itsErrors));
    }

    private Forms butNot(String note) {
      return new Forms(graph, with(note), errors);
    }

    private List<String> with(String note) {
      List<String> all = new ArrayList<>(notes);
      all.add(note);
      return all;
    }
  }

  /**
   * Tries the forms.
   *
   * @param split its graph is closed if this throws
   */
  Forms run(PassTrials.Split split, Reference reference) throws RankException {
    Forms forms = new Forms(split.graph(), List.of(), split.errors());
    if (!bench.options().tune()) {
      return forms;
    }
    try {
      forms = tryWholeRows(forms, reference);
      if (splitter.isSmall()) {
        for (double share : SHORTER) {
          Forms shorter = tryShorter(forms, split.without(), share, reference);
          boolean added = shorter.graph() != forms.graph();
          forms = shorter;
          if (!added) {
            break;
          }
        }
      }
      return forms;
    } catch (RankException | RuntimeException | Error e) {
      forms.graph().close();
      throw e;
    }
  }

  /**
   * Has rows of different contexts run through the candidate half, too, if it needs no context
   * half, gives the same scores and is faster than the exported graph.
   */
  private Forms tryWholeRows(Forms forms, Reference reference) throws RankException {
    if (reference.mixing() != RowMixing.NONE || !forms.graph().canTakeWholeRows()) {
      return forms;
    }
    String what = "rows of different contexts";
    SplitGraph whole = forms.graph().withWholeRows();
    Probe tile = bench.trialTile();
    int rows = tile.count();
    try (TileRunner exported = bench.runner(bench.exported());
        TileRunner compiled = bench.runner(whole)) {
      Errors errors =
          bench.proof().errorsOfRows(compiled, reference.expected(), reference.bounds());
      if (!errors.isAllowed()) {
        return forms.butNot(what + ": " + errors.sentence("scores"));
      }
      exported.rows().copyRows(tile.rows(), 0, 0, rows);
      compiled.rows().copyRows(tile.rows(), 0, 0, rows);
      double[] micros =
          bench
              .meter()
              .micros(
                  what, Workbench.BUDGET_NANOS, () -> compiled.run(rows), () -> exported.run(rows));
      double ratio = micros[0] / micros[1];
      boolean pays = ratio < Workbench.WORTH;
      String note =
          String.format(
              Locale.ROOT,
              "%s: a tile of %d rows takes %.2f times as long as exported%s",
              what,
              rows,
              ratio,
              pays ? "" : ": not used");
      return pays ? forms.and(whole, note, errors) : forms.butNot(note);
    }
  }

  /**
   * Adds halves that leave out the last positions of histories, for requests in which those are
   * padding: if that changes no score, and pays.
   */
  private Forms tryShorter(Forms forms, List<String> without, double share, Reference reference)
      throws RankException {
    List<TensorSpec> inputs = bench.signature().inputs();
    List<TensorSpec> cut = histories.cut(inputs, share);
    if (cut.equals(forms.graph().shortestInputs())) {
      return forms;
    }
    if (!splitter.takes(cut)) {
      return forms.butNot(
          "padding of histories is computed: the graph's shapes "
              + histories.lengths(inputs)
              + " are fixed (expected: open dimensions)");
    }
    String what = "histories of up to " + histories.lengths(cut) + " positions: ";
    SplitGraph more;
    try {
      more = splitter.shorter(forms.graph(), compiled(forms.graph(), without, cut), cut);
    } catch (Unfit e) {
      return forms.butNot(what + e.getMessage());
    } catch (ModelException e) {
      return forms.butNot(what + "the halves can't be loaded: " + e.getMessage());
    }
    boolean kept = false;
    try {
      List<Expected> shortened = shortened(cut);
      ErrorBounds bounds = reference.bounds().and(shortened);
      List<Expected> requests = new ArrayList<>(reference.ofOneContext());
      requests.addAll(shortened);
      Errors errors;
      try (TileRunner runner = bench.runner(more)) {
        errors = bench.proof().errorsOfSplit(runner, requests, bounds);
      }
      if (!errors.isAllowed()) {
        return forms.butNot(what + errors.sentence("scores"));
      }
      Probe last = requests.get(requests.size() - 1).probe();
      double ratio = bench.ratio("shorter histories", more, forms.graph(), last);
      kept = ratio < Workbench.WORTH;
      String note =
          String.format(
              Locale.ROOT,
              "%sa tile of %d rows takes %.2f times as long%s",
              what,
              last.count(),
              ratio,
              kept ? "" : ": not used");
      return kept ? forms.and(more, note, errors) : forms.butNot(note);
    } finally {
      if (!kept) {
        more.closeShortest();
      }
    }
  }

  /** Requests whose histories fit, and what the exported graph gives for them. */
  private List<Expected> shortened(List<TensorSpec> cut) throws RankException {
    List<Expected> shortened = new ArrayList<>();
    RandomProbes random = bench.random();
    try (TileRunner exported = bench.runner(bench.exported())) {
      List<Probe> probes = new ArrayList<>();
      // Many contexts: what goes wrong may need a certain length, or an unknown id at a certain
      // place.
      for (int context = 0; context < SHORTENED_CONTEXTS; context++) {
        Draw draw = SHORTENED_DRAWS[context % SHORTENED_DRAWS.length];
        probes.add(random.next(1 + context % 3, draw));
      }
      for (int rows : SHORTENED_ROWS) {
        probes.add(random.next(rows, Draw.ANYWHERE));
      }
      for (Probe probe : probes) {
        histories.shorten(probe.rows(), probe.count(), cut);
        shortened.add(bench.proof().expected(exported, bench.truth(), probe, Draw.SHORTENED));
      }
    }
    return shortened;
  }

  /** Why halves for shorter histories can't stand beside the others. */
  private static final class Unfit extends Exception {
    private static final long serialVersionUID = 1L;

    Unfit(String message) {
      super(message);
    }
  }

  private Compilation.Split compiled(SplitGraph graph, List<String> without, List<TensorSpec> cut)
      throws Unfit {
    Compilation compilation;
    try {
      compilation = splitter.compile(without, cut);
    } catch (RuntimeException e) {
      throw new Unfit("the compiler failed: " + e);
    }
    if (!(compilation instanceof Compilation.Split split)) {
      throw new Unfit("nothing to split: " + compilation.report().refused().get(0).reason());
    }
    if (!sameBags(split.bags(), graph.bags().stream().map(LoadedBag::bag).toList())) {
      throw new Unfit("other sums than with all positions");
    }
    return split;
  }

  private static boolean sameBags(List<EmbeddingBag> some, List<EmbeddingBag> others) {
    boolean same = some.size() == others.size();
    for (int i = 0; same && i < some.size(); i++) {
      same =
          some.get(i).ids().equals(others.get(i).ids())
              && some.get(i).sums().equals(others.get(i).sums());
    }
    return same;
  }
}
