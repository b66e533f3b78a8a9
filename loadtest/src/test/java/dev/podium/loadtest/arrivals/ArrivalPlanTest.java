package dev.podium.loadtest.arrivals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.podium.loadtest.fault.InputException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ArrivalPlanTest {
  private static final long SECOND = 1_000_000_000L;

  private static ArrivalPlan plan(ArrivalShape shape, List<Double> rates, long warmUp, long max) {
    return ArrivalPlan.of(shape, rates, 10 * SECOND, warmUp, max, 7);
  }

  @Test
  void constantArrivalsKeepTheirDistanceToTheLast() {
    ArrivalPlan plan = plan(new ArrivalShape.Constant(), List.of(300.0), 0, 1_000_000);
    assertThat(plan.size()).isEqualTo(3000);
    assertThat(plan.offsetNanos(1)).isEqualTo(3_333_333);
    assertThat(plan.offsetNanos(2999)).isEqualTo((long) (2999 / 300.0 * 1e9));
  }

  @Test
  void poissonDistancesAreExponential() {
    ArrivalPlan plan = plan(new ArrivalShape.Poisson(), List.of(2000.0), 0, 1_000_000);
    double mean = 10e9 / plan.size();
    assertThat(mean).isCloseTo(5e5, within(2e4));
    int longerThanMean = 0;
    for (int i = 1; i < plan.size(); i++) {
      if (plan.offsetNanos(i) - plan.offsetNanos(i - 1) > 5e5) {
        longerThanMean++;
      }
    }
    assertThat((double) longerThanMean / plan.size()).isCloseTo(Math.exp(-1), within(0.02));
  }

  @Test
  void equalSeedsGiveEqualPlans() {
    ArrivalPlan one = plan(new ArrivalShape.Poisson(), List.of(50.0), 0, 1000);
    ArrivalPlan two = plan(new ArrivalShape.Poisson(), List.of(50.0), 0, 1000);
    assertThat(one.size()).isEqualTo(two.size());
    for (int i = 0; i < one.size(); i++) {
      assertThat(one.offsetNanos(i)).isEqualTo(two.offsetNanos(i));
    }
  }

  @Test
  void burstsComeAtOnceAndKeepTheMeanRate() {
    ArrivalPlan plan = plan(new ArrivalShape.Bursts(5), List.of(10.0), 0, 1000);
    assertThat(plan.size()).isEqualTo(100);
    assertThat(plan.offsetNanos(4)).isZero();
    assertThat(plan.offsetNanos(5)).isEqualTo(SECOND / 2);
    assertThat(plan.offsetNanos(9)).isEqualTo(SECOND / 2);
  }

  @Test
  void warmUpAndStepsFollowEachOther() {
    ArrivalPlan plan = plan(new ArrivalShape.Constant(), List.of(10.0, 20.0), 2 * SECOND, 10_000);
    assertThat(plan.steps())
        .containsExactly(
            new Step(10, true, 0, 2 * SECOND, 0, 20),
            new Step(10, false, 2 * SECOND, 10 * SECOND, 20, 120),
            new Step(20, false, 12 * SECOND, 10 * SECOND, 120, 320));
    assertThat(plan.offsetNanos(20)).isEqualTo(2 * SECOND);
    assertThat(plan.durationNanos()).isEqualTo(22 * SECOND);
  }

  @Test
  void aCountEndsTheLastStepWithItsLastRequest() {
    ArrivalPlan plan = plan(new ArrivalShape.Constant(), List.of(10.0, 20.0), 0, 51);
    assertThat(plan.steps()).containsExactly(new Step(10, false, 0, 5 * SECOND + 1, 0, 51));
  }

  @Test
  void aReplayKeepsItsTimesAndBringsItsOwnRate() {
    long[] times = {0, 100, SECOND, SECOND + 5, 3 * SECOND, 60 * SECOND};
    ArrivalPlan plan = plan(new ArrivalShape.Replay("f", times), List.of(), SECOND, 1000);
    assertThat(plan.size()).isEqualTo(5);
    assertThat(plan.offsetNanos(3)).isEqualTo(SECOND + 5);
    assertThat(plan.steps().get(0)).isEqualTo(new Step(2, true, 0, SECOND, 0, 2));
    assertThat(plan.steps().get(1).planned()).isEqualTo(3);
    assertThatThrownBy(() -> plan(new ArrivalShape.Replay("f", times), List.of(1.0), 0, 9))
        .isInstanceOf(InputException.class)
        .hasMessage("rate: [1.0] with replay:f (expected: none, the file says when)");
  }

  @Test
  void plansAreBounded() {
    assertThatThrownBy(() -> plan(new ArrivalShape.Constant(), List.of(1e7), 0, Long.MAX_VALUE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("100000000 requests (expected: at most 20000000");
    assertThatThrownBy(() -> plan(new ArrivalShape.Constant(), List.of(10.0), 2 * SECOND, 5))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("no request to measure");
  }
}
