package dev.podium.loadtest.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.loadtest.search.MaxRateSearch.Found;
import dev.podium.loadtest.search.MaxRateSearch.Options;
import dev.podium.loadtest.search.MaxRateSearch.Result;
import dev.podium.loadtest.search.MaxRateSearch.Trial;
import dev.podium.loadtest.search.MaxRateSearch.Try;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaxRateSearchTest {
  private static final Options OPTIONS = new Options(100, 0.1, 100_000, 0.05, 6, 100);

  private final List<Trial> trials = new ArrayList<>();

  /** A search of which only the verdicts are known, not how near the trials came. */
  private Found search(Options options, DoubleFunction<Result> server) {
    return searchTrials(
        options,
        rate -> {
          Result result = server.apply(rate);
          return new Trial(rate, result, result == Result.HELD ? 0 : Double.POSITIVE_INFINITY);
        });
  }

  private Found searchTrials(Options options, DoubleFunction<Trial> server) {
    trials.clear();
    while (true) {
      MaxRateSearch.Decision decision = MaxRateSearch.next(options, trials);
      if (decision instanceof Found found) {
        return found;
      }
      double rate = ((Try) decision).rate();
      trials.add(server.apply(rate));
    }
  }

  /** p99 of an M/M/1 queue: ln(100) / (capacity - rate). */
  private static Trial queue(double capacity, double boundSeconds, double rate) {
    if (rate >= capacity) {
      return new Trial(rate, Result.OVERLOADED, Double.POSITIVE_INFINITY);
    }
    double p99 = Math.log(100) / (capacity - rate);
    return new Trial(rate, p99 <= boundSeconds ? Result.HELD : Result.MISSED, p99 / boundSeconds);
  }

  @ParameterizedTest
  @ValueSource(doubles = {3, 60, 100, 101, 523, 5000, 77_777})
  void findsTheRateOfAQueueToATolerance(double answer) {
    double capacity = answer + Math.log(100) / 0.02;
    Found found = searchTrials(OPTIONS, rate -> queue(capacity, 0.02, rate));
    assertThat(found.confirmed()).isTrue();
    assertThat(found.rate()).isBetween(answer / 1.05 - 1e-9, answer);
    assertThat(trials.stream().filter(trial -> trial.rate() == found.rate()))
        .hasSizeGreaterThanOrEqualTo(7)
        .allMatch(trial -> trial.result() == Result.HELD);
  }

  @ParameterizedTest
  @ValueSource(doubles = {3, 60, 100, 101, 523, 5000, 77_777})
  void findsTheRateFromVerdictsAlone(double answer) {
    Found found = search(OPTIONS, rate -> rate <= answer ? Result.HELD : Result.MISSED);
    assertThat(found.confirmed()).isTrue();
    assertThat(found.rate()).isBetween(answer / 1.05 - 1e-9, answer);
  }

  /**
   * The same question asked twice of machines with noise: 100 pairs of searches at each of three
   * capacities. The seeds are fixed, so this can't flicker.
   */
  @Test
  void twoSearchesOnANoisyMachineAgree() {
    List<String> apart = new ArrayList<>();
    for (double serviceMillis : new double[] {4, 9, 24}) {
      for (int seed = 0; seed < 100; seed++) {
        NoisyServer server = new NoisyServer(serviceMillis, serviceMillis * 3.5, seed);
        Found one = searchTrials(OPTIONS, server::trial);
        Found two = searchTrials(OPTIONS, server::trial);
        if (Math.max(one.rate(), two.rate()) > 1.1 * Math.min(one.rate(), two.rate())) {
          apart.add(serviceMillis + " ms, seed " + seed + ": " + one + " and " + two);
        }
      }
    }
    System.out.println(apart.size() + " of 300 pairs of searches were more than 10 % apart");
    assertThat(apart).hasSizeLessThanOrEqualTo(15);
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
    assertThat(search(OPTIONS, rate -> Result.VOID).reason())
        .isEqualTo(
            "no rate held, down to 0.2/s, where the generator was late; a lower one would be below 0.1/s");
  }

  @Test
  void theNumberOfRunsIsBounded() {
    Found found =
        searchTrials(new Options(100, 1, 1e5, 0.05, 2, 5), rate -> queue(1000, 0.02, rate));
    assertThat(trials).hasSize(5);
    assertThat(found.confirmed()).isFalse();
    assertThat(found.reason()).isEqualTo("stopped after 5 runs");
  }
}
