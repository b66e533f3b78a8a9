package dev.podium.loadtest.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.podium.loadtest.fault.InputException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SloTest {
  /**
   * p50 10 ms, p99 20 ms, p99.9 40 ms, max 80 ms, mean 12 ms, 0.05 % errors, 195 answered a second.
   */
  private static final StepFigures FIGURES =
      new StepFigures() {
        @Override
        public double quantileMillis(double quantile) {
          return quantile >= 1 ? 80 : quantile >= 0.999 ? 40 : quantile >= 0.99 ? 20 : 10;
        }

        @Override
        public double meanMillis() {
          return 12;
        }

        @Override
        public double errorShare() {
          return 0.0005;
        }

        @Override
        public double answeredPerSecond() {
          return 195;
        }
      };

  private static StepFigures figures(double millis, double errors, double answered) {
    return new StepFigures() {
      @Override
      public double quantileMillis(double quantile) {
        return millis;
      }

      @Override
      public double meanMillis() {
        return millis;
      }

      @Override
      public double errorShare() {
        return errors;
      }

      @Override
      public double answeredPerSecond() {
        return answered;
      }
    };
  }

  @ParameterizedTest
  @CsvSource({
    "'p99=20ms', true",
    "'p99=19.9ms', false",
    "'p50=10ms,p99=20ms,p99.9=40ms,max=80ms,mean=12ms,errors=0.05%,rate=195', true",
    "'p99.9=39ms', false",
    "'max=0.079s', false",
    "'mean=11ms', false",
    "'errors=0.04%', false",
    "'errors=0.0005', true",
    "'rate=196', false",
    "'p99=20ms, errors=0%', false",
  })
  void everyTermMustHold(String text, boolean holds) {
    assertThat(Slo.parse(text).holds(FIGURES)).isEqualTo(holds);
  }

  @ParameterizedTest
  @CsvSource({
    "'p99=20ms', 1",
    "'p99=40ms', 0.5",
    "'p99=10ms,errors=0.1%', 2",
    "'p99=80ms,errors=0.025%', 2",
    "'rate=390', 2",
    "'errors=0%', Infinity",
  })
  void stressIsTheLargestShareOfABound(String text, double stress) {
    assertThat(Slo.parse(text).stress(FIGURES)).isCloseTo(stress, within(1e-9));
  }

  @Test
  void stressIsInfiniteWithoutAFigureAndNothingWithoutFailures() {
    StepFigures nothing = figures(Double.NaN, 0, 0);
    assertThat(Slo.parse("p99=20ms").stress(nothing)).isInfinite();
    assertThat(Slo.parse("mean=20ms").stress(nothing)).isInfinite();
    assertThat(Slo.parse("rate=1").stress(nothing)).isInfinite();
    assertThat(Slo.parse("errors=0%").stress(nothing)).isZero();
  }

  @Test
  void saysWhatCameAndWhatWasExpected() {
    assertThat(Slo.parse("p99=15ms,errors=0.1%,rate=200").check(FIGURES))
        .extracting(Slo.Check::line)
        .containsExactly(
            "p99: 20.00 ms (expected: at most 15.00 ms)",
            "errors: 0.050 % (expected: at most 0.100 %)",
            "rate: 195.0/s (expected: at least 200.0/s)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "p99",
        "p99=",
        "p99=20",
        "p100=1ms",
        "q=1ms",
        "errors=x",
        "errors=200%",
        "p99=1ms,",
        "=1ms"
      })
  void refusesWhatItCannotRead(String text) {
    assertThatThrownBy(() -> Slo.parse(text))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("objective")
        .hasMessageContaining("(expected:");
  }
}
