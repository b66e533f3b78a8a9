package dev.podium.server.engine.tune;

import dev.podium.graph.Report;
import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.ExecutionReport.Speed;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.Probe;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.device.Device;
import dev.podium.server.engine.tune.Equivalence.Drawn;
import dev.podium.server.engine.tune.Equivalence.Reference;
import dev.podium.server.engine.tune.FormCosts.Costs;
import dev.podium.server.engine.tune.FormTrials.Forms;
import dev.podium.server.engine.tune.Proof.Errors;
import dev.podium.server.engine.tune.WorkerSessions.Made;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds out how one model is best run: are its rows independent, do the halves give the same
 * scores, which passes pay, how many rows has a tile, from how many rows on does the split form
 * serve. Nothing serves that did not agree with the exported graph and was not measured faster.
 *
 * <p>One step follows the other, each a class with an immutable result: {@link Equivalence}, {@link
 * PassTrials}, {@link FormTrials}, {@link WorkerSessions}, {@link FormCosts}, {@link TileCosts},
 * {@link PlanChoice}, {@link SessionCheck}. Here stands in what order, and who owns the halves in
 * between.
 */
public final class Preparation {
  private static final int SEVERAL_ROWS = 16;
  private static final int[] REPORTED_ROWS = {1, 10, 50, 100, 500, 1000, 2000};

  private final Workbench bench;
  private final List<Drawn> probes;
  private final SessionCopies copies;
  private final int configuredTileRows;

  /**
   * What was found.
   *
   * @param graph what serves besides the exported graph, closed by whoever has this; null if
   *     nothing does
   */
  public record Prepared(SplitGraph graph, ExecutionPlan plan, ExecutionReport report) {}

  /**
   * @param exported its sessions are completed where it serves
   * @param facts what is read of the exported graph
   * @param truth what forms are judged by; null if there is none. Stays its owner's
   * @param copies how many sessions there may be
   * @param configuredTileRows 0 to choose
   * @param given requests to try it with, besides random ones
   */
  public Preparation(
      RunnableGraph exported,
      GraphFacts facts,
      Truth truth,
      Signature signature,
      List<TensorSpec> outputs,
      Device device,
      CostMeter meter,
      TuningOptions options,
      SessionCopies copies,
      int configuredTileRows,
      List<Probe> given) {
    this.copies = copies;
    this.configuredTileRows = configuredTileRows;
    this.probes = probes(new RandomProbes(signature, facts.thresholds(), Workbench.SEED), given);
    int capacity = Workbench.TRIAL_ROWS;
    for (int rows : device.measuredRows()) {
      capacity = Math.max(capacity, rows);
    }
    for (Drawn drawn : probes) {
      capacity = Math.max(capacity, drawn.probe().count());
    }
    this.bench =
        new Workbench(
            signature,
            exported,
            facts,
            truth,
            new Proof(outputs),
            meter,
            device,
            options,
            capacity);
  }

  private static List<Drawn> probes(RandomProbes random, List<Probe> given) {
    List<Drawn> probes = new ArrayList<>();
    given.forEach(probe -> probes.add(new Drawn(probe, Draw.GIVEN)));
    for (int rows : new int[] {1, 2, 7, 64}) {
      probes.add(new Drawn(random.next(rows, Draw.ANYWHERE), Draw.ANYWHERE));
    }
    for (Draw draw :
        new Draw[] {
          Draw.EDGES, Draw.EMPTY, Draw.MESSY, Draw.OFFSETS, Draw.MAGNITUDES, Draw.THRESHOLDS
        }) {
      probes.add(new Drawn(random.next(SEVERAL_ROWS, draw), draw));
    }
    for (Draw draw : new Draw[] {Draw.ANYWHERE, Draw.MESSY, Draw.THRESHOLDS}) {
      probes.add(new Drawn(random.ofManyContexts(SEVERAL_ROWS, draw), draw));
    }
    return probes;
  }

  /**
   * Runs the steps. Called once.
   *
   * @param splitter null if splitting is switched off
   * @throws ModelException if the graph can't be run, or changed meanwhile
   */
  public Prepared run(Splitter splitter) throws ModelException {
    long start = System.nanoTime();
    try {
      Reference reference = new Equivalence(bench).find(probes);
      Found found = split(reference, splitter);
      SplitGraph graph = found.graph();
      try {
        RunnableGraph tried = graph == null ? bench.exported() : graph;
        Made made = WorkerSessions.of(tried, copies);
        found = found.and(made.notes());
        Costs costs = new FormCosts(bench).measure(graph);
        ExecutionPlan plan = plan(reference, tried.rowsForm(), costs, graph);
        if (graph != null && !plan.splits() && plan.rowsForm() == Form.EXPORTED) {
          graph.close();
          graph = null;
          found = found.butNot("the split form is not faster at any number of rows");
        }
        int sessions = made.count();
        boolean exportedServes = plan.form(1) == Form.EXPORTED;
        if (exportedServes && tried != bench.exported()) {
          Made more = WorkerSessions.of(bench.exported(), made.left());
          found = found.and(more.notes());
          sessions = Math.max(sessions, more.count());
        }
        if (reference.mixing() == RowMixing.NONE && sessions > 1) {
          boolean rowsServe = exportedServes || plan.rowsForm() == Form.WHOLE;
          RunnableGraph served = graph == null ? bench.exported() : graph;
          new SessionCheck(bench).run(served, sessions, plan, rowsServe, reference.bounds());
        }
        return new Prepared(graph, plan, report(found, reference, costs, plan, start));
      } catch (RankException | ModelException | RuntimeException | Error e) {
        if (graph != null) {
          graph.close();
        }
        throw e;
      }
    } catch (RankException e) {
      throw new ModelException("warm-up: " + e.getMessage(), e);
    }
  }

  /**
   * What the steps up to the forms came to, as the report has it.
   *
   * @param graph null if there is no split form that gives the same scores
   * @param reason why the exported graph serves; empty if there is such a form
   * @param compiler what the compiler did; null if it was not asked
   */
  private record Found(
      SplitGraph graph,
      String reason,
      Report compiler,
      List<String> dropped,
      List<String> notes,
      Errors errors) {

    static Found exported(String reason, Report compiler, List<String> notes) {
      return new Found(null, reason, compiler, List.of(), notes, Errors.NONE);
    }

    Found and(List<String> more) {
      List<String> all = new ArrayList<>(notes);
      all.addAll(more);
      return new Found(graph, reason, compiler, dropped, all, errors);
    }

    Found butNot(String why) {
      return new Found(null, why, compiler, dropped, notes, errors);
    }
  }

  private Found split(Reference reference, Splitter splitter) throws RankException {
    List<String> notes = new ArrayList<>(reference.notes());
    if (reference.mixing() == RowMixing.WHOLE_REQUEST) {
      return Found.exported("rows are not independent: " + reference.why(), null, notes);
    }
    if (splitter == null) {
      return Found.exported("compiling is switched off", null, notes);
    }
    String nothing = reference.bounds().provesNothing();
    if (nothing != null) {
      return Found.exported("nothing can be proved: " + nothing, null, notes);
    }
    PassTrials.Outcome outcome = new PassTrials(bench, splitter).run(reference);
    if (outcome instanceof PassTrials.Unsplit unsplit) {
      return Found.exported(unsplit.reason(), unsplit.report(), notes);
    }
    PassTrials.Split split = (PassTrials.Split) outcome;
    Forms forms = new FormTrials(bench, splitter).run(split, reference);
    notes.addAll(forms.notes());
    return new Found(forms.graph(), "", split.report(), split.dropped(), notes, forms.errors());
  }

  private ExecutionPlan plan(Reference reference, Form rowsForm, Costs costs, SplitGraph graph)
      throws RankException {
    int tileRows = configuredTileRows;
    if (tileRows == 0) {
      List<CostCurve> tiles = new TileCosts(bench).measure(graph);
      tileRows = PlanChoice.tileRows(bench.device().tileRows(), tiles);
    }
    return PlanChoice.choose(
        tileRows, reference.mixing(), rowsForm, costs.rows(), costs.split(), costs.contextMicros());
  }

  private ExecutionReport report(
      Found found, Reference reference, Costs costs, ExecutionPlan plan, long start) {
    List<Speed> speeds = new ArrayList<>();
    for (int rows : REPORTED_ROWS) {
      speeds.add(
          new Speed(
              rows, costs.exported().micros(rows), plan.requestMicros(rows), plan.form(rows)));
    }
    return new ExecutionReport(
        found.reason(),
        found.compiler(),
        found.dropped(),
        found.notes(),
        found.compiler() == null ? 0 : reference.expected().size(),
        found.errors().fromExported(),
        found.errors().fromTruth(),
        found.errors().exported(),
        bench.truth() == null ? "the exported graph" : bench.truth().describe(),
        reference.mixing(),
        reference.why(),
        speeds,
        (System.nanoTime() - start) / 1_000_000);
  }
}
