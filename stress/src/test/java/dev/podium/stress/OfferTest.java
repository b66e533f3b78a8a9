package dev.podium.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.measure.Clock;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In a time that passes only when someone waits, or when sending takes some. */
class OfferTest {
  private static final long MS = 1_000_000;
  private static final Offer.Options OPTIONS = new Offer.Options(50 * MS, 10 * MS, 1_000, 0);

  private long now = 777;

  private final Clock clock =
      new Clock() {
        @Override
        public long nanoTime() {
          return now;
        }

        @Override
        public void parkUntil(long nanoTime) {
          now = Math.max(now, nanoTime);
        }
      };

  private static ArrivalPlan plan(Double... rates) {
    return ArrivalPlan.of(new ArrivalShape.Constant(), List.of(rates), 1000 * MS, 0, 1_000_000, 1);
  }

  private List<Offer.Result> run(Offer.Options options, Offer.Sender sender, Double... rates) {
    return new Offer(sender, options, clock).run(plan(rates), arrival -> new byte[] {1});
  }

  @Test
  void countsEachStepApart() {
    List<Offer.Result> results =
        run(
            OPTIONS,
            (request, deadline, completion) -> {
              assertThat(deadline).isEqualTo(50 * MS);
              boolean first = now - 777 < 1000 * MS;
              completion.done(first ? Status.OK : Status.RESOURCE_EXHAUSTED, true);
            },
            100.0,
            500.0);
    assertThat(results).hasSize(2);
    assertThat(results.get(0).tally().inTime()).isEqualTo(100);
    assertThat(results.get(0).goodput()).isEqualTo(100);
    assertThat(results.get(1).goodput()).isZero();
    assertThat(results.get(1).sentPerSecond()).isEqualTo(500);
    assertThat(results.get(1).tally().refusals())
        .containsOnly(java.util.Map.entry("RESOURCE_EXHAUSTED", 500L));
    assertThat(results.get(1).skipped()).isZero();
  }

  @Test
  void givesUpWhatItIsTooLateForAndCountsDeadlinesFromWhenARequestWasDue() {
    // Sending takes 4 ms, and a request is due each millisecond: the generator is the limit.
    Offer.Result result =
        run(
                OPTIONS,
                (request, deadline, completion) -> {
                  assertThat(deadline).isBetween(40 * MS, 50 * MS);
                  now += 4 * MS;
                  completion.done(Status.OK, true);
                },
                1000.0)
            .get(0);
    assertThat(result.tally().sent() + result.skipped()).isEqualTo(1000);
    assertThat(result.tally().sent()).isBetween(250L, 260L);
    assertThat(result.lagMillis(100)).isBetween(6.0, 10.1);
    assertThat(result.skippedShare()).isGreaterThan(0.7);
    // Each took 4 ms of its own and the lag before.
    assertThat(result.tally().millis(0)).isGreaterThanOrEqualTo(4);
  }

  @Test
  void whatFallsDueInOneTickIsSentTogetherAtItsEnd() {
    List<Long> sent = new ArrayList<>();
    List<Integer> batches = new ArrayList<>();
    Offer.Sender sender =
        new Offer.Sender() {
          private int batch;

          @Override
          public void send(byte[] request, long deadlineNanos, Calls.Completion completion) {
            sent.add(now - 777);
            batch++;
            completion.done(Status.OK, true);
          }

          @Override
          public void flush() {
            if (batch > 0) {
              batches.add(batch);
              batch = 0;
            }
          }
        };
    run(new Offer.Options(50 * MS, 10 * MS, 1_000, 5 * MS), sender, 1000.0);
    assertThat(sent).hasSize(1000).allSatisfy(at -> assertThat(at % (5 * MS)).isZero());
    assertThat(batches.stream().mapToInt(Integer::intValue).sum()).isEqualTo(1000);
    assertThat(batches.subList(1, batches.size() - 1)).allMatch(size -> size == 5);
  }

  @Test
  void aRequestThatNeverEndsIsLost() {
    Offer.Result result =
        run(new Offer.Options(50 * MS, 10 * MS, 3, 0), (request, deadline, completion) -> {}, 10.0)
            .get(0);
    assertThat(result.tally().sent()).isEqualTo(3);
    assertThat(result.skipped()).isEqualTo(7);
    assertThat(result.tally().lost()).isEqualTo(3);
  }

  @Test
  void anAnswerAfterTheDeadlineIsNotInTime() {
    Tally tally = new Tally();
    tally.started();
    tally.ended(Status.OK, true, 50 * MS + 1, 20 * MS, 50 * MS);
    assertThat(tally.count(CallOutcome.ANSWERED)).isEqualTo(1);
    assertThat(tally.latency().getValueAtPercentile(50)).isCloseTo(50_000, within(50L));
    assertThat(tally.sinceSent().getValueAtPercentile(50)).isCloseTo(30_000, within(50L));
    assertThat(tally.inTime()).isZero();
    assertThat(tally.lost()).isZero();
  }
}
