package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class TaskHeapTest {
  private static final ServedVersion VERSION =
      new ServedVersion("m", 1, FakeSession.SIGNATURE, new FakeSession(FakeSession.whole(64)));

  private static final RankCompletion NOBODY =
      new RankCompletion() {
        @Override
        public void succeeded(RankResult result) {}

        @Override
        public void failed(RankException fault) {}
      };

  static RankTask task(long due, long sequence) {
    RankTask task = new RankTask(VERSION, null, 1, 0, due, Priority.NORMAL, false, NOBODY);
    task.due = due;
    task.deadline = due;
    task.sequence = sequence;
    return task;
  }

  /** Even numbers add a task of that due time, odd ones remove one of those that are there. */
  @Property
  void behavesAsASortedList(
      @ForAll boolean byDeadline, @ForAll List<@IntRange(min = 0, max = 99) Integer> steps) {
    TaskHeap heap = new TaskHeap(byDeadline);
    List<RankTask> model = new ArrayList<>();
    Comparator<RankTask> order =
        Comparator.<RankTask>comparingLong(t -> t.due).thenComparingLong(t -> t.sequence);
    int sequence = 0;
    for (int step : steps) {
      if (step % 2 == 0) {
        RankTask task = task(step, sequence++);
        heap.add(task);
        model.add(task);
      } else if (!model.isEmpty()) {
        RankTask gone = model.remove(step % model.size());
        assertThat(heap.contains(gone)).isTrue();
        heap.remove(gone);
        assertThat(heap.contains(gone)).isFalse();
        heap.remove(gone); // a second time changes nothing
      }
      assertThat(heap.size()).isEqualTo(model.size());
      assertThat(heap.peek()).isSameAs(model.stream().min(order).orElse(null));
    }
    model.sort(order);
    for (RankTask task : model) {
      assertThat(heap.peek()).isSameAs(task);
      heap.remove(task);
    }
    assertThat(heap.isEmpty()).isTrue();
    assertThat(heap.peek()).isNull();
  }
}
