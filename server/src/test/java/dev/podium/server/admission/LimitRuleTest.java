package dev.podium.server.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.admission.LimitRule.Window;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitRuleTest {
  private final LimitRule rule = new LimitRule(100, 10_000, 20_000_000);

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // what, limit, rows, mean wait ms, dropped rows, peak, next
    "nothing ended: as it was,                    1000,    0,  0,   0,  1000,  1000",
    "not in use: as it was,                       1000, 5000,  1,   0,   600,  1000",
    "in use and quick: a tenth more,              1000, 5000,  1,   0,   700,  1101",
    "at the target: a tenth more,                 1000, 5000, 20,   0,  1000,  1101",
    "a little slow: by the ratio,                 1000, 5000, 25,   0,  1000,   800",
    "very slow: by three tenths,                  1000, 5000, 90,   0,  1000,   700",
    "slow though not in use: by the ratio,        1000, 5000, 25,   0,   100,   800",
    "accepted work lost: a tenth less,            1000, 4000,  1, 500,  1000,   900",
    "only losses: a tenth less,                   1000,    0,  0, 500,  1000,   900",
    "one accident among many: a tenth more,       1000, 5000,  1,  50,  1000,  1101",
    "never below the least,                        110, 5000, 90,   0,   110,   100",
    "never above the most,                        9900, 5000,  1,   0,  9900, 10000",
  })
  void nextLimit(
      String what, long limit, long rows, long waitMillis, long dropped, long peak, long next) {
    Window window = new Window(rows, (double) rows * waitMillis * 1e6, dropped, peak);
    assertThat(rule.next(limit, window)).as(what).isEqualTo(next);
  }
}
