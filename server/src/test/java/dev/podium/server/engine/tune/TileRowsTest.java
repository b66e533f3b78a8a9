package dev.podium.server.engine.tune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.CostCurve;
import dev.podium.server.engine.device.Device;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TileRowsTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // Microseconds of a run at 16, 32, 64, 128, 256, 512 and 1,024 rows.
    "exported DIN leaves the cache,       700, 1180, 2050, 4700, 10200, 23000, 53000,    64",
    "DeepFM is overhead up to 256,        130,  190,  310,  540,   950,  1880,  3760,   256",
    "all the same a row: the smallest,   1600, 3200, 6400, 12800, 25600, 51200, 102400,   16",
    "DeepFM with bags: handling counts,    31,   51,   91,  178,   350,   697,  1391,   256",
    "pure overhead: the largest,          500,  500,  500,  500,   500,   500,   500,  1024",
    "gains below the tolerance don't pay, 1700, 3300, 6500, 12900, 25700, 51300, 102500,   32",
    "long tiles don't pay,                15e3, 29e3, 50e3, 80e3, 130e3, 200e3, 300e3,   16",
  })
  void choose(
      String what, double a, double b, double c, double d, double e, double f, double g, int rows) {
    CostCurve cost =
        new CostCurve(
            new int[] {16, 32, 64, 128, 256, 512, 1024}, new double[] {a, b, c, d, e, f, g});
    assertThat(TileRows.choose(Device.CPU.tileRows(), List.of(cost), 0.05, 20_000))
        .as(what)
        .isEqualTo(rows);
  }
}
