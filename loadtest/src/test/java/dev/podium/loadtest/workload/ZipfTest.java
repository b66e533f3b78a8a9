package dev.podium.loadtest.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZipfTest {

  /**
   * Pearson's test against the exact probabilities: 19 degrees of freedom, 99.9th percentile 43.8.
   */
  @ParameterizedTest
  @ValueSource(doubles = {0, 0.5, 0.99, 1, 1.0000001, 1.5, 3})
  void drawsEachRankAsOftenAsItsPowerSays(double exponent) {
    int n = 20;
    int draws = 200_000;
    long[] counts = new long[n + 1];
    SplittableRandom random = new SplittableRandom(11);
    Zipf zipf = new Zipf(n, exponent);
    for (int i = 0; i < draws; i++) {
      counts[(int) zipf.sample(random)]++;
    }
    double total = 0;
    for (int k = 1; k <= n; k++) {
      total += Math.pow(k, -exponent);
    }
    double chiSquare = 0;
    for (int k = 1; k <= n; k++) {
      double expected = draws * Math.pow(k, -exponent) / total;
      chiSquare += (counts[k] - expected) * (counts[k] - expected) / expected;
    }
    assertThat(counts[0]).isZero();
    assertThat(chiSquare).isLessThan(43.8);
  }

  @Test
  void staysInsideLargeVocabularies() {
    SplittableRandom random = new SplittableRandom(3);
    Zipf zipf = new Zipf(1L << 31, 0.8);
    for (int i = 0; i < 10_000; i++) {
      assertThat(zipf.sample(random)).isBetween(1L, 1L << 31);
    }
    assertThat(new Zipf(1, 1).sample(random)).isEqualTo(1);
  }

  @Test
  void refusesNonsense() {
    assertThatThrownBy(() -> new Zipf(0, 1)).hasMessageContaining("n: 0");
    assertThatThrownBy(() -> new Zipf(5, Double.NaN)).hasMessageContaining("exponent: NaN");
  }
}
