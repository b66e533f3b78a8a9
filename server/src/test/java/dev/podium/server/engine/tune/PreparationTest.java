package dev.podium.server.engine.tune;

import static dev.podium.server.engine.tune.DecidedCosts.ALL_PAY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.graph.Report;
import dev.podium.graph.rows.RowDependence;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.engine.device.Device;
import dev.podium.server.engine.tune.Preparation.Prepared;
import dev.podium.server.fault.ModelException;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The steps over a model without a runtime, with costs that are decided. */
class PreparationTest {
  /** Nothing runs beside what is timed, so that calls come in one order. */
  private static final Device DEVICE = new Device("fake", List.of(16, 128), 1, true, true);

  private static final GraphFacts FACTS =
      new GraphFacts(new RowDependence(true, true, "", ""), new double[0]);

  private FakeModel model = new FakeModel();
  private int copies = 4;
  private long maxCopiedBytes = 1 << 20;

  private Prepared prepare(Predicate<String> pays) throws ModelException {
    return prepare(pays, model);
  }

  private Prepared prepare(Predicate<String> pays, Splitter splitter) throws ModelException {
    return new Preparation(
            model.exported,
            FACTS,
            null,
            FakeModel.SIGNATURE,
            FakeModel.OUTPUTS,
            DEVICE,
            DecidedCosts.meter(pays),
            TuningOptions.DEFAULT,
            new SessionCopies(copies, maxCopiedBytes),
            0,
            List.of())
        .run(splitter);
  }

  @AfterEach
  void nothingIsLeftOpen() {
    assertThat(model.open).isEmpty();
  }

  @Test
  void allFormsServeWhereTheyPay() throws Exception {
    Prepared prepared = prepare(ALL_PAY);
    assertThat(prepared.plan().rowsForm()).isEqualTo(Form.WHOLE);
    assertThat(prepared.plan().form(1000)).isEqualTo(Form.SPLIT);
    assertThat(prepared.report().reason()).isEmpty();
    assertThat(prepared.report().dropped()).isEmpty();
    assertThat(prepared.report().forms())
        .containsExactly(
            "rows of different contexts: a tile of 128 rows takes 0.50 times as long as exported",
            "histories of up to [8] positions: a tile of 128 rows takes 0.50 times as long",
            "histories of up to [4] positions: a tile of 128 rows takes 0.50 times as long");
    assertThat(((FakeModel.Graph) prepared.graph()).sessions).isEqualTo(4);
    assertThat(model.exported.sessions).as("of the exported graph, which serves nothing").isOne();
    prepared.graph().close();
  }

  @Test
  void passesThatDoNotPayAreLeftOutOneByOne() throws Exception {
    Prepared prepared =
        prepare(ALL_PAY.or(what -> what.equals("without GATES") || what.equals("without POOLING")));
    assertThat(prepared.report().dropped())
        .containsExactly(
            "POOLING: a tile of 128 rows takes 2.00 times as long with it",
            "GATES: a tile of 128 rows takes 2.00 times as long with it");
    assertThat(prepared.report().compiler().applied())
        .extracting(Report.Applied::pass)
        .contains("SPLIT_SUMS", "CENTRE")
        .doesNotContain("POOLING", "GATES");
    prepared.graph().close();
  }

  @Test
  void aWrongFormDoesNotServe() throws Exception {
    model.broken.add("SPLIT_SUMS");
    Prepared prepared = prepare(ALL_PAY);
    assertThat(prepared.graph()).isNull();
    assertThat(prepared.plan().form(1000)).isEqualTo(Form.EXPORTED);
    assertThat(prepared.report().reason()).startsWith("the halves' scores differ: ");
    assertThat(model.exported.sessions).isEqualTo(4);
  }

  @Test
  void rowsThatSeeEachOtherRunAsExported() throws Exception {
    model.mixesRows = true;
    Prepared prepared = prepare(ALL_PAY);
    assertThat(prepared.graph()).isNull();
    assertThat(prepared.plan().rowsIndependent()).isFalse();
    assertThat(prepared.report().reason())
        .startsWith("rows are not independent: a row's score changes with its neighbours");
  }

  @Test
  void whatIsSwitchedOffIsNotTried() throws Exception {
    Prepared prepared = prepare(ALL_PAY, null);
    assertThat(prepared.graph()).isNull();
    assertThat(prepared.report().reason()).isEqualTo("compiling is switched off");
  }

  @Test
  void halvesThatNeverPayAreClosedAndTheExportedGraphGetsTheSessions() throws Exception {
    Prepared prepared = prepare(what -> false);
    assertThat(prepared.graph()).isNull();
    assertThat(prepared.report().reason())
        .isEqualTo("the split form is not faster at any number of rows");
    assertThat(model.exported.sessions).isEqualTo(4);
  }

  /** In turn, at each call that a step makes of the model: whatever was made by then is closed. */
  @Test
  void whereverACallFailsNothingStaysOpen() throws Exception {
    Predicate<String> pays = ALL_PAY.or(what -> what.equals("without GATES"));
    int calls = 0;
    boolean failed = true;
    while (failed) {
      model = new FakeModel();
      model.callsLeft = calls;
      try {
        prepare(pays).graph().close();
        failed = false;
      } catch (ModelException | IllegalStateException e) {
        assertThat(e).hasMessageContaining("told to fail");
      }
      assertThat(model.open).as("after %d calls", calls).isEmpty();
      calls++;
    }
    assertThat(calls).isGreaterThan(200);
  }

  @Test
  void anErrorOfTheRuntimeNamesTheWarmUp() {
    model.callsLeft = 1;
    assertThatThrownBy(() -> prepare(ALL_PAY))
        .isInstanceOf(ModelException.class)
        .hasMessage("warm-up: told to fail: run");
  }
}
