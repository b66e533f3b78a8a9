package dev.podium.server.engine.tune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.device.Device;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanChoiceTest {
  private static final List<Integer> SIZES = Device.CPU.tileRows();
  private static final int[] ROWS = {1, 64, 256, 1024};

  @Test
  void withoutAnotherFormTheExportedOneServes() {
    ExecutionPlan plan =
        PlanChoice.choose(64, RowMixing.NONE, Form.EXPORTED, curve(10, 640, 2560, 10240), null, 0);
    assertThat(plan.splits()).isFalse();
    assertThat(plan.requestMicros(2000)).isEqualTo(20_000);
  }

  @Test
  void theSplitFormServesFromWhereItWins() {
    // Exported 10 us a row, split 4 us a row after 120 us: even at 20 rows.
    ExecutionPlan plan =
        PlanChoice.choose(
            64,
            RowMixing.NONE,
            Form.EXPORTED,
            curve(10, 640, 2560, 10240),
            curve(4, 256, 1024, 4096),
            120);
    assertThat(plan.splits()).isTrue();
    assertThat(plan.split().fromRows()).isBetween(20, 25);
    assertThat(plan.requestMicros(10)).isEqualTo(100);
    assertThat(plan.requestMicros(1000)).isEqualTo(4120);
  }

  @Test
  void aSplitFormThatNeverWinsIsDropped() {
    ExecutionPlan plan =
        PlanChoice.choose(
            64,
            RowMixing.NONE,
            Form.EXPORTED,
            curve(10, 640, 2560, 10240),
            curve(10, 640, 2560, 10240),
            50);
    assertThat(plan.splits()).isFalse();
  }

  @Test
  void aSmallerTileIsWorthALittleMoreARow() {
    assertThat(PlanChoice.tileRows(SIZES, List.of(curve(10, 256, 1000, 4000)))).isEqualTo(128);
  }

  @Test
  void aTileLongerThanTenMillisecondsIsNotChosen() {
    assertThat(PlanChoice.tileRows(SIZES, List.of(curve(5_000, 9_000, 25_000, 90_000))))
        .isEqualTo(64);
  }

  @Test
  void aTileMustBeCheapBesideOthersAsWellAsAlone() {
    CostCurve alone = curve(500, 756, 1524, 4596);
    CostCurve beside = curve(10, 640, 2600, 12_000);
    assertThat(PlanChoice.tileRows(SIZES, List.of(beside))).isEqualTo(32);
    assertThat(PlanChoice.tileRows(SIZES, List.of(alone))).isEqualTo(1024);
    assertThat(PlanChoice.tileRows(SIZES, List.of(alone, beside))).isBetween(256, 512);
  }

  private static CostCurve curve(double... micros) {
    return new CostCurve(ROWS, micros);
  }
}
