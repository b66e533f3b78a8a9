package dev.podium.server.schedule;

import java.util.Arrays;

/**
 * The unit of work: what a worker does between two looks at the queue. One for each worker, filled
 * again and again under the scheduler's lock and read by its worker only in between.
 */
final class Tile {
  /** What is to be done. */
  enum Work {
    /** Assemble the tasks into the worker's own buffers, one after the other, and run them. */
    SMALL,
    /** Assemble a large task into buffers of its own, and compute its context half. */
    PREPARE,
    /** Copy some rows of a prepared task into the worker's buffers and run them. */
    SLICE
  }

  Work work = Work.SMALL;
  ServedVersion version;
  RankTask[] tasks = new RankTask[16];
  int count;

  /** Rows of all tasks, or of the slice. */
  int rows;

  /** First row of the slice in its task. */
  int firstRow;

  /** Number of the slice. */
  int slice;

  /** What the tile is expected to take in the form it will run in, in microseconds. */
  double micros;

  /** What its tasks were counted as in the queue, in microseconds. */
  double waitingMicros;

  /** When it was taken, in nanoseconds since the scheduler was made. */
  long takenAt;

  /** Whether a worker has it; its tasks may be looked at under the lock only while it has. */
  boolean running;

  /** What it was counted as among the running work, in microseconds. */
  double runningMicros;

  /** Whether its run was stopped because nobody waits for it. */
  boolean terminated;

  void add(RankTask task) {
    if (count == tasks.length) {
      tasks = Arrays.copyOf(tasks, count * 2);
    }
    tasks[count++] = task;
  }

  boolean contains(RankTask task) {
    for (int i = 0; i < count; i++) {
      if (tasks[i] == task) {
        return true;
      }
    }
    return false;
  }

  /** Whether no task in it is waited for any more. */
  boolean isAbandoned() {
    for (int i = 0; i < count; i++) {
      if (!tasks[i].isEnded()) {
        return false;
      }
    }
    return true;
  }

  void clear() {
    Arrays.fill(tasks, 0, count, null);
    count = 0;
    version = null;
    rows = 0;
    firstRow = 0;
    slice = 0;
    micros = 0;
    waitingMicros = 0;
    runningMicros = 0;
    terminated = false;
  }
}
