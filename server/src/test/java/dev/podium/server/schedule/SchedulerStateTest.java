package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.Priority;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SchedulerStateTest {
  private final SchedulerOptions options = SchedulerOptions.builder().workers(1).build();
  private final Worker worker = new Worker(0);
  private final SchedulerState state =
      new SchedulerState(options, new Worker[] {worker}, new RowPool(options.maxAssembledBytes()));
  private final ServedVersion version =
      new ServedVersion("m", 1, FakeSession.SIGNATURE, new FakeSession(FakeSession.whole(64)));

  private RankTask task(long deadline) {
    RankTask task =
        new RankTask(version, null, 10, 0, deadline, Priority.NORMAL, false, new Answer());
    task.deadline = deadline;
    return task;
  }

  @Test
  @Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aTaskThatEndedBehindTheQueuesBackIsForgottenAtItsDeadline() {
    List<RankTask> expired = new ArrayList<>();
    RankTask ended = task(1_000_000_000);
    RankTask other = task(2_000_000_000);
    state.lock.lock();
    try {
      assertThat(state.queue.offer(ended, 0, true)).isNull();
      assertThat(state.queue.offer(other, 0, true)).isNull();
      assertThat(ended.tryEnd()).isTrue();
      state.expire(3_000_000_000L, expired);
      assertThat(expired).containsExactly(other);
      assertThat(state.queue.waitingTasks()).isZero();
      assertThat(state.queue.earliestDeadline()).isEqualTo(Long.MAX_VALUE);
    } finally {
      state.lock.unlock();
    }
  }

  @Test
  void whatIsDoneTwiceCountsOnce() {
    state.lock.lock();
    try {
      RankTask task = task(RankTask.NO_DEADLINE);
      state.queue.offer(task, 0, true);
      state.entered(task);
      assertThat(state.take(worker, 1, new ArrayList<>())).isTrue();
      assertThat(state.end(task)).isTrue();
      assertThat(state.end(task)).isFalse();
      assertThat(state.tryRelease(task)).as("it runs").isFalse();
      state.finishTile(worker, false, 2);
      state.finishTile(worker, false, 3);
      state.finishTask(worker.tile, 0);
      state.finishTask(worker.tile, 0);
      assertThat(state.tryRelease(task)).isTrue();
      assertThat(state.tryRelease(task)).isFalse();
      assertThat(state.live).isZero();
    } finally {
      state.lock.unlock();
    }
  }
}
