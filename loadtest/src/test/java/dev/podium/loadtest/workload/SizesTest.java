package dev.podium.loadtest.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.podium.loadtest.fault.InputException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SizesTest {
  private static int[] draws(String text) {
    SplittableRandom random = new SplittableRandom(5);
    Sizes sizes = Sizes.parse("candidates", text, 1);
    return IntStream.range(0, 20_000).map(i -> sizes.sample(random)).sorted().toArray();
  }

  @Test
  void readsTheFourForms() {
    assertThat(Sizes.parse("candidates", "500", 1)).isEqualTo(new Sizes.Fixed(500));
    assertThat(Sizes.parse("candidates", "uniform:10..20", 1)).isEqualTo(new Sizes.Uniform(10, 20));
    assertThat(Sizes.parse("candidates", "lognormal:300,0.8", 1))
        .isEqualTo(new Sizes.LogNormal(300, 0.8, 10_000));
    assertThat(Sizes.parse("candidates", "lognormal:300,0.8,900", 1))
        .isEqualTo(new Sizes.LogNormal(300, 0.8, 900));
    assertThat(Sizes.parse("candidates", "list:10,10,500", 1))
        .isEqualTo(new Sizes.OneOf(List.of(10, 10, 500)));
  }

  @Test
  void drawsWhatTheFormSays() {
    int[] uniform = draws("uniform:10..20");
    assertThat(uniform[0]).isEqualTo(10);
    assertThat(uniform[uniform.length - 1]).isEqualTo(20);
    int[] logNormal = draws("lognormal:300,0.5,900");
    assertThat((double) logNormal[10_000]).isCloseTo(300, within(10.0));
    // one standard deviation above the median: 84.1 % of the draws
    assertThat((double) logNormal[(int) (20_000 * 0.841)])
        .isCloseTo(300 * Math.exp(0.5), within(20.0));
    assertThat(logNormal[19_999]).isEqualTo(900);
    assertThat(IntStream.of(draws("list:10,10,500")).filter(n -> n == 10).count() / 20_000.0)
        .isCloseTo(2 / 3.0, within(0.02));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "-1",
        "ten",
        "uniform:20..10",
        "uniform:0..10",
        "lognormal:300",
        "lognormal:0,1",
        "list:",
        "list:5,x",
        "99999999999",
        "2000000"
      })
  void refusesOtherForms(String text) {
    assertThatThrownBy(() -> Sizes.parse("candidates", text, 1))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("candidates: '" + text + "' (expected: sizes from 1 to 1000000");
  }
}
