package dev.podium.server.schedule;

import static dev.podium.server.engine.Form.SPLIT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionPlan.Split;
import dev.podium.server.engine.Form;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TileSchedulerTest {
  private TileScheduler scheduler;
  private FakeSession session;
  private float fallback = Float.NaN;
  private ServedVersion version;
  private final AtomicInteger replaced = new AtomicInteger();
  private final List<String> notBound = new CopyOnWriteArrayList<>();
  private final AtomicInteger rerun = new AtomicInteger();
  private final List<Form> forms = new CopyOnWriteArrayList<>();
  private final SchedulerListener listener =
      new SchedulerListener() {
        @Override
        public void workerReplaced(Throwable cause) {
          replaced.incrementAndGet();
        }

        @Override
        public void workerNotBound(int worker, IOException cause) {
          notBound.add(cause.getMessage());
        }

        @Override
        public void tileRan(
            ServedVersion version, int rows, int capacity, int requests, Form form, long nanos) {
          forms.add(form);
        }

        @Override
        public void rerunAlone(ServedVersion version, int requests) {
          rerun.addAndGet(requests);
        }
      };

  /** With a queue so patient that a busy machine is no reason to refuse. */
  private static SchedulerOptions patient(int workers) {
    return SchedulerOptions.builder().workers(workers).maxWait(Duration.ofHours(1)).build();
  }

  private void start(int workers, ExecutionPlan plan) {
    start(SchedulerOptions.builder().workers(workers).build(), plan);
  }

  private void start(SchedulerOptions options, ExecutionPlan plan) {
    session = new FakeSession(plan);
    version = new ServedVersion("fake", 1, FakeSession.SIGNATURE, session, 1, fallback);
    scheduler = new TileScheduler(options, System::nanoTime, listener);
  }

  @AfterEach
  void nothingIsLeftOpen() throws Exception {
    if (scheduler != null) {
      scheduler.retire(version).get(30, TimeUnit.SECONDS);
      assertThat(session.openRunners).hasValue(0);
      session.close();
      scheduler.close();
      assertThat(session.openContexts).hasValue(0);
      assertThat(session.violations).isEmpty();
      assertThat(scheduler.pool().reserved()).isZero();
      assertThat(scheduler.snapshot().liveTasks()).isZero();
      assertThat(scheduler.snapshot().waitingRows()).isZero();
      assertThat(scheduler.snapshot().waitingTasks()).isZero();
    }
  }

  /** For tests that start several. */
  private void closeAll() {
    try {
      nothingIsLeftOpen();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    scheduler = null;
  }

  private Answer submit(Binding request) {
    Answer answer = new Answer();
    scheduler.submit(task(request, answer));
    return answer;
  }

  private Answer submit(Binding request, long budgetMillis, boolean allowPartial) {
    Answer answer = new Answer();
    long now = System.nanoTime();
    scheduler.submit(
        new RankTask(
            version,
            request,
            now,
            now + budgetMillis * 1_000_000,
            Priority.NORMAL,
            allowPartial,
            answer));
    return answer;
  }

  private RankTask task(Binding request, Answer answer) {
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
      closeAll();
    }
  }

  /** Whole rows, one request that is split, two that would be but share a tile, and a large one. */
  @ParameterizedTest
  @EnumSource(names = {"EXPORTED", "WHOLE"})
  void saysInWhatFormRowsRan(Form rowsForm) {
    ExecutionPlan plan =
        new ExecutionPlan(
            64,
            RowMixing.NONE,
            rowsForm,
            FakeSession.cost(100, 1),
            new Split(8, FakeSession.cost(80, 0.5), 50));
    start(1, plan);
    assertThat(submit(FakeSession.request(1, 7)).result().form()).isEqualTo(rowsForm);
    assertThat(submit(FakeSession.manyUsers(10)).result().form()).isEqualTo(rowsForm);
    assertThat(submit(FakeSession.request(1, 8)).result().form()).isEqualTo(Form.SPLIT);
    assertThat(submit(FakeSession.request(1, 200)).result().form()).isEqualTo(Form.SPLIT);
    assertThat(forms).containsExactly(rowsForm, rowsForm, SPLIT, SPLIT, SPLIT, SPLIT, SPLIT);

    forms.clear();
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer first = submit(FakeSession.request(1, 3));
    await(held);
    Answer second = submit(FakeSession.request(2, 10));
    Answer third = submit(FakeSession.request(3, 10));
    gate.countDown();
    assertThat(first.result().form()).isEqualTo(rowsForm);
    assertThat(second.result().form()).isEqualTo(rowsForm);
    assertThat(third.result().form()).isEqualTo(rowsForm);
    assertThat(forms).containsExactly(rowsForm, rowsForm);
  }

  @Test
  void workersRunOnTheProcessorsTheyAreBoundTo() throws Exception {
    CpuAffinityTest.needsLinux();
    int cpu = CpuAffinity.allowed().length() - 1;
    start(SchedulerOptions.builder().workers(2).cpus(List.of(cpu)).build(), FakeSession.whole(64));
    List<String> seen = new CopyOnWriteArrayList<>();
    session.hook = (runner, form, rows) -> seen.add(CpuAffinityTest.cpusOfThisThread());
    submit(FakeSession.request(1, 1000)).hasScoresOf(1, 1000);
    assertThat(seen).isNotEmpty().containsOnly(Integer.toString(cpu));
  }

  @Test
  void aWorkerThatCannotBeBoundWorksOnAndSaysSo() throws Exception {
    CpuAffinityTest.needsLinux();
    start(
        SchedulerOptions.builder().workers(2).cpus(List.of(CpuAffinity.allowed().length())).build(),
        FakeSession.whole(64));
    submit(FakeSession.request(1, 1000)).hasScoresOf(1, 1000);
    assertThat(notBound).isNotEmpty().allMatch(text -> text.contains("sched_setaffinity"));
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
  void whereContextsMixNoRequestGetsAnotherUsersScores() {
    start(patient(2), FakeSession.mixing(64, RowMixing.WITHIN_CONTEXT));
    session.firstUserOnly = true;
    CountDownLatch held = new CountDownLatch(2);
    CountDownLatch gate = holdRuns(held);
    List<Answer> answers = new ArrayList<>();
    for (int user = 0; user < 400; user++) {
      answers.add(submit(FakeSession.request(user, 1 + 7 * user % 150)));
    }
    await(held);
    gate.countDown();
    for (int user = 0; user < 400; user++) {
      answers.get(user).hasScoresOf(user, 1 + 7 * user % 150);
    }
    // As the exported graph: row 0's user, which is 0, for all rows.
    submit(FakeSession.manyUsers(200)).hasScoresOf(0, 200);
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
          if (form == FakeSession.Call.CANDIDATES) {
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

  @Test
  void aSharedTileThatFailsIsRunAloneAndOnlyTheCulpritFails() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = new CountDownLatch(1);
    session.hook =
        (runner, form, rows) -> {
          held.countDown();
          await(gate);
          for (int i = 0; i < rows; i++) {
            if (runner.rows().numbers(0).getFloat(i * Float.BYTES) == 666) {
              throw new RankException(FaultCode.INTERNAL, "run: poisoned");
            }
          }
        };
    Answer first = submit(FakeSession.request(1, 10));
    await(held);
    Answer good = submit(FakeSession.request(2, 10));
    Answer poisoned = submit(FakeSession.request(666, 10));
    Answer alsoGood = submit(FakeSession.request(4, 10));
    gate.countDown();
    first.hasScoresOf(1, 10);
    good.hasScoresOf(2, 10);
    alsoGood.hasScoresOf(4, 10);
    assertThat(poisoned.fault(FaultCode.INTERNAL)).hasMessage("run: poisoned");
    assertThat(rerun).hasValue(3);
    assertThat(session.runs).hasValue(1 + 1 + 3);
  }

  @Test
  void aScoreThatIsNotFiniteFailsItsRequestAlone() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    submit(FakeSession.request(1, 10));
    await(held);
    Answer good = submit(FakeSession.request(2, 10));
    Answer infinite = submit(FakeSession.request(Float.MAX_VALUE, 10));
    gate.countDown();
    good.hasScoresOf(2, 10);
    assertThat(infinite.fault(FaultCode.INTERNAL))
        .hasMessage("output 'score' of fake/1: Infinity in row 0 (expected: a finite score)");
    assertThat(session.runs).hasValue(2);
    Answer large = submit(FakeSession.request(Float.MAX_VALUE, 300));
    large.fault(FaultCode.INTERNAL);
  }

  @Test
  void aDeadlineThatPassesInTheQueueIsAnsweredThoughNoWorkerIsFree() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer running = submit(FakeSession.request(1, 10));
    await(held);
    Answer expired = submit(FakeSession.request(2, 10), 30, false);
    assertThat(expired.fault(FaultCode.DEADLINE_EXCEEDED))
        .hasMessage("deadline: passed in the queue, 10 rows");
    assertThat(running.isDone()).isFalse();
    gate.countDown();
    running.hasScoresOf(1, 10);
    assertThat(session.runs).hasValue(1);
  }

  @Test
  void aDeadlineThatPassesStopsTheRunningTile() {
    start(1, FakeSession.whole(64));
    session.hook = (runner, form, rows) -> runner.awaitTermination();
    Answer expired = submit(FakeSession.request(2, 10), 30, false);
    assertThat(expired.fault(FaultCode.DEADLINE_EXCEEDED))
        .hasMessage("deadline: passed while tiles ran, 10 rows");
    session.hook = (runner, form, rows) -> {};
    submit(FakeSession.request(3, 10)).hasScoresOf(3, 10);
    assertThat(scheduler.snapshot().abandonedRows()).isEqualTo(10);
  }

  @Test
  void aTileWithOneLivingRequestIsNotStopped() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer first = submit(FakeSession.request(1, 10));
    await(held);
    Answer cancelled = new Answer();
    RankTask task = task(FakeSession.request(2, 10), cancelled);
    scheduler.submit(task);
    Answer living = submit(FakeSession.request(3, 10));
    CountDownLatch heldAgain = new CountDownLatch(1);
    CountDownLatch gateAgain = holdRuns(heldAgain);
    gate.countDown();
    await(heldAgain);
    assertThat(task.cancel()).isTrue();
    assertThat(task.cancel()).isFalse();
    cancelled.fault(FaultCode.CANCELLED);
    gateAgain.countDown();
    living.hasScoresOf(3, 10);
    first.hasScoresOf(1, 10);
  }

  /** Lets the first two of three tiles run, and holds the third until it is stopped. */
  private void holdTheThirdTile() {
    AtomicInteger tiles = new AtomicInteger();
    session.hook =
        (runner, form, rows) -> {
          if (form != FakeSession.Call.CONTEXT && tiles.incrementAndGet() == 3) {
            runner.awaitTermination();
          }
        };
  }

  @Test
  void aPartialAnswerHasTheTilesThatAreDone() {
    for (ExecutionPlan plan : List.of(FakeSession.whole(64), FakeSession.split(64, 1))) {
      start(1, plan);
      holdTheThirdTile();
      RankResult result = submit(FakeSession.request(2, 192), 60, true).result();
      assertThat(result.isComplete()).isFalse();
      assertThat(result.missing()).containsExactly(128, 192);
      assertThat(result.scores(0)[127]).isEqualTo(20 + 127);
      assertThat(result.scores(1)[127]).isEqualTo(2 * (20 + 127));
      assertThat(result.scores(0)[128]).isNaN();
      assertThat(result.scores(1)[191]).isNaN();
      assertThat(result.tiles()).isEqualTo(2);
      closeAll();
    }
  }

  @Test
  void aPartialAnswerHasTheFallbackScoreWhereNothingIsDone() {
    fallback = 0.25f;
    start(1, FakeSession.whole(64));
    session.hook = (runner, form, rows) -> runner.awaitTermination();
    RankResult large = submit(FakeSession.request(2, 192), 40, true).result();
    assertThat(large.missing()).containsExactly(0, 192);
    assertThat(large.scores(0)).containsOnly(0.25f);
    RankResult small = submit(FakeSession.request(2, 10), 40, true).result();
    assertThat(small.missing()).containsExactly(0, 10);
    assertThat(small.scores(1)).containsOnly(0.25f);
  }

  @Test
  void withoutFallbackScoreNothingDoneIsNoAnswer() {
    start(1, FakeSession.whole(64));
    session.hook = (runner, form, rows) -> runner.awaitTermination();
    submit(FakeSession.request(2, 192), 40, true).fault(FaultCode.DEADLINE_EXCEEDED);
  }

  @Test
  void aWorkerThatDiesIsReplacedAndItsRequestFails() {
    start(1, FakeSession.whole(64));
    for (int i = 1; i <= 3; i++) {
      session.hook =
          (runner, form, rows) -> {
            throw new StackOverflowError("made by the test");
          };
      assertThat(submit(FakeSession.request(1, i * 60)).fault(FaultCode.INTERNAL))
          .hasMessageStartingWith("a worker died while it scored this: ")
          .hasCauseInstanceOf(StackOverflowError.class);
      session.hook = (runner, form, rows) -> {};
      submit(FakeSession.request(2, 150)).hasScoresOf(2, 150);
      assertThat(scheduler.snapshot().workersReplaced()).isEqualTo(i);
      assertThat(session.openRunners).hasValue(1);
    }
    assertThat(replaced).hasValue(3);
  }

  @Test
  void aReplacementThatFailsIsTriedAgain() {
    session = new FakeSession(FakeSession.whole(64));
    version = new ServedVersion("fake", 1, FakeSession.SIGNATURE, session, 1, fallback);
    AtomicInteger failures = new AtomicInteger();
    scheduler =
        new TileScheduler(
            SchedulerOptions.builder().workers(1).build(),
            () -> {
              boolean onWorker = Thread.currentThread().getName().startsWith("podium-worker");
              if (onWorker && failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                throw new OutOfMemoryError("made by the test");
              }
              return System.nanoTime();
            },
            listener);
    session.hook =
        (runner, form, rows) -> {
          failures.set(5);
          throw new StackOverflowError("made by the test");
        };
    submit(FakeSession.request(1, 10)).fault(FaultCode.INTERNAL);
    session.hook = (runner, form, rows) -> {};
    submit(FakeSession.request(2, 150)).hasScoresOf(2, 150);
    assertThat(failures).hasValue(0);
    assertThat(replaced).hasValue(1);
  }

  @Test
  void triesAgainAtEverLongerIntervals() {
    assertThat(IntStream.of(1, 2, 3, 10, 11, 1000).mapToLong(WorkerLoop::pause).toArray())
        .containsExactly(
            1_000_000, 2_000_000, 4_000_000, 512_000_000, 1_000_000_000, 1_000_000_000);
  }

  @Test
  void anUnexpectedExceptionFailsTheRequestAndNotTheWorker() {
    start(1, FakeSession.whole(64));
    session.hook =
        (runner, form, rows) -> {
          throw new IllegalStateException("made by the test");
        };
    assertThat(submit(FakeSession.request(1, 10)).fault(FaultCode.INTERNAL))
        .hasMessage(
            "unexpected failure in the server: java.lang.IllegalStateException: made by the test");
    submit(FakeSession.request(1, 200)).fault(FaultCode.INTERNAL);
    session.hook = (runner, form, rows) -> {};
    submit(FakeSession.request(2, 10)).hasScoresOf(2, 10);
    assertThat(replaced).hasValue(0);
  }

  @Test
  void aFailedTileOfALargeRequestFailsItAndStopsTheOthers() {
    start(2, FakeSession.split(64, 1));
    CountDownLatch both = new CountDownLatch(2);
    AtomicInteger tiles = new AtomicInteger();
    session.hook =
        (runner, form, rows) -> {
          if (form == FakeSession.Call.CANDIDATES) {
            int tile = tiles.incrementAndGet();
            both.countDown();
            await(both);
            if (tile == 1) {
              throw new RankException(FaultCode.INTERNAL, "run: out of luck");
            }
            runner.awaitTermination();
          }
        };
    assertThat(submit(FakeSession.request(1, 1000)).fault(FaultCode.INTERNAL))
        .hasMessage("run: out of luck");
    assertThat(tiles).hasValue(2);
  }

  @Test
  void smallRequestsRunOnTheCallersThread() {
    start(1, FakeSession.whole(64));
    List<Runnable> eventLoop = new ArrayList<>();
    Thread me = Thread.currentThread();
    List<Thread> runOn = new ArrayList<>();
    session.hook = (runner, form, rows) -> runOn.add(Thread.currentThread());
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Answer answer = new Answer();
      answers.add(answer);
      scheduler.submit(task(FakeSession.request(i, 10), answer), eventLoop::add);
    }
    assertThat(answers).noneMatch(Answer::isDone);
    eventLoop.forEach(Runnable::run);
    for (int i = 0; i < 3; i++) {
      assertThat(answers.get(i).isDone()).isTrue();
      answers.get(i).hasScoresOf(i, 10);
    }
    assertThat(runOn).containsExactly(me);
  }

  @Test
  void largeRequestsDoNotRunOnTheCallersThread() {
    start(1, FakeSession.whole(64));
    Answer answer = new Answer();
    scheduler.submit(
        task(FakeSession.request(1, 500), answer),
        work -> {
          throw new AssertionError("run on the caller");
        });
    answer.hasScoresOf(1, 500);
  }

  @Test
  void aCallerThatIsShuttingDownLeavesTheWorkToAWorker() {
    start(1, FakeSession.whole(64));
    Answer answer = new Answer();
    scheduler.submit(
        task(FakeSession.request(1, 10), answer),
        work -> {
          throw new RejectedExecutionException("shutting down");
        });
    answer.hasScoresOf(1, 10);
  }

  @Test
  void aWorkerThatIsDoneTakesWhatTheCallerHasNotComeToYet() {
    start(2, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer running = submit(FakeSession.request(1, 10));
    await(held);
    List<Runnable> eventLoop = new ArrayList<>();
    Answer answer = new Answer();
    scheduler.submit(task(FakeSession.request(2, 10), answer), eventLoop::add);
    assertThat(eventLoop).hasSize(1);
    gate.countDown();
    running.hasScoresOf(1, 10);
    answer.hasScoresOf(2, 10);
    eventLoop.forEach(Runnable::run);
    submit(FakeSession.request(3, 10)).hasScoresOf(3, 10);
  }

  @Test
  void aFullQueueRefusesWithATimeToComeBack() {
    start(SchedulerOptions.builder().workers(1).maxWaitingRows(100).build(), FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer running = submit(FakeSession.request(1, 10));
    await(held);
    Answer waiting = submit(FakeSession.request(2, 60));
    RankException refused = submit(FakeSession.request(3, 60)).fault(FaultCode.RESOURCE_EXHAUSTED);
    assertThat(refused).hasMessage("queue: 60 rows wait (expected: at most 90)");
    assertThat(refused.retryAfterMillis()).isPositive();
    gate.countDown();
    running.hasScoresOf(1, 10);
    waiting.hasScoresOf(2, 60);
  }

  @Test
  void aRequestCancelledBeforeItIsSubmittedNeverRuns() {
    start(1, FakeSession.whole(64));
    Answer answer = new Answer();
    RankTask task = task(FakeSession.request(1, 10), answer);
    assertThat(task.cancel()).isTrue();
    scheduler.submit(task);
    answer.fault(FaultCode.CANCELLED);
    submit(FakeSession.request(2, 10)).hasScoresOf(2, 10);
    assertThat(session.runs).hasValue(1);
  }

  /** Two threads at once; one task in two would be queued though it has ended, if they could. */
  @Test
  void aTaskMayBeCancelledWhileItIsSubmitted() throws Exception {
    start(2, FakeSession.whole(64));
    int tasks = 5_000;
    List<RankTask> all = new ArrayList<>();
    List<Answer> answers = new ArrayList<>();
    long deadline = System.nanoTime() + 20_000_000_000L;
    for (int i = 0; i < tasks; i++) {
      Answer answer = new Answer();
      answers.add(answer);
      all.add(
          new RankTask(
              version,
              FakeSession.request(i, 1),
              System.nanoTime(),
              deadline,
              Priority.NORMAL,
              false,
              answer));
    }
    AtomicInteger next = new AtomicInteger();
    AtomicInteger cancelled = new AtomicInteger();
    Thread canceller =
        new Thread(
            () -> {
              for (int i = 0; i < tasks; i++) {
                while (next.get() < i) {
                  Thread.onSpinWait();
                }
                cancelled.addAndGet(all.get(i).cancel() ? 1 : 0);
              }
            });
    canceller.start();
    for (int i = 0; i < tasks; i++) {
      next.set(i);
      scheduler.submit(all.get(i));
    }
    canceller.join();
    int failed = 0;
    for (Answer answer : answers) {
      failed +=
          answer.outcome() instanceof RankException fault && fault.code() == FaultCode.CANCELLED
              ? 1
              : 0;
    }
    assertThat(failed).isEqualTo(cancelled.get());
    assertThat(scheduler.drain(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void aCompletionThatThrowsHarmsNobodyElse() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    submit(FakeSession.request(1, 10));
    await(held);
    List<Throwable> reported = new ArrayList<>();
    List<RankException> told = new ArrayList<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> reported.add(e));
    try {
      RankCompletion broken =
          new RankCompletion() {
            @Override
            public void succeeded(RankResult result) {
              throw new IllegalStateException("made by the test");
            }

            @Override
            public void failed(RankException fault) {
              told.add(fault);
            }
          };
      scheduler.submit(
          new RankTask(
              version,
              FakeSession.request(2, 10),
              System.nanoTime(),
              RankTask.NO_DEADLINE,
              Priority.NORMAL,
              false,
              broken));
      Answer good = submit(FakeSession.request(3, 10));
      gate.countDown();
      good.hasScoresOf(3, 10);
      assertThat(reported).singleElement().isInstanceOf(IllegalStateException.class);
      assertThat(told).extracting(RankException::code).containsExactly(FaultCode.INTERNAL);
      assertThat(replaced).hasValue(0);
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
  }

  @Test
  void closingAnswersWhatIsLeftAndStopsWhatRuns() {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    session.hook =
        (runner, form, rows) -> {
          held.countDown();
          runner.awaitTermination();
        };
    Answer running = submit(FakeSession.request(1, 10));
    await(held);
    Answer small = submit(FakeSession.request(2, 10));
    Answer large = submit(FakeSession.request(3, 1000));
    scheduler.close();
    for (Answer answer : List.of(running, small, large)) {
      assertThat(answer.fault(FaultCode.UNAVAILABLE))
          .hasMessage("the server stopped before this was scored");
    }
    submit(FakeSession.request(4, 10)).fault(FaultCode.UNAVAILABLE);
    assertThat(session.openRunners).hasValue(0);
  }

  @Test
  void drainingGivesUpWhenTheTimeIsOver() throws Exception {
    start(1, FakeSession.whole(64));
    CountDownLatch held = new CountDownLatch(1);
    CountDownLatch gate = holdRuns(held);
    Answer answer = submit(FakeSession.request(1, 10));
    await(held);
    assertThat(scheduler.drain(Duration.ofMillis(1))).isFalse();
    gate.countDown();
    answer.hasScoresOf(1, 10);
    assertThat(scheduler.drain(Duration.ofSeconds(30))).isTrue();
  }

  @Test
  void aVersionCanBeReplacedWhileItServes() throws Exception {
    start(patient(2), FakeSession.split(64, 30));
    for (int i = 0; i < 20; i++) {
      List<Answer> answers = new ArrayList<>();
      for (int r = 0; r < 20; r++) {
        answers.add(submit(FakeSession.request(r, 1 + 37 * r % 300)));
      }
      FakeSession old = session;
      ServedVersion oldVersion = version;
      session = new FakeSession(FakeSession.split(64, 30));
      version = new ServedVersion("fake", 2 + i, FakeSession.SIGNATURE, session);
      Answer next = submit(FakeSession.request(7, 100));
      scheduler.retire(oldVersion).get(30, TimeUnit.SECONDS);
      assertThat(old.openRunners).hasValue(0);
      assertThat(old.openContexts).hasValue(0);
      old.close();
      next.hasScoresOf(7, 100);
      for (int r = 0; r < 20; r++) {
        answers.get(r).hasScoresOf(r, 1 + 37 * r % 300);
      }
    }
  }
}
