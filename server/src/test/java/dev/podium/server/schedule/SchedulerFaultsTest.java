package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Every call that the scheduler makes out of itself fails once: making a runner, its buffers,
 * features, runs, scores, closing, the listener, the completion, the caller's executor. After each
 * fault, every request has been answered once, other requests are scored as before, and nothing is
 * left over.
 */
class SchedulerFaultsTest {
  enum Kind {
    EXCEPTION(() -> new IllegalStateException("made by the test")),
    ERROR(() -> new StackOverflowError("made by the test")),
    OUT_OF_MEMORY(() -> new OutOfMemoryError("made by the test"));

    private final Supplier<Throwable> fault;

    Kind(Supplier<Throwable> fault) {
      this.fault = fault;
    }
  }

  private Thread.UncaughtExceptionHandler before;

  @BeforeEach
  void hearWhatIsReported() {
    before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((thread, e) -> {});
  }

  @AfterEach
  void giveTheHandlerBack() {
    Thread.setDefaultUncaughtExceptionHandler(before);
  }

  @ParameterizedTest
  @EnumSource
  void whateverFailsIsAnsweredOnceAndLeavesNothing(Kind kind) throws Exception {
    Run clean = new Run(new Faults(-1, kind.fault));
    clean.play();
    Map<String, String> expected = clean.outcomes();
    assertThat(clean.replaced()).isZero();
    assertThat(expected)
        .containsValue("scored")
        .containsValue("DEADLINE_EXCEEDED")
        .containsValue("CANCELLED")
        .containsValue("UNAVAILABLE");
    System.out.printf("clean run: %d calls: %s%n", clean.faults.calls(), clean.faults.counts());

    Map<String, int[]> table = new TreeMap<>();
    int points = 0;
    for (int at = 0; at < clean.faults.calls(); at++) {
      Run run = new Run(new Faults(at, kind.fault));
      run.play();
      assertThat(run.faults.hit()).as("call %d", at).isNotNull();
      points++;
      Map<String, String> outcomes = run.outcomes();
      int failed = 0;
      for (String request : expected.keySet()) {
        String outcome = outcomes.get(request);
        if (!outcome.equals(expected.get(request))) {
          assertThat(outcome)
              .as("%s with a fault in %s (call %d)", request, run.faults.hit(), at)
              .isIn("INTERNAL", "scored");
          failed += outcome.equals("INTERNAL") ? 1 : 0;
        }
      }
      assertThat(failed)
          .as("requests that a fault in %s (call %d) failed: %s", run.faults.hit(), at, outcomes)
          .isLessThanOrEqualTo(Run.SHARING);
      int[] row = table.computeIfAbsent(run.faults.hit(), call -> new int[3]);
      row[0]++;
      row[1] += failed;
      row[2] += (int) run.replaced();
    }
    System.out.printf("%s at %d points; nothing left over%n", kind, points);
    table.forEach(
        (call, row) ->
            System.out.printf(
                "  %-34s %3d points, %3d requests failed, %3d workers replaced%n",
                call, row[0], row[1], row[2]));
    assertThat(points).isEqualTo(clean.faults.calls());
  }

  /** One scheduler's life, with a request of each kind. */
  private static final class Run {
    /** Requests that share a tile. */
    static final int SHARING = 3;

    final Faults faults;
    private final Map<String, Answer> answers = new LinkedHashMap<>();
    private final List<FakeSession> sessions = new ArrayList<>();
    private final List<ServedVersion> versions = new ArrayList<>();
    private final ArrayDeque<Runnable> eventLoop = new ArrayDeque<>();
    private final TileScheduler scheduler;
    private long replaced;

    Run(Faults faults) {
      this.faults = faults;
      SchedulerListener listener = new SchedulerListener() {};
      scheduler =
          new TileScheduler(
              SchedulerOptions.builder().workers(1).build(),
              System::nanoTime,
              faults.wrap(SchedulerListener.class, listener));
    }

    long replaced() {
      return replaced;
    }

    Map<String, String> outcomes() {
      Map<String, String> outcomes = new LinkedHashMap<>();
      answers.forEach((name, answer) -> outcomes.put(name, outcome(answer)));
      return outcomes;
    }

    private static String outcome(Answer answer) {
      return answer.outcome() instanceof RankException fault ? fault.code().name() : "scored";
    }

    private ServedVersion version(ExecutionPlan plan) {
      FakeSession session = new FakeSession(plan);
      sessions.add(session);
      ServedVersion version =
          new ServedVersion(
              "fake",
              sessions.size(),
              FakeSession.SIGNATURE,
              faults.wrap(RankingSession.class, session));
      versions.add(version);
      return version;
    }

    /**
     * Everything, one after the other, on one worker: the calls come in the same order each time.
     */
    void play() throws Exception {
      ServedVersion whole = version(FakeSession.whole(64));
      ServedVersion split = version(FakeSession.split(64, 20));
      ServedVersion dependent = version(FakeSession.dependent(64));
      ServedVersion retired = version(FakeSession.whole(64));
      ServedVersion leaving = version(FakeSession.whole(64));
      Answer first = submitPlain(retired, 1, 5);
      first.hasScoresOf(1, 5);
      await(scheduler.retire(retired));
      faults.arm();

      submit("whole", whole, 2, 10, null).outcome();
      submit("split", split, 3, 30, null).outcome();
      submit("large", whole, 4, 200, null).outcome();
      submit("large, split", split, 5, 200, null).outcome();
      submit("dependent", dependent, 6, 10, null).outcome();
      submit("dependent, outgrows its buffers", dependent, 7, 300, null).outcome();
      submit("leaving", leaving, 8, 10, null).outcome();
      submit("unloaded", retired, 8, 10, null).outcome();
      late("late", whole).outcome();
      onCaller(whole);
      sharing(whole);
      poisoned(whole);
      cancelled(whole);
      awaitIdle();
      await(scheduler.retire(leaving));
      faults.disarm();

      everythingStillWorks();
    }

    /** Until the worker has nothing to do, so that it may stand in for a caller. */
    private void awaitIdle() {
      while (scheduler.snapshot().busyWorkers() > 0) {
        Thread.onSpinWait();
      }
    }

    private void onCaller(ServedVersion version) {
      awaitIdle();
      Answer answer = submit("on the caller", version, 9, 10, eventLoop::add);
      runEventLoop();
      answer.outcome();
    }

    private void sharing(ServedVersion version) {
      awaitIdle();
      List<Answer> together = new ArrayList<>();
      for (int i = 0; i < SHARING; i++) {
        together.add(submit("sharing " + i, version, 10 + i, 10, eventLoop::add));
      }
      runEventLoop();
      together.forEach(Answer::outcome);
    }

    /** A shared tile fails, and its requests are run again alone. */
    private void poisoned(ServedVersion version) {
      sessions.get(0).hook =
          (runner, call, rows) -> {
            if (rows == SHARING * 10) {
              throw new RankException(FaultCode.INTERNAL, "run: poisoned");
            }
          };
      awaitIdle();
      List<Answer> together = new ArrayList<>();
      for (int i = 0; i < SHARING; i++) {
        together.add(submit("poisoned " + i, version, 20 + i, 10, eventLoop::add));
      }
      runEventLoop();
      together.forEach(Answer::outcome);
      sessions.get(0).hook = (runner, call, rows) -> {};
    }

    /** A run that is stopped, as its only request is cancelled. */
    private void cancelled(ServedVersion version) throws Exception {
      CompletableFuture<Void> running = new CompletableFuture<>();
      CountDownLatch cancelled = new CountDownLatch(1);
      sessions.get(0).hook =
          (runner, call, rows) -> {
            running.complete(null);
            try {
              cancelled.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          };
      Answer answer = new Answer();
      RankTask task = task("cancelled", version, 30, 10, RankTask.NO_DEADLINE, answer);
      scheduler.submit(task);
      CompletableFuture.anyOf(running, answer.future()).get(30, TimeUnit.SECONDS);
      task.cancel();
      cancelled.countDown();
      answer.outcome();
      sessions.get(0).hook = (runner, call, rows) -> {};
    }

    private void runEventLoop() {
      for (Runnable work = eventLoop.poll(); work != null; work = eventLoop.poll()) {
        work.run();
      }
    }

    private Answer late(String name, ServedVersion version) {
      Answer answer = new Answer();
      scheduler.submit(task(name, version, 1, 10, System.nanoTime() - 1_000_000, answer));
      return answer;
    }

    private Answer submit(
        String name, ServedVersion version, float user, int rows, Executor caller) {
      Answer answer = new Answer();
      RankTask task = task(name, version, user, rows, RankTask.NO_DEADLINE, answer);
      scheduler.submit(task, caller == null ? null : faults.wrap(Executor.class, caller));
      return answer;
    }

    private RankTask task(
        String name, ServedVersion version, float user, int rows, long deadline, Answer answer) {
      answers.put(name, answer);
      return new RankTask(
          version,
          faults.wrap(Binding.class, FakeSession.request(user, rows)),
          rows,
          System.nanoTime(),
          deadline,
          Priority.NORMAL,
          false,
          faults.wrap(RankCompletion.class, answer));
    }

    private Answer submitPlain(ServedVersion version, float user, int rows) {
      Answer answer = new Answer();
      scheduler.submit(
          new RankTask(
              version,
              FakeSession.request(user, rows),
              System.nanoTime(),
              RankTask.NO_DEADLINE,
              Priority.NORMAL,
              false,
              answer));
      return answer;
    }

    private void everythingStillWorks() throws Exception {
      String where = "after a fault in " + faults.hit();
      for (ServedVersion version : versions.subList(0, 3)) {
        for (int rows : new int[] {1, 10, 200, 500}) {
          submitPlain(version, rows, rows).hasScoresOf(rows, rows);
        }
      }
      assertThat(scheduler.drain(Duration.ofSeconds(30))).as(where).isTrue();
      for (ServedVersion version : versions) {
        await(scheduler.retire(version));
      }
      SchedulerSnapshot end = scheduler.snapshot();
      replaced = end.workersReplaced();
      assertThat(end.liveTasks()).as(where).isZero();
      assertThat(end.waitingTasks()).as(where).isZero();
      assertThat(end.waitingRows()).as(where).isZero();
      assertThat(end.assembledBytes()).as(where).isZero();
      assertThat(scheduler.pool().reserved()).as(where).isZero();
      scheduler.close();
      for (FakeSession session : sessions) {
        session.close();
        assertThat(session.openRunners).as(where).hasValue(0);
        assertThat(session.openContexts).as(where).hasValue(0);
        assertThat(session.violations).as(where).isEmpty();
      }
    }

    private static void await(CompletableFuture<Void> future) throws Exception {
      future.get(30, TimeUnit.SECONDS);
    }
  }
}
