package dev.podium.loadtest.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.podium.loadtest.TestModels;
import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import dev.podium.loadtest.workload.Workload;
import dev.podium.loadtest.workload.WorkloadSpec;
import dev.podium.ranking.v1.RankRequest;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** All in virtual time: the same figures on any machine. */
class OpenLoopTest {
  private static final long MS = 1_000_000;
  private static final long SECOND = 1000 * MS;
  private static final OpenLoop.Options PATIENT =
      new OpenLoop.Options(60 * SECOND, 10_000, SECOND, 0);

  private final VirtualClock clock = new VirtualClock();
  private final long start = clock.nanoTime();

  private final RequestPool pool =
      RequestPool.build(
          new Workload(TestModels.NAME, TestModels.films(), WorkloadSpec.of(new Sizes.Fixed(2))),
          RankRequest::toByteArray,
          3,
          1 << 20);

  private static ArrivalPlan constant(double rate, long seconds, long warmUpSeconds) {
    return ArrivalPlan.of(
        new ArrivalShape.Constant(),
        List.of(rate),
        seconds * SECOND,
        warmUpSeconds * SECOND,
        1_000_000,
        1);
  }

  private StepRecording run(ArrivalPlan plan, Transport transport, OpenLoop.Options options) {
    Recording recording = new Recording(plan);
    assertThat(
            new OpenLoop(plan, pool, transport, clock, recording, options, clock::nanoTime).run())
        .isNull();
    assertThat(recording.inFlight()).isZero();
    return recording.measured().get(0);
  }

  /** One worker that takes 1 ms a request, and does nothing at all from second 4 to second 5. */
  private Transport stallingServer() {
    long[] free = {0};
    return (request, timeout, completion) -> {
      long begin = Math.max(clock.nanoTime(), free[0]);
      if (begin >= start + 4 * SECOND && begin < start + 5 * SECOND) {
        begin = start + 5 * SECOND;
      }
      free[0] = begin + MS;
      clock.schedule(free[0], () -> completion.done(Status.OK, new byte[0]));
    };
  }

  @Test
  void aStallIsChargedForEveryRequestThatItHeldUp() {
    StepRecording step = run(constant(100, 10, 0), stallingServer(), PATIENT);
    assertThat(step.started()).isEqualTo(1000);
    assertThat(step.latency().getTotalCount()).isEqualTo(1000);
    // 100 of 1000 requests were planned in the stalled second; the first of them waited all of it.
    // The queue of 100
    // then drains at 1000/s against 100/s arriving, which holds up another 11.
    assertThat(step.quantileMillis(0.5)).isCloseTo(1, within(0.01));
    assertThat(step.quantileMillis(0.88)).isCloseTo(1, within(0.01));
    assertThat(step.quantileMillis(0.90)).isGreaterThan(90);
    assertThat(step.quantileMillis(0.99)).isCloseTo(912, within(10.0));
    assertThat(step.quantileMillis(1)).isCloseTo(1001, within(2.0));
    assertThat(step.lag().getMaxValue()).isZero();
  }

  @Test
  void aGeneratorThatIsHeldUpSendsTheRestLateAndSaysSo() {
    // The sender itself is blocked for a second by the call at second 4, as a synchronous client
    // would be.
    int[] calls = {0};
    Transport blocking =
        (request, timeout, completion) -> {
          if (calls[0]++ == 400) {
            clock.parkUntil(clock.nanoTime() + SECOND);
          }
          clock.schedule(clock.nanoTime() + MS, () -> completion.done(Status.OK, new byte[0]));
        };
    StepRecording step = run(constant(100, 10, 0), blocking, PATIENT);
    assertThat(step.started()).isEqualTo(1000);
    // Counted from the send, 999 requests would have taken 1 ms. Counted from the plan, a tenth is
    // late.
    assertThat(step.quantileMillis(0.89)).isCloseTo(1, within(0.01));
    assertThat(step.quantileMillis(0.95)).isGreaterThan(400);
    // Lags are 990, 980, 970 ... ms: ten of a thousand are above 890.
    assertThat(step.lag().getValueAtPercentile(99) / 1000.0).isCloseTo(890, within(1.0));
    assertThat(Lateness.verdict(step, Double.NaN))
        .startsWith("generator late: 1 % of the requests were sent more than 890")
        .contains("(expected: at most 90");
  }

  @Test
  void warmUpIsSentAndNotMeasured() {
    int[] calls = {0};
    Transport slowAtFirst =
        (request, timeout, completion) -> {
          long takes = calls[0]++ < 200 ? 500 * MS : 2 * MS;
          clock.schedule(clock.nanoTime() + takes, () -> completion.done(Status.OK, new byte[0]));
        };
    ArrivalPlan plan = constant(100, 3, 2);
    Recording recording = new Recording(plan);
    // Time stands for CPU here.
    OpenLoop loop =
        new OpenLoop(plan, pool, slowAtFirst, clock, recording, PATIENT, clock::nanoTime);
    loop.run();
    assertThat(loop.measuredCpuNanos()).isBetween(2990 * MS, 3010 * MS);
    assertThat(recording.steps().get(0).latency().getTotalCount()).isEqualTo(200);
    assertThat(recording.measured()).hasSize(1);
    assertThat(recording.measured().get(0).latency().getTotalCount()).isEqualTo(300);
    assertThat(recording.measured().get(0).quantileMillis(1)).isCloseTo(2, within(0.01));
  }

  @Test
  void failuresAreCountedByStatusAndNeverFlatterThePercentiles() {
    int[] calls = {0};
    Transport failing =
        (request, timeout, completion) -> {
          int call = calls[0]++;
          Status status =
              call % 50 == 0
                  ? Status.RESOURCE_EXHAUSTED.withDescription("queue full")
                  : call % 50 == 1 ? Status.INTERNAL : Status.OK;
          clock.schedule(clock.nanoTime() + MS, () -> completion.done(status, null));
        };
    StepRecording step = run(constant(100, 10, 0), failing, PATIENT);
    assertThat(step.failures())
        .isEqualTo(
            Map.of(
                "RESOURCE_EXHAUSTED", new StepRecording.FailureCount(20, "queue full"),
                "INTERNAL", new StepRecording.FailureCount(20, "")));
    assertThat(step.latency().getTotalCount()).isEqualTo(960);
    assertThat(step.errorShare()).isEqualTo(0.04);
    assertThat(step.quantileMillis(0.96)).isCloseTo(1, within(0.01));
    assertThat(step.quantileMillis(0.97)).isInfinite();
  }

  @Test
  void aServerThatNeverAnswersLeavesEveryRequestCounted() {
    OpenLoop.Options options = new OpenLoop.Options(2 * SECOND, 30, SECOND, 0);
    ArrivalPlan plan = constant(10, 5, 0);
    Recording recording = new Recording(plan);
    new OpenLoop(
            plan,
            pool,
            (request, timeout, completion) -> {},
            clock,
            recording,
            options,
            clock::nanoTime)
        .run();
    StepRecording step = recording.measured().get(0);
    assertThat(step.failures().keySet()).containsExactly(OpenLoop.NOT_SENT, OpenLoop.UNANSWERED);
    assertThat(step.failures().get(OpenLoop.NOT_SENT))
        .isEqualTo(new StepRecording.FailureCount(20, "30 requests in flight already"));
    assertThat(step.failures().get(OpenLoop.UNANSWERED).count()).isEqualTo(30);
    assertThat(step.quantileMillis(0.5)).isInfinite();
    assertThat(clock.nanoTime() - start).isBetween(7 * SECOND, 9 * SECOND);
  }

  @Test
  void aLateRequestHasItsWholeDeadlineAndItsWholeLatency() {
    List<Long> timeouts = new ArrayList<>();
    Transport blocking =
        (request, timeout, completion) -> {
          if (timeouts.isEmpty()) {
            clock.parkUntil(clock.nanoTime() + SECOND);
          }
          timeouts.add(timeout);
          completion.done(Status.OK, new byte[0]);
        };
    StepRecording step =
        run(constant(10, 2, 0), blocking, new OpenLoop.Options(450 * MS, 100, SECOND, 0));
    assertThat(timeouts).hasSize(20).containsOnly(450 * MS);
    assertThat(step.failed()).isZero();
    assertThat(step.quantileMillis(1)).isCloseTo(1000, within(1.0));
  }

  @Test
  void aServerThatDiesEndsTheRunWithItsPartKept() {
    Transport dying =
        (request, timeout, completion) -> {
          boolean dead = clock.nanoTime() - start >= 4 * SECOND;
          clock.schedule(
              clock.nanoTime() + MS,
              () ->
                  completion.done(
                      dead ? Status.UNAVAILABLE.withDescription("io exception") : Status.OK,
                      new byte[0]));
        };
    ArrivalPlan plan = constant(100, 60, 0);
    Recording recording = new Recording(plan);
    String partial =
        new OpenLoop(
                plan,
                pool,
                dying,
                clock,
                recording,
                new OpenLoop.Options(SECOND, 1000, SECOND, 2 * SECOND),
                clock::nanoTime)
            .run();
    assertThat(partial).isEqualTo("the server was gone from 4.0 s: UNAVAILABLE io exception");
    StepRecording step = recording.measured().get(0);
    assertThat(step.latency().getTotalCount()).isEqualTo(400);
    assertThat(step.failures().get("UNAVAILABLE").count()).isBetween(195L, 205L);
    assertThat(step.started()).isEqualTo(400 + step.failed());
    // 400 answers in the 6 s that the run lasted, not in the 60 s that it was planned for.
    assertThat(step.answeredPerSecond()).isCloseTo(66.7, within(1.0));
  }

  @Test
  void anInterruptedRunKeepsWhatItHas() {
    ArrivalPlan plan = constant(100, 10, 0);
    Recording recording = new Recording(plan);
    OpenLoop[] loop = new OpenLoop[1];
    int[] calls = {0};
    loop[0] =
        new OpenLoop(
            plan,
            pool,
            (request, timeout, completion) -> {
              if (++calls[0] == 100) {
                loop[0].stop("interrupted");
              }
              completion.done(Status.OK, new byte[0]);
            },
            clock,
            recording,
            PATIENT,
            clock::nanoTime);
    assertThat(loop[0].run()).isEqualTo("interrupted");
    assertThat(recording.measured().get(0).started()).isEqualTo(100);
  }

  @Test
  void slicesOfTimeAddUp() {
    StepRecording step = run(constant(100, 10, 0), stallingServer(), PATIENT);
    assertThat(step.slices()).isEqualTo(10);
    long answered = 0;
    for (int i = 0; i < 10; i++) {
      assertThat(step.slicePlanned(i)).isEqualTo(100);
      answered += step.sliceLatency(i).getTotalCount();
    }
    assertThat(answered).isEqualTo(1000);
    assertThat(step.sliceLatency(3).getMaxValue()).isLessThan(1100);
    assertThat(step.sliceLatency(4).getMaxValue()).isGreaterThan(990_000);
  }
}
