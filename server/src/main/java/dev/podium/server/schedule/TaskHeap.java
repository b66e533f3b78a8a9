package dev.podium.server.schedule;

import java.util.Arrays;
import java.util.Collection;

/**
 * A binary heap of tasks that can also lose one from its middle: each task knows its place. Ordered
 * by due time or by deadline; equal ones by the order in which they were submitted. Not
 * thread-safe.
 */
final class TaskHeap {
  private final boolean byDeadline;
  private RankTask[] tasks = new RankTask[8];
  private int size;

  TaskHeap(boolean byDeadline) {
    this.byDeadline = byDeadline;
  }

  int size() {
    return size;
  }

  boolean isEmpty() {
    return size == 0;
  }

  /** The first, or null. */
  RankTask peek() {
    return tasks[0];
  }

  /** Work of tasks due up to a time, summed over a sample of at most 64 of them. */
  double waitingMicros(long due) {
    int step = 1 + size / 64;
    double sum = 0;
    for (int i = 0; i < size; i += step) {
      if (tasks[i].due <= due) {
        sum += tasks[i].waitingMicros;
      }
    }
    return sum * step;
  }

  void addTo(Collection<RankTask> all) {
    for (int i = 0; i < size; i++) {
      all.add(tasks[i]);
    }
  }

  void add(RankTask task) {
    if (size == tasks.length) {
      tasks = Arrays.copyOf(tasks, size * 2);
    }
    up(size++, task);
  }

  boolean contains(RankTask task) {
    int at = index(task);
    return at >= 0 && at < size && tasks[at] == task;
  }

  /** Removes a task if it is here. */
  void remove(RankTask task) {
    if (!contains(task)) {
      return;
    }
    int at = index(task);
    place(task, -1);
    RankTask last = tasks[--size];
    tasks[size] = null;
    if (at == size) {
      return;
    }
    if (at > 0 && before(last, tasks[(at - 1) >>> 1])) {
      up(at, last);
    } else {
      down(at, last);
    }
  }

  private void up(int from, RankTask task) {
    int at = from;
    while (at > 0) {
      RankTask parent = tasks[(at - 1) >>> 1];
      if (!before(task, parent)) {
        break;
      }
      set(at, parent);
      at = (at - 1) >>> 1;
    }
    set(at, task);
  }

  private void down(int from, RankTask task) {
    int at = from;
    for (int child = 2 * at + 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && before(tasks[child + 1], tasks[child])) {
        child++;
      }
      if (!before(tasks[child], task)) {
        break;
      }
      set(at, tasks[child]);
      at = child;
    }
    set(at, task);
  }

  private void set(int at, RankTask task) {
    tasks[at] = task;
    place(task, at);
  }

  private boolean before(RankTask a, RankTask b) {
    long x = byDeadline ? a.deadline : a.due;
    long y = byDeadline ? b.deadline : b.due;
    return x != y ? x < y : a.sequence < b.sequence;
  }

  private int index(RankTask task) {
    return byDeadline ? task.deadlineIndex : task.dueIndex;
  }

  private void place(RankTask task, int at) {
    if (byDeadline) {
      task.deadlineIndex = at;
    } else {
      task.dueIndex = at;
    }
  }
}
