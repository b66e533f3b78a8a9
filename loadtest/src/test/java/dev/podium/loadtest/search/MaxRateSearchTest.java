package dev.podium.loadtest.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.loadtest.search.MaxRateSearch.Found;
import dev.podium.loadtest.search.MaxRateSearch.Options;
import dev.podium.loadtest.search.MaxRateSearch.Result;
import dev.podium.loadtest.search.MaxRateSearch.Trial;
import dev.podium.loadtest.search.MaxRateSearch.Try;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaxRateSearchTest {
  private static final Options OPTIONS = new Options(100, 0.1, 100_000, 0.05, 2, 60);

  private final List<Trial> trials = new ArrayList<>();

  private Found search(Options options, DoubleFunction<Result> server) {
    while (true) {
      MaxRateSearch.Decision decision = MaxRateSearch.next(options, trials);
      if (decision instanceof Found found) {
        return found;
      }
      double rate = ((Try) decision).rate();
      trials.add(new Trial(rate, server.apply(rate)));
    }
  }

  /** p99 of an M/M/1 queue: ln(100) / (capacity - rate). */
  private static Result queue(double capacity, double boundSeconds, double rate) {
    if (rate >= capacity) {
      return Result.OVERLOADED;
    }
    return Math.log(100) / (capacity - rate) <= boundSeconds ? Result.HELD : Result.MISSED;
  }

  @ParameterizedTest
  @ValueSource(doubles = {3, 60, 100, 101, 523, 5000, 77_777})
  void findsTheRateOfAQueueWithinTheTolerance(double answer) {
    double capacity = answer + Math.log(100) / 0.02;
    Found found = search(OPTIONS, rate -> queue(capacity, 0.02, rate));
    assertThat(found.confirmed()).isTrue();
    assertThat(found.rate()).isBetween(answer / 1.05 - 1e-9, answer);
    assertThat(trials.stream().filter(trial -> trial.rate() == found.rate())).hasSize(3);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void noiseMovesTheAnswerLittle(long seed) {
    // Near the limit a run's verdict is chance: certain only 8 % away from it. One run in twenty is
    // unlucky anywhere.
    SplittableRandom random = new SplittableRandom(seed);
    Found found =
        search(
            OPTIONS,
            rate -> {
              double odds = 0.5 + (1000 - rate) / 1000 / 0.16;
              return random.nextDouble() < Math.min(0.95, odds) ? Result.HELD : Result.MISSED;
            });
    assertThat(found.rate()).isBetween(900.0, 1080.0);
  }

  @Test
  void oneUnluckyRunIsForgiven() {
    boolean[] unlucky = {true};
    Found found =
        search(
            OPTIONS,
            rate -> {
              if (rate == 400 && unlucky[0]) {
                unlucky[0] = false;
                return Result.MISSED;
              }
              return rate <= 1000 ? Result.HELD : Result.OVERLOADED;
            });
    assertThat(found.rate()).isBetween(950.0, 1000.0);
  }

  @Test
  void aServerThatHoldsEverythingIsTriedUpToTheCeiling() {
    Found found = search(OPTIONS, rate -> Result.HELD);
    assertThat(found).isEqualTo(new Found(100_000, true, "the highest rate to try held"));
  }

  @Test
  void aServerThatHoldsNothingEndsTheSearch() {
    Found found = search(OPTIONS, rate -> Result.OVERLOADED);
    assertThat(found.rate()).isZero();
    assertThat(found.confirmed()).isFalse();
    assertThat(found.reason())
        .isEqualTo("no rate held, down to 0.2/s; a lower one would be below 0.1/s");
  }

  @Test
  void aLateGeneratorIsNamedAsTheLimit() {
    Found found = search(OPTIONS, rate -> rate <= 700 ? Result.HELD : Result.VOID);
    assertThat(found.rate()).isBetween(660.0, 700.0);
    assertThat(found.reason()).contains("the generator was late, not the server");
  }

  @Test
  void theNumberOfRunsIsBounded() {
    Found found = search(new Options(100, 1, 1e5, 0.05, 2, 5), rate -> queue(1000, 0.02, rate));
    assertThat(trials).hasSize(5);
    assertThat(found.confirmed()).isFalse();
    assertThat(found.reason()).isEqualTo("stopped after 5 runs");
  }
}
