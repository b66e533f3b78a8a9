package dev.podium.server.engine;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import dev.podium.graph.Compilation;
import dev.podium.graph.EmbeddingBag;
import dev.podium.graph.Report;
import dev.podium.graph.pass.Pass;
import dev.podium.server.engine.CostMeter.Run;
import dev.podium.server.engine.ExecutionReport.Speed;
import dev.podium.server.engine.RandomProbes.Draw;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Finds out how one model is best run: are its rows independent, do the halves give the same
 * scores, which passes pay, how many rows has a tile, from how many rows on does the split form
 * serve. Nothing serves that did not agree with the exported graph and was not measured faster.
 */
final class Preparation {
  private static final long SEED = 20_170_613;

  /** Passes whose gain depends on the machine and the sizes; the others always save arithmetic. */
  private static final List<Pass> ON_TRIAL =
      List.of(
          Pass.INNER_PRODUCTS,
          Pass.EMBEDDING_BAGS,
          Pass.LOOK_UPS,
          Pass.TARGET_ATTENTION,
          Pass.POOLING,
          Pass.FOLD_SCALES,
          Pass.CENTRE,
          Pass.GATES,
          Pass.ROWS_LAST);

  /** A pass must make tiles this much cheaper to stay. */
  private static final double WORTH = 0.98;

  /** What is measured is computed each time. */
  private static final ContextCache NOTHING_KEPT = new ContextCache(0, 0, System::nanoTime);

  private static final int TRIAL_ROWS = 128;
  private static final int FEW_ROWS = 2;

  /** Shares of their positions for which histories get a form of their own. */
  private static final double[] SHORTER = {0.5, 0.25};

  private static final int[] SHORTENED_ROWS = {1, 2, 7, 16, TRIAL_ROWS};
  private static final long BUDGET_NANOS = 20_000_000;

  /** What is timed: exported graph, two tiles of the split form, context half, whole rows. */
  private static final String FORMS = "forms";

  private static final int[] REPORTED_ROWS = {1, 10, 50, 100, 500, 1000, 2000};

  private final OrtEnvironment environment;
  private final Sessions exported;
  private final Signature signature;
  private final List<TensorSpec> outputs;
  private final int configuredTileRows;
  private final TuningOptions options;
  private final Proof proof;
  private final CostMeter meter;
  private final TileCosts tileCosts;
  private final List<Probe> probes;
  private final Histories histories;
  private Copies copies;

  Preparation(
      OrtEnvironment environment,
      Sessions exported,
      Copies copies,
      Signature signature,
      List<TensorSpec> outputs,
      int configuredTileRows,
      TuningOptions options,
      CostMeter meter,
      List<Probe> given) {
    this.environment = environment;
    this.exported = exported;
    this.copies = copies;
    this.signature = signature;
    this.outputs = outputs;
    this.configuredTileRows = configuredTileRows;
    this.options = options;
    this.proof = new Proof(outputs);
    this.meter = meter;
    this.tileCosts = new TileCosts(this::runner, new RandomProbes(signature, SEED), meter);
    this.histories = new Histories(signature);
    this.probes = new ArrayList<>(given);
    RandomProbes random = new RandomProbes(signature, SEED);
    for (int rows : new int[] {1, 2, 7, 64}) {
      probes.add(random.next(rows, Draw.ANYWHERE));
    }
    probes.add(random.next(16, Draw.EDGES));
    probes.add(random.next(16, Draw.EMPTY));
  }

  /**
   * Makes the session.
   *
   * @param halves what compiles the graph; null if that is switched off
   */
  OnnxSession prepare(HalvesLoader halves) throws ModelException {
    long start = System.nanoTime();
    try {
      return measured(halves, start);
    } catch (RankException e) {
      throw new ModelException("warm-up: " + e.getMessage(), e);
    }
  }

  private OnnxSession measured(HalvesLoader loader, long start)
      throws RankException, ModelException {
    List<Probe> small =
        probes.stream().filter(p -> p.count() > 1 && p.count() <= 16).limit(4).toList();
    boolean independent;
    try (TileRunner runner = runner(null)) {
      independent = proof.rowsAreIndependent(runner, small);
      for (Probe probe : probes) {
        proof.exported(runner, probe);
      }
    }
    Found found = new Found();
    try {
      if (!independent) {
        found.reason = "rows are not independent: a row's score changes with its neighbours";
      } else if (loader == null) {
        found.reason = "compiling is switched off";
      } else if (!loader.hasContext()) {
        found.reason = "the signature has no context features";
      } else {
        compile(loader, found);
      }
      return decide(independent, found, start);
    } catch (RankException | ModelException | RuntimeException e) {
      if (found.halves != null) {
        found.halves.close();
      }
      throw e;
    }
  }

  /** What compiling came to. */
  private static final class Found {
    private Halves halves;
    private Report report;
    private String reason = "";
    private double difference;
    private final List<String> dropped = new ArrayList<>();
    private final List<String> forms = new ArrayList<>();
  }

  private void compile(HalvesLoader loader, Found found) throws RankException {
    Compilation compilation = compiled(loader, List.of(), signature.inputs(), found);
    if (compilation == null) {
      return;
    }
    found.report = compilation.report();
    if (!(compilation instanceof Compilation.Split split)) {
      found.reason = "nothing to split: " + found.report.refused().get(0).reason();
      return;
    }
    Halves halves = loaded(loader, split, List.of(), found);
    if (halves == null) {
      return;
    }
    if (!proved(halves, probes, found)) {
      halves.close();
      return;
    }
    found.halves = halves;
    if (!options.tune()) {
      return;
    }
    List<Pass> without = new ArrayList<>();
    for (Pass pass : ON_TRIAL) {
      if (found.report.applied().stream().anyMatch(a -> a.pass() == pass)) {
        without.add(pass);
        if (!tryWithout(loader, without, pass, found)) {
          without.remove(pass);
        }
      }
    }
    tryWholeRows(found);
    if (loader.isSmall()) {
      for (double share : SHORTER) {
        if (!tryShorter(loader, without, share, found)) {
          break;
        }
      }
    }
  }

  /**
   * Has rows of different contexts run through the candidate half, too, if it needs no context
   * half, gives the same scores and is faster than the exported graph.
   */
  private void tryWholeRows(Found found) throws RankException {
    if (!found.halves.canTakeWholeRows()) {
      return;
    }
    Halves whole = found.halves.withWholeRows();
    Probe probe = new RandomProbes(signature, SEED).next(TRIAL_ROWS, Draw.FULL);
    try (TileRunner exported = runner(null);
        TileRunner compiled = runner(whole)) {
      double difference = proof.largestDifferenceOfRows(compiled, probes);
      if (difference > options.tolerance()) {
        found.forms.add("rows of different contexts: scores differ by up to " + difference);
        return;
      }
      exported.rows().copyRows(probe.rows(), 0, 0, TRIAL_ROWS);
      compiled.rows().copyRows(probe.rows(), 0, 0, TRIAL_ROWS);
      double[] micros =
          meter.micros(
              "rows of different contexts",
              BUDGET_NANOS,
              () -> compiled.run(TRIAL_ROWS),
              () -> exported.run(TRIAL_ROWS));
      double ratio = micros[0] / micros[1];
      found.forms.add(
          String.format(
              Locale.ROOT,
              "rows of different contexts: a tile of %d rows takes %.2f times as long as exported%s",
              TRIAL_ROWS,
              ratio,
              ratio < WORTH ? "" : ": not used"));
      if (ratio < WORTH) {
        found.halves = whole;
        found.difference = Math.max(found.difference, difference);
      }
    }
  }

  /**
   * Adds halves that leave out the last positions of histories, for requests in which those are
   * padding: if that changes no score, and pays.
   */
  private boolean tryShorter(HalvesLoader loader, List<Pass> without, double share, Found found)
      throws RankException {
    List<TensorSpec> cut = histories.cut(signature.inputs(), share);
    if (cut.equals(found.halves.forms().get(0).inputs())) {
      return false;
    }
    if (!loader.takes(cut)) {
      found.forms.add(
          "padding of histories is computed: the graph's shapes "
              + histories.lengths(signature.inputs())
              + " are fixed (expected: open dimensions)");
      return false;
    }
    String what = "histories of up to " + histories.lengths(cut) + " positions: ";
    Found other = new Found();
    SplitForm form = shorterForm(loader, without, cut, found.halves, other);
    if (form == null) {
      found.forms.add(what + other.reason);
      return false;
    }
    Halves more = found.halves.withShorter(form);
    List<Probe> shortened = new ArrayList<>(probes);
    RandomProbes random = new RandomProbes(signature, SEED);
    for (int rows : SHORTENED_ROWS) {
      Probe probe = random.next(rows, Draw.ANYWHERE);
      histories.shorten(probe.rows(), rows, cut);
      shortened.add(probe);
    }
    Probe last = shortened.get(shortened.size() - 1);
    boolean kept = false;
    try {
      if (proved(more, shortened, other)) {
        double ratio = trial("shorter histories", more, found.halves, last);
        kept = ratio < WORTH;
        found.forms.add(
            String.format(
                Locale.ROOT,
                "%sa tile of %d rows takes %.2f times as long%s",
                what,
                last.count(),
                ratio,
                kept ? "" : ": not used"));
      } else {
        found.forms.add(what + other.reason);
      }
    } finally {
      if (!kept) {
        form.close();
      }
    }
    if (kept) {
      found.halves = more;
      found.difference = Math.max(found.difference, other.difference);
    }
    return kept;
  }

  /** Null, with the reason, if the graph can't be cut. */
  private static SplitForm shorterForm(
      HalvesLoader loader, List<Pass> without, List<TensorSpec> cut, Halves halves, Found found) {
    Compilation compilation = compiled(loader, without, cut, found);
    if (compilation == null) {
      return null;
    }
    if (!(compilation instanceof Compilation.Split split)) {
      found.reason = "nothing to split: " + compilation.report().refused().get(0).reason();
      return null;
    }
    if (!sameBags(split, halves)) {
      found.reason = "other sums than with all positions";
      return null;
    }
    try {
      return loader.form(split, cut);
    } catch (OrtException e) {
      found.reason = "the halves can't be loaded: " + OnnxEngine.oneLine(e);
      return null;
    }
  }

  private static boolean sameBags(Compilation.Split split, Halves halves) {
    List<EmbeddingBag> bags = halves.bags().stream().map(LoadedBag::bag).toList();
    boolean same = split.bags().size() == bags.size();
    for (int i = 0; same && i < bags.size(); i++) {
      EmbeddingBag other = split.bags().get(i);
      same = bags.get(i).ids().equals(other.ids()) && bags.get(i).sums().equals(other.sums());
    }
    return same;
  }

  /** Keeps the halves without a pass if they are no slower than with it. */
  private boolean tryWithout(HalvesLoader loader, List<Pass> without, Pass pass, Found found)
      throws RankException {
    Found other = new Found();
    if (!(compiled(loader, without, signature.inputs(), other)
        instanceof Compilation.Split split)) {
      return false;
    }
    Halves leaner = loaded(loader, split, without, other);
    if (leaner == null) {
      return false;
    }
    Probe probe = new RandomProbes(signature, SEED).next(TRIAL_ROWS, Draw.FULL);
    double ratio = trial("without " + pass, leaner, found.halves, probe);
    if (ratio <= 1 / WORTH) {
      // Java may have been compiled anew meanwhile: a pass must lose twice.
      settle(found.halves);
      ratio = Math.max(ratio, trial("without " + pass, leaner, found.halves, probe));
    }
    if (ratio > 1 / WORTH || !proved(leaner, probes, other)) {
      leaner.close();
      return false;
    }
    found.dropped.add(
        String.format(
            Locale.ROOT,
            "%s: a tile of %d rows takes %.2f times as long with it",
            pass,
            TRIAL_ROWS,
            1 / ratio));
    found.halves.close();
    found.halves = leaner;
    found.report = split.report();
    found.difference = other.difference;
    return true;
  }

  /** Compiles; null, with the reason, if the compiler stumbles over the graph. */
  private static Compilation compiled(
      HalvesLoader loader, List<Pass> without, List<TensorSpec> inputs, Found found) {
    try {
      return loader.compile(without, inputs);
    } catch (RuntimeException e) {
      found.reason = "the compiler failed: " + e;
      return null;
    }
  }

  /** Loads halves; null, with the reason, if they can't be. */
  private Halves loaded(
      HalvesLoader loader, Compilation.Split split, List<Pass> without, Found found)
      throws RankException {
    try {
      Halves halves = loader.load(split, without, signature.inputs());
      settle(halves);
      return halves;
    } catch (OrtException e) {
      found.reason = "the halves can't be loaded: " + OnnxEngine.oneLine(e);
      return null;
    }
  }

  /** Has the sums over bags compiled, so that what is measured of them is what will be served. */
  private void settle(Halves halves) throws RankException {
    TensorBuffers context = new TensorBuffers(signature.inputs(), 1);
    TensorBuffers rows = halves.candidateBuffers(signature.inputs(), TRIAL_ROWS);
    for (LoadedBag bag : halves.bags()) {
      BagSums sums = new BagSums(bag, context, rows);
      float[] share = sums.shareOfContext();
      meter.settle(() -> sums.fill(share, TRIAL_ROWS), TRIAL_ROWS * bag.compiledMicrosPerRow());
    }
  }

  /** Compares halves with the exported graph; notes the reason if they differ. */
  private boolean proved(Halves halves, List<Probe> requests, Found found) throws RankException {
    List<Probe> shared = requests.stream().filter(Probe::sharesContext).toList();
    try (TileRunner runner = runner(halves)) {
      found.difference = proof.largestDifference(runner, shared);
    }
    if (found.difference <= options.tolerance()) {
      return true;
    }
    found.reason =
        "the halves' scores differ by up to "
            + found.difference
            + " (expected: at most "
            + options.tolerance()
            + ")";
    return false;
  }

  /** Time of a tile in the first halves, relative to the second. */
  private double trial(String what, Halves first, Halves second, Probe probe) throws RankException {
    int rows = probe.count();
    try (TileRunner one = runner(first);
        TileRunner other = runner(second);
        ContextTensors ofOne = filled(one, probe);
        ContextTensors ofOther = filled(other, probe)) {
      double[] micros =
          meter.micros(
              what,
              BUDGET_NANOS,
              () -> one.runCandidates(ofOne, rows),
              () -> other.runCandidates(ofOther, rows));
      return micros[0] / micros[1];
    }
  }

  /** Gives workers sessions of their own, as far as they may copy the weights: how many each. */
  private int complete(List<Sessions> served, Found found) {
    boolean alone = copies.workers() == 1;
    long bytes = alone ? 0 : served.stream().mapToLong(Sessions::copiedBytes).sum();
    int count = copies.sessions(bytes);
    if (count < copies.workers()) {
      found.forms.add(
          String.format(
              Locale.ROOT,
              "%d sessions for %d workers: each holds %.1f MiB of weights (expected: %.1f MiB at"
                  + " most in all after the first)",
              count,
              copies.workers(),
              bytes / 1048576.0,
              copies.maxBytes() / 1048576.0));
    }
    copies = copies.after(count, bytes);
    try {
      for (Sessions sessions : served) {
        sessions.complete(count);
      }
    } catch (OrtException e) {
      found.forms.add("workers share sessions: " + OnnxEngine.oneLine(e));
    }
    return count;
  }

  /**
   * Has all sessions score a probe: a file that changed while it was loaded does not serve. A small
   * one, since memory that idle sessions reserved would stay theirs.
   */
  private void tryAll(int sessions, ExecutionPlan plan, boolean rowsServe, Found found)
      throws RankException, ModelException {
    Probe probe = new RandomProbes(signature, SEED).next(FEW_ROWS, Draw.ANYWHERE);
    List<TileRunner> runners = new ArrayList<>();
    try {
      for (int i = 0; i < sessions; i++) {
        runners.add(runner(found.halves, FEW_ROWS));
      }
      proof.exported(runners.get(0), probe);
      for (TileRunner runner : runners) {
        double rows = rowsServe ? proof.largestDifferenceOfRows(runner, List.of(probe)) : 0;
        double split = plan.splits() ? proof.largestDifference(runner, List.of(probe)) : 0;
        if (Math.max(rows, split) > options.tolerance()) {
          throw new ModelException(
              "model.onnx: changed while it was loaded: sessions' scores differ by up to "
                  + Math.max(rows, split));
        }
      }
    } finally {
      runners.forEach(TileRunner::close);
    }
  }

  private OnnxSession decide(boolean independent, Found found, long start)
      throws RankException, ModelException {
    int sessions =
        complete(found.halves == null ? List.of(exported) : found.halves.sessions(), found);
    boolean compiled = found.halves != null;
    int[] sizes = TileRows.measured();
    double[] exportedMicros = new double[sizes.length];
    double[] whole = new double[sizes.length];
    double[] split = new double[sizes.length];
    double context = 0;
    boolean wholeRows = found.halves != null && found.halves.wholeRows();
    RandomProbes random = new RandomProbes(signature, SEED);
    try (TileRunner plain = runner(null);
        TileRunner runner = runner(found.halves)) {
      for (int i = 0; i < sizes.length; i++) {
        int rows = sizes[i];
        Probe probe = random.next(rows, Draw.FULL);
        plain.rows().copyRows(probe.rows(), 0, 0, rows);
        if (found.halves == null) {
          exportedMicros[i] = meter.micros(FORMS, BUDGET_NANOS, () -> plain.run(rows))[0];
          continue;
        }
        runner.rows().copyRows(probe.rows(), 0, 0, rows);
        try (ContextTensors tensors = filled(runner, probe)) {
          List<Run> runs = new ArrayList<>();
          runs.add(() -> plain.run(rows));
          // Where a server splits, a tile follows another: the first one after the exported
          // graph, which sweeps the caches, is not counted.
          runs.add(() -> runner.runCandidates(tensors, rows));
          runs.add(() -> runner.runCandidates(tensors, rows));
          runs.add(() -> runner.runContext().close());
          if (wholeRows) {
            runs.add(() -> runner.run(rows));
          }
          double[] micros = meter.micros(FORMS, BUDGET_NANOS, runs.toArray(Run[]::new));
          exportedMicros[i] = micros[0];
          split[i] = micros[2];
          context = i == 0 ? micros[3] : Math.min(context, micros[3]);
          if (wholeRows) {
            whole[i] = micros[4];
          }
        }
      }
    }
    CostCurve exportedCost = new CostCurve(sizes, exportedMicros);
    CostCurve wholeCost = wholeRows ? new CostCurve(sizes, whole) : exportedCost;
    CostCurve splitCost = found.halves == null ? null : new CostCurve(sizes, split);
    int tileRows =
        configuredTileRows > 0
            ? configuredTileRows
            : PlanChoice.tileRows(tileCosts.measure(sizes, found.halves));
    ExecutionPlan plan =
        PlanChoice.choose(
            tileRows,
            independent,
            wholeRows ? Form.WHOLE : Form.EXPORTED,
            wholeCost,
            splitCost,
            context);
    if (found.halves != null && !plan.splits() && !wholeRows) {
      found.reason = "the split form is not faster at any number of rows";
      found.halves.close();
      found.halves = null;
    }
    boolean exportedServes = plan.form(1) == Form.EXPORTED;
    if (compiled && exportedServes) {
      sessions = Math.max(sessions, complete(List.of(exported), found));
    }
    if (independent && sessions > 1) {
      tryAll(sessions, plan, wholeRows || exportedServes, found);
    }
    List<Speed> speeds = new ArrayList<>();
    for (int rows : REPORTED_ROWS) {
      speeds.add(
          new Speed(rows, exportedCost.micros(rows), plan.requestMicros(rows), plan.form(rows)));
    }
    ExecutionReport report =
        new ExecutionReport(
            found.reason,
            found.report,
            found.dropped,
            found.forms,
            found.report == null ? 0 : probes.size(),
            found.difference,
            speeds,
            (System.nanoTime() - start) / 1_000_000);
    ContextCache contexts =
        new ContextCache(
            options.contextCacheBytes(), options.contextCacheAge().toNanos(), System::nanoTime);
    return new OnnxSession(
        environment,
        exported,
        found.halves,
        histories,
        contexts,
        signature.inputs(),
        outputs,
        plan,
        report);
  }

  /** The context half's result, with a probe's rows laid out for the candidate half. */
  static ContextTensors filled(TileRunner runner, Probe probe) throws RankException {
    runner.contextRow().copyRows(probe.rows(), 0, 0, 1);
    runner.candidateRows().copyRows(probe.rows(), 0, 0, probe.count());
    return runner.runContext();
  }

  private TileRunner runner(Halves halves) {
    int capacity = TileRows.measured()[TileRows.measured().length - 1];
    for (Probe probe : probes) {
      capacity = Math.max(capacity, probe.count());
    }
    return runner(halves, capacity);
  }

  private TileRunner runner(Halves halves, int capacity) {
    return OnnxSession.runner(
        environment,
        exported,
        halves,
        histories,
        NOTHING_KEPT,
        signature.inputs(),
        outputs,
        capacity);
  }
}
