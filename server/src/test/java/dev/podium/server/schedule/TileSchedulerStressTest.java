package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real threads, and everything that can go wrong at once: each task is answered once and right. */
class TileSchedulerStressTest {
  private static final int THREADS = 4;
  private static final int TASKS = 15_000;
  private static final int SLOTS = 3;
  private static final int[] ROWS = {1, 3, 10, 10, 10, 50, 64, 65, 200, 700};

  private final AtomicReferenceArray<ServedVersion> versions = new AtomicReferenceArray<>(SLOTS);
  private final List<FakeSession> sessions = new ArrayList<>();
  private final AtomicInteger answered = new AtomicInteger();
  private final AtomicInteger wrong = new AtomicInteger();
  private final Map<FaultCode, AtomicInteger> faults = new EnumMap<>(FaultCode.class);
  private final AtomicInteger scored = new AtomicInteger();
  private final AtomicInteger partial = new AtomicInteger();
  private final Semaphore inFlight = new Semaphore(400);

  /** Checks the scores, and frees a place for the next task. */
  private final class Check implements RankCompletion {
    private final float user;
    private final int rows;
    private final AtomicInteger calls = new AtomicInteger();

    Check(float user, int rows) {
      this.user = user;
      this.rows = rows;
    }

    @Override
    public void succeeded(RankResult result) {
      int[] missing = result.missing();
      int next = 0;
      boolean right = result.scores(0).length == rows && result.scores(1).length == rows;
      for (int i = 0; right && i < rows; i++) {
        while (next < missing.length && missing[next + 1] <= i) {
          next += 2;
        }
        boolean there = next >= missing.length || i < missing[next];
        float expected = there ? 10 * user + i : -1;
        right =
            result.scores(0)[i] == expected
                && result.scores(1)[i] == (there ? 2 * expected : expected);
      }
      (result.isComplete() ? scored : partial).incrementAndGet();
      ended(right);
    }

    @Override
    public void failed(RankException fault) {
      faults.get(fault.code()).incrementAndGet();
      ended(true);
    }

    private void ended(boolean right) {
      if (!right || calls.incrementAndGet() != 1) {
        wrong.incrementAndGet();
      }
      answered.incrementAndGet();
      inFlight.release();
    }
  }

  private ServedVersion newVersion(int slot, int number) {
    FakeSession session =
        new FakeSession(
            switch (slot) {
              case 0 -> FakeSession.whole(64);
              case 1 -> FakeSession.split(64, 20);
              default -> FakeSession.dependent(64);
            });
    session.hook =
        (runner, form, rows) -> {
          int dice = ThreadLocalRandom.current().nextInt(2000);
          if (dice < 10) {
            throw new RankException(FaultCode.INTERNAL, "made by the test");
          } else if (dice == 10) {
            throw new StackOverflowError("made by the test");
          } else if (dice == 11) {
            throw new IllegalStateException("made by the test");
          }
        };
    sessions.add(session);
    return new ServedVersion("m" + slot, number, FakeSession.SIGNATURE, session, 1 + slot, -1);
  }

  @ParameterizedTest(name = "batch delay {0} ns")
  @ValueSource(longs = {0, 50_000})
  void everyTaskIsAnsweredOnceAndRight(long batchDelay) throws Exception {
    for (FaultCode code : FaultCode.values()) {
      faults.put(code, new AtomicInteger());
    }
    for (int slot = 0; slot < SLOTS; slot++) {
      versions.set(slot, newVersion(slot, 0));
    }
    AtomicInteger deaths = new AtomicInteger();
    SchedulerListener listener =
        new SchedulerListener() {
          @Override
          public void workerReplaced(Throwable cause) {
            deaths.incrementAndGet();
          }
        };
    SchedulerOptions options =
        SchedulerOptions.builder()
            .workers(3)
            .maxAssembledBytes(32 << 10)
            .maxBatchDelay(Duration.ofNanos(batchDelay))
            .build();
    TileScheduler scheduler = new TileScheduler(options, System::nanoTime, listener);
    CountDownLatch submitted = new CountDownLatch(THREADS);
    for (int t = 0; t < THREADS; t++) {
      long seed = 100L + t;
      boolean callerRuns = t % 2 == 0;
      Thread thread =
          new Thread(
              () -> {
                submitMany(scheduler, new SplittableRandom(seed), callerRuns);
                submitted.countDown();
              });
      thread.start();
    }
    List<CompletableFuture<Void>> retired = new ArrayList<>();
    int number = 1;
    while (!submitted.await(20, TimeUnit.MILLISECONDS)) {
      int slot = number % SLOTS;
      ServedVersion old = versions.getAndSet(slot, newVersion(slot, number++));
      FakeSession session = (FakeSession) old.session();
      retired.add(scheduler.retire(old).thenRun(session::close));
    }
    assertThat(scheduler.drain(Duration.ofSeconds(60))).isTrue();
    for (int slot = 0; slot < SLOTS; slot++) {
      retired.add(scheduler.retire(versions.get(slot)));
    }
    sessions.forEach(session -> assertThat(session.violations).isEmpty());
    CompletableFuture.allOf(retired.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
    SchedulerSnapshot end = scheduler.snapshot();
    System.out.printf(
        "stress: %d tasks, %d scored, %d in part, faults %s, %d workers replaced, %d versions%n",
        answered.get(), scored.get(), partial.get(), faults, deaths.get(), sessions.size());
    scheduler.close();
    assertThat(answered).hasValue(THREADS * TASKS);
    assertThat(wrong).hasValue(0);
    assertThat(scored.get()).isPositive();
    assertThat(faults.get(FaultCode.CANCELLED).get()).isPositive();
    assertThat(faults.get(FaultCode.INTERNAL).get()).isPositive();
    assertThat(faults.get(FaultCode.INVALID_ARGUMENT).get()).isPositive();
    assertThat(end.workersReplaced()).isEqualTo(deaths.get()).isPositive();
    assertThat(end.liveTasks()).isZero();
    assertThat(end.waitingRows()).isZero();
    assertThat(end.waitingTasks()).isZero();
    assertThat(scheduler.pool().reserved()).isZero();
    for (FakeSession session : sessions) {
      assertThat(session.openRunners).hasValue(0);
      assertThat(session.openContexts).hasValue(0);
    }
  }

  private void submitMany(TileScheduler scheduler, SplittableRandom random, boolean callerRuns) {
    ArrayDeque<RankTask> recent = new ArrayDeque<>();
    ArrayDeque<Runnable> eventLoop = new ArrayDeque<>();
    Executor caller = callerRuns ? eventLoop::add : null;
    for (int i = 0; i < TASKS; i++) {
      while (!inFlight.tryAcquire()) {
        runAll(eventLoop);
        Thread.onSpinWait();
      }
      int rows = ROWS[random.nextInt(ROWS.length)];
      boolean bad = random.nextInt(50) == 0;
      float user = random.nextInt(1000);
      Binding request = FakeSession.request(user, rows, bad ? rows + 1 : rows);
      long now = System.nanoTime();
      long budget = 100_000 + random.nextLong(random.nextBoolean() ? 2_000_000 : 50_000_000);
      RankTask task =
          new RankTask(
              versions.get(random.nextInt(SLOTS)),
              request,
              now,
              random.nextInt(4) == 0 ? RankTask.NO_DEADLINE : now + budget,
              List.of(Priority.values()).get(random.nextInt(3)),
              random.nextInt(3) == 0,
              new Check(user, rows));
      scheduler.submit(task, caller);
      if (random.nextInt(8) == 0) {
        runAll(eventLoop);
      }
      recent.add(task);
      if (recent.size() > 5) {
        RankTask old = recent.poll();
        if (random.nextInt(10) == 0) {
          old.cancel();
        }
      }
    }
    runAll(eventLoop);
  }

  private static void runAll(ArrayDeque<Runnable> eventLoop) {
    for (Runnable work = eventLoop.poll(); work != null; work = eventLoop.poll()) {
      work.run();
    }
  }
}
