package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.feature.WireRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TileSchedulerTest {
  private TileScheduler scheduler;
  private FakeSession session;
  private ServedVersion version;

  private void start(int workers, dev.podium.server.engine.ExecutionPlan plan) {
    start(SchedulerOptions.builder().workers(workers).build(), plan);
  }

  private void start(SchedulerOptions options, dev.podium.server.engine.ExecutionPlan plan) {
    session = new FakeSession(plan);
    version = new ServedVersion("fake", 1, FakeSession.SIGNATURE, session);
    scheduler = new TileScheduler(options, System::nanoTime, SchedulerListener.NONE);
  }

  @AfterEach
  void nothingIsLeftOpen() throws Exception {
    if (scheduler != null) {
      scheduler.retire(version).get(30, TimeUnit.SECONDS);
      assertThat(session.openRunners).hasValue(0);
      session.close();
      scheduler.close();
      assertThat(session.openContexts).hasValue(0);
      assertThat(scheduler.pool().reserved()).isZero();
      assertThat(scheduler.snapshot().liveTasks()).isZero();
      assertThat(scheduler.snapshot().waitingRows()).isZero();
      assertThat(scheduler.snapshot().waitingTasks()).isZero();
    }
  }

  private Answer submit(WireRequest request) {
    Answer answer = new Answer();
    scheduler.submit(task(request, answer));
    return answer;
  }

  private RankTask task(WireRequest request, Answer answer) {
    return new RankTask(
        version, request, System.nanoTime(), RankTask.NO_DEADLINE, Priority.NORMAL, false, answer);
  }

  /** Holds every run until the latch is open, and says when the first is held. */
  private CountDownLatch holdRuns(CountDownLatch held) {
    CountDownLatch gate = new CountDownLatch(1);
    session.hook =
        (runner, form, rows) -> {
          held.countDown();
          await(gate);
        };
    return gate;
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void scoresRequestsOfAnySizeInEveryForm() {
    for (var plan :
        List.of(
            FakeSession.whole(64),
            FakeSession.split(64, 1),
            FakeSession.split(64, 30),
            FakeSession.split(64, 100),
            FakeSession.dependent(64))) {
      start(2, plan);
      for (int rows : new int[] {1, 2, 7, 63, 64, 65, 128, 129, 1000, 2000}) {
        submit(FakeSession.request(rows, rows)).hasScoresOf(rows, rows);
      }
      Answer many = submit(FakeSession.manyUsers(200));
      assertThat(many.result().scores(0)[199]).isEqualTo(199 * 11);
      try {
        nothingIsLeftOpen();
      } catch (Exception e) {
        throw new AssertionError(e);
      }
      scheduler = null;
    }
  }

  @Test
  void smallRequestsThatWaitShareATile() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer first = submit(FakeSession.request(1, 10));
    await(held);
    List<Answer> others = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      others.add(submit(FakeSession.request(i, 10)));
    }
    gate.countDown();
    first.hasScoresOf(1, 10);
    for (int i = 0; i < 6; i++) {
      others.get(i).hasScoresOf(i, 10);
    }
    assertThat(session.runs).hasValue(2);
  }

  @Test
  void aBadRequestInASharedTileFailsAlone() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer first = submit(FakeSession.request(1, 10));
    await(held);
    Answer good = submit(FakeSession.request(2, 10));
    Answer bad = submit(FakeSession.request(3, 10, 9));
    Answer alsoGood = submit(FakeSession.request(4, 10));
    gate.countDown();
    first.hasScoresOf(1, 10);
    good.hasScoresOf(2, 10);
    assertThat(bad.fault(FaultCode.INVALID_ARGUMENT))
        .hasMessage("feature 'item': 9 rows (expected: 10, one for each candidate)");
    alsoGood.hasScoresOf(4, 10);
    assertThat(session.runs).hasValue(2);
  }

  @Test
  void theTilesOfALargeRequestRunOnAllWorkers() {
    start(2, FakeSession.split(64, 1));
    CountDownLatch both = new CountDownLatch(2);
    session.hook =
        (runner, form, rows) -> {
          if (form == FakeSession.Form.CANDIDATES) {
            both.countDown();
            await(both);
          }
        };
    submit(FakeSession.request(5, 128)).hasScoresOf(5, 128);
  }

  @Test
  void cancellingStopsTheRunningTile() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    session.hook =
        (runner, form, rows) -> {
          held.countDown();
          runner.awaitTermination();
        };
    Answer answer = new Answer();
    RankTask task = task(FakeSession.request(1, 10), answer);
    scheduler.submit(task);
    await(held);
    assertThat(task.cancel()).isTrue();
    answer.fault(FaultCode.CANCELLED);
    session.hook = (runner, form, rows) -> {};
    submit(FakeSession.request(2, 10)).hasScoresOf(2, 10);
  }

  @Test
  void retiringWaitsForWhatRuns() throws Exception {
    start(2, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer answer = submit(FakeSession.request(1, 10));
    await(held);
    CompletableFuture<Void> retired = scheduler.retire(version);
    assertThat(retired).isNotDone();
    submit(FakeSession.request(1, 10)).fault(FaultCode.UNAVAILABLE);
    gate.countDown();
    answer.hasScoresOf(1, 10);
    retired.get(30, TimeUnit.SECONDS);
    assertThat(session.openRunners).hasValue(0);
  }

  @Test
  void drainingAnswersEverythingThatWasAccepted() throws Exception {
    start(2, FakeSession.whole(64));
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      answers.add(submit(FakeSession.request(i, 1 + i % 200)));
    }
    assertThat(scheduler.drain(Duration.ofSeconds(30))).isTrue();
    for (int i = 0; i < 500; i++) {
      assertThat(answers.get(i).isDone()).isTrue();
      answers.get(i).hasScoresOf(i, 1 + i % 200);
    }
    submit(FakeSession.request(1, 10)).fault(FaultCode.UNAVAILABLE);
  }
}
