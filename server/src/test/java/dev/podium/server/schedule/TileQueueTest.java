package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.SchedulerListener.RefusalReason;
import dev.podium.server.schedule.Tile.Work;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the queue hands out, in which order. One worker, times in microseconds. */
class TileQueueTest {
  private static final long FOREVER = -1;

  private SchedulerOptions options = SchedulerOptions.builder().workers(1).build();
  private RowPool pool = new RowPool(options.maxAssembledBytes());
  private TileQueue queue = new TileQueue(options, pool);
  private ServedVersion version = version(FakeSession.whole(64), 1);
  private final List<RankTask> hopeless = new ArrayList<>();

  private static ServedVersion version(ExecutionPlan plan, double weight) {
    return new ServedVersion(
        "m", 1, FakeSession.SIGNATURE, new FakeSession(plan), weight, Float.NaN);
  }

  private void options(SchedulerOptions changed) {
    options = changed;
    pool = new RowPool(options.maxAssembledBytes());
    queue = new TileQueue(options, pool);
  }

  private RankTask task(
      ServedVersion of, int rows, long arrival, long deadline, Priority priority) {
    RankTask task =
        new RankTask(
            of,
            null,
            rows,
            arrival * 1000,
            0,
            priority,
            false,
            new RankCompletion() {
              @Override
              public void succeeded(RankResult result) {}

              @Override
              public void failed(RankException fault) {}
            });
    task.arrival = arrival * 1000;
    task.deadline = deadline == FOREVER ? RankTask.NO_DEADLINE : deadline * 1000;
    return task;
  }

  private RankTask offer(ServedVersion of, int rows, long arrival, long deadline) {
    RankTask task = task(of, rows, arrival, deadline, Priority.NORMAL);
    assertThat(queue.offer(task, arrival * 1000, true)).isNull();
    return task;
  }

  private Tile take(long now) {
    Tile tile = new Tile();
    assertThat(queue.take(now * 1000, tile, hopeless)).isTrue();
    return tile;
  }

  private static List<RankTask> tasksOf(Tile tile) {
    List<RankTask> tasks = new ArrayList<>();
    for (int i = 0; i < tile.count; i++) {
      tasks.add(tile.tasks[i]);
    }
    return tasks;
  }

  @Test
  void theEarliestDeadlineGoesFirst() {
    RankTask late = offer(version, 60, 0, 90_000);
    RankTask early = offer(version, 60, 1, 50_000);
    RankTask middle = offer(version, 60, 2, 70_000);
    assertThat(tasksOf(take(3))).containsExactly(early);
    assertThat(tasksOf(take(4))).containsExactly(middle);
    assertThat(tasksOf(take(5))).containsExactly(late);
    assertThat(queue.take(6000, new Tile(), hopeless)).isFalse();
    assertThat(hopeless).isEmpty();
  }

  @Test
  void equalDeadlinesKeepTheirOrder() {
    RankTask first = offer(version, 60, 0, 50_000);
    RankTask second = offer(version, 60, 0, 50_000);
    assertThat(tasksOf(take(1))).containsExactly(first);
    assertThat(tasksOf(take(1))).containsExactly(second);
  }

  @Test
  void anOldTaskIsDueEvenIfItsDeadlineIsFar() {
    options(SchedulerOptions.builder().workers(1).ageBound(Duration.ofMillis(20)).build());
    RankTask patient = offer(version, 60, 0, FOREVER);
    RankTask hurried = offer(version, 60, 10_000, 25_000);
    RankTask next = offer(version, 60, 12_000, 18_000);
    assertThat(tasksOf(take(12_000))).containsExactly(next);
    assertThat(tasksOf(take(12_000))).containsExactly(patient);
    assertThat(tasksOf(take(12_000))).containsExactly(hurried);
  }

  @Test
  void smallTasksShareATileUntilItIsFull() {
    RankTask a = offer(version, 30, 0, 50_000);
    RankTask b = offer(version, 30, 0, 51_000);
    RankTask c = offer(version, 30, 0, 52_000);
    Tile tile = take(1);
    assertThat(tasksOf(tile)).containsExactly(a, b);
    assertThat(tile.work).isEqualTo(Work.SMALL);
    assertThat(tile.rows).isEqualTo(60);
    assertThat(queue.waitingRows()).isEqualTo(30);
    assertThat(tasksOf(take(1))).containsExactly(c);
  }

  @Test
  void smallTasksOfAllPrioritiesShareATile() {
    RankTask normal = offer(version, 10, 0, 50_000);
    RankTask critical = task(version, 10, 0, 60_000, Priority.CRITICAL);
    RankTask sheddable = task(version, 10, 0, 40_000, Priority.SHEDDABLE);
    queue.offer(critical, 0, true);
    queue.offer(sheddable, 0, true);
    assertThat(tasksOf(take(1))).containsExactlyInAnyOrder(normal, critical, sheddable);
  }

  @Test
  void tasksOfOtherVersionsDoNotShareATile() {
    ServedVersion other = version(FakeSession.whole(64), 1);
    RankTask mine = offer(version, 10, 0, 50_000);
    RankTask theirs = offer(other, 10, 0, 60_000);
    assertThat(tasksOf(take(1))).containsExactly(mine);
    assertThat(tasksOf(take(1))).containsExactly(theirs);
  }

  @Test
  void sharingCanBeSwitchedOff() {
    options(SchedulerOptions.builder().workers(1).shareTiles(false).build());
    RankTask a = offer(version, 10, 0, 50_000);
    RankTask b = offer(version, 10, 0, 51_000);
    assertThat(tasksOf(take(1))).containsExactly(a);
    assertThat(tasksOf(take(1))).containsExactly(b);
  }

  @Test
  void tasksThatFailedTogetherRunAlone() {
    RankTask a = offer(version, 10, 0, 50_000);
    RankTask b = offer(version, 10, 0, 51_000);
    Tile tile = take(1);
    queue.finished(tile);
    queue.addAlone(a, 2000);
    queue.addAlone(b, 2000);
    RankTask c = offer(version, 10, 3, 60_000);
    assertThat(queue.waitingRows()).isEqualTo(30);
    assertThat(tasksOf(take(4))).containsExactly(a);
    assertThat(tasksOf(take(4))).containsExactly(b);
    assertThat(tasksOf(take(4))).containsExactly(c);
    assertThat(queue.waitingRows()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    // Tiles of 64 rows: what becomes of one request of 150 rows and two of 10.
    "NONE,           3, 2",
    "WITHIN_CONTEXT, 3, 1",
    "WHOLE_REQUEST,  1, 1",
  })
  void whatMixesDecidesWhatIsCutAndWhatShares(RowMixing mixing, int tiles, int together) {
    ServedVersion mixed = version(FakeSession.mixing(64, mixing), 1);
    assertThat(offer(mixed, 150, 0, 50_000).tiles).isEqualTo(tiles);
    take(0);
    offer(mixed, 10, 1, 60_000);
    offer(mixed, 10, 1, 60_000);
    assertThat(take(2).count).isEqualTo(together);
  }

  @Test
  void aRequestOfSeveralContextsIsNotCutWhereContextsMix() {
    for (RowMixing mixing : RowMixing.values()) {
      RankTask task =
          new RankTask(
              version(FakeSession.mixing(64, mixing), 1),
              FakeSession.manyUsers(150),
              0,
              RankTask.NO_DEADLINE,
              Priority.NORMAL,
              false,
              new Answer());
      task.deadline = RankTask.NO_DEADLINE;
      assertThat(queue.offer(task, 0, true)).isNull();
      assertThat(task.tiles).isEqualTo(mixing == RowMixing.NONE ? 3 : 1);
    }
  }

  @Test
  void whatCannotShareATileIsNotHeldBackForOthers() {
    options(SchedulerOptions.builder().workers(1).maxBatchDelay(Duration.ofMillis(500)).build());
    for (RowMixing mixing : List.of(RowMixing.WITHIN_CONTEXT, RowMixing.WHOLE_REQUEST)) {
      RankTask lone = offer(version(FakeSession.mixing(64, mixing), 1), 10, 0, FOREVER);
      assertThat(tasksOf(take(1))).containsExactly(lone);
    }
  }

  @Test
  void aListWiseModelRunsWholeRequestsAlone() {
    ServedVersion listWise = version(FakeSession.dependent(64), 1);
    RankTask large = offer(listWise, 500, 0, 50_000);
    RankTask small = offer(listWise, 5, 0, 60_000);
    Tile tile = take(1);
    assertThat(tasksOf(tile)).containsExactly(large);
    assertThat(tile.work).isEqualTo(Work.SMALL);
    assertThat(tile.rows).isEqualTo(500);
    assertThat(tasksOf(take(1))).containsExactly(small);
  }

  @Test
  void aLargeTaskIsPreparedOnceAndThenCutIntoTiles() {
    RankTask large = offer(version, 150, 0, FOREVER);
    assertThat(queue.waitingRows()).isEqualTo(150);
    Tile prepare = take(1);
    assertThat(prepare.work).isEqualTo(Work.PREPARE);
    assertThat(queue.take(2000, new Tile(), hopeless)).isFalse();
    queue.prepared(large, 3000);
    for (int i = 0; i < 3; i++) {
      Tile slice = take(4);
      assertThat(slice.work).isEqualTo(Work.SLICE);
      assertThat(slice.slice).isEqualTo(i);
      assertThat(slice.firstRow).isEqualTo(50 * i);
      assertThat(slice.rows).isEqualTo(50);
      assertThat(queue.waitingRows()).isEqualTo(100 - 50 * i);
    }
    assertThat(queue.waitingTasks()).isZero();
    assertThat(queue.take(5000, new Tile(), hopeless)).isFalse();
  }

  @Test
  void aSmallTaskGoesBeforeTheNextTileOfALargeOne() {
    RankTask large = offer(version, 640, 0, 60_000);
    take(0);
    queue.prepared(large, 0);
    assertThat(take(1).work).isEqualTo(Work.SLICE);
    RankTask small = offer(version, 10, 2, 90_000);
    assertThat(tasksOf(take(3))).containsExactly(small);
    assertThat(take(4).work).isEqualTo(Work.SLICE);
  }

  @Test
  void aLargeTaskWaitsForMemoryAndLetsOthersPass() {
    options(SchedulerOptions.builder().workers(1).maxAssembledBytes(2048).build());
    RankTask first = offer(version, 200, 0, 50_000);
    RankTask second = offer(version, 200, 0, 51_000);
    assertThat(tasksOf(take(1))).containsExactly(first);
    assertThat(queue.take(2000, new Tile(), hopeless)).isFalse();
    RankTask small = offer(version, 10, 2, 90_000);
    assertThat(tasksOf(take(3))).containsExactly(small);
    queue.remove(first);
    pool.release(first, null);
    assertThat(tasksOf(take(4))).containsExactly(second);
  }

  @Test
  void aLoneSmallTaskIsHeldBackForTheBatchDelayAtMost() {
    options(SchedulerOptions.builder().workers(1).maxBatchDelay(Duration.ofNanos(500_000)).build());
    RankTask a = offer(version, 10, 0, 50_000);
    assertThat(queue.take(100_000, new Tile(), hopeless)).isFalse();
    assertThat(queue.nextEligible(100_000)).isEqualTo(500_000);
    RankTask b = offer(version, 10, 400, 50_000);
    assertThat(queue.take(499_000, new Tile(), hopeless)).isFalse();
    assertThat(queue.nextEligible(500_000)).isEqualTo(500_000);
    assertThat(tasksOf(take(500))).containsExactly(a, b);
    assertThat(queue.nextEligible(500_000)).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void aFullTileIsNotHeldBack() {
    options(SchedulerOptions.builder().workers(1).maxBatchDelay(Duration.ofSeconds(1)).build());
    RankTask a = offer(version, 32, 0, FOREVER);
    assertThat(queue.take(1000, new Tile(), hopeless)).isFalse();
    RankTask b = offer(version, 32, 1, FOREVER);
    assertThat(tasksOf(take(2))).containsExactly(a, b);
  }

  @Test
  void aTaskThatCanNoLongerMakeItGivesWayToOneThatCan() {
    RankTask tooLate = offer(version, 60, 0, 1000);
    RankTask inTime = offer(version, 60, 1, 50_000);
    assertThat(tasksOf(take(950))).containsExactly(inTime);
    assertThat(hopeless).containsExactly(tooLate);
    assertThat(queue.waitingRows()).isZero();
  }

  @Test
  void aTaskThatIsAloneMayTryHoweverLittleTimeItHas() {
    RankTask tooLate = offer(version, 60, 0, 1000);
    assertThat(tasksOf(take(999))).containsExactly(tooLate);
    assertThat(hopeless).isEmpty();
  }

  @Test
  void aRemovedTaskIsForgotten() {
    RankTask a = offer(version, 60, 0, 1000);
    RankTask large = offer(version, 200, 0, 2000);
    assertThat(queue.expired(999_000)).isNull();
    assertThat(queue.expired(1_000_000)).isSameAs(a);
    queue.remove(a);
    queue.remove(large);
    queue.remove(large);
    assertThat(queue.earliestDeadline()).isEqualTo(Long.MAX_VALUE);
    assertThat(queue.waitingRows()).isZero();
    assertThat(queue.waitingTasks()).isZero();
    assertThat(queue.active()).isEmpty();
  }

  @Test
  void thePolicyCountsWhatIsAhead() {
    // 60 rows take 160 us; the deadline is 1 ms away, of which 75 % may be planned for.
    int accepted = 0;
    while (true) {
      RankTask task = task(version, 60, 0, 1000, Priority.NORMAL);
      Refusal refusal = queue.offer(task, 0, false);
      if (refusal != null) {
        assertThat(refusal.reason()).isEqualTo(RefusalReason.DEADLINE_TOO_NEAR);
        break;
      }
      accepted++;
    }
    assertThat(accepted).isEqualTo(4);
    // A task that is due before those ahead does not wait for them.
    RankTask urgent = task(version, 60, 0, 900, Priority.NORMAL);
    assertThat(queue.offer(urgent, 0, false)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    // rows in the tile, its cost, rows that might join, their cost alone, joins
    "10, 110, 10, 110, true", // 120 together, 220 apart
    "50, 150, 14, 114, true",
    "50, 150, 15, 115, false", // 65 rows don't fit
    "30,  65, 30,  65, false", // split costs 65 each, exported 160 together
    "30,  65, 10, 110, true",
  })
  void smallTasksShareIfThatIsCheaper(
      int tileRows, double tileMicros, int rows, double aloneMicros, boolean joins) {
    assertThat(
            SharingRule.joins(FakeSession.split(64, 20), tileRows, tileMicros, rows, aloneMicros))
        .isEqualTo(joins);
  }

  @Test
  void theFluidEstimateGivesOthersNoMoreThanTheirShareAndNoMoreThanTheyHave() {
    ServedVersion small = version(FakeSession.whole(64), 1);
    ServedVersion big = version(FakeSession.whole(64), 3);
    offer(small, 60, 0, FOREVER); // 160 us
    for (int i = 0; i < 10; i++) {
      offer(big, 60, 0, FOREVER); // 1,600 us in all
    }
    RankTask next = task(small, 60, 0, FOREVER, Priority.NORMAL);
    next.due = Long.MAX_VALUE;
    next.flow = small.queue.flow(Priority.NORMAL, 1);
    // Ahead 160; the others may do 3 * (160 + 160) = 960 meanwhile.
    assertThat(WaitEstimate.micros(queue.active(), next.flow, next.due, 160, 0, 1))
        .isEqualTo(160 + 960);
    assertThat(WaitEstimate.micros(queue.active(), next.flow, next.due, 160, 100, 2))
        .isEqualTo((160 + 960 + 50) / 2.0);
    RankTask bigNext = task(big, 60, 0, FOREVER, Priority.NORMAL);
    bigNext.flow = big.queue.flow(Priority.NORMAL, 1);
    assertThat(WaitEstimate.micros(queue.active(), bigNext.flow, Long.MAX_VALUE, 160, 0, 1))
        .isEqualTo(1600 + 160);
  }
}
