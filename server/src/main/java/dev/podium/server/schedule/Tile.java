package dev.podium.server.schedule;

import dev.podium.server.fault.RankException;
import java.util.Arrays;

/**
 * The unit of work: what a worker does between two looks at the queue. One for each worker, filled
 * again and again under the scheduler's lock. Between {@link SchedulerState#take} and the end of
 * the tile it belongs to whoever uses the worker; others only ask {@link #isAbandoned} and {@link
 * #contains} of it, under the lock, while it is {@link #running}.
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

  /** Outcome of each task: an error, or null. */
  RankException[] faults = new RankException[16];

  /** First row of each task in the run, or -1 if it isn't in it. */
  int[] firstRows = new int[16];

  /** Whether each task counts this tile among those that run for it. */
  boolean[] counted = new boolean[16];

  /** Whether each task was ended with this tile, whose user then answers it. */
  boolean[] ended = new boolean[16];

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

  /** Adds a task, or throws and leaves the tile as it was. */
  void add(RankTask task) {
    if (count == tasks.length) {
      grow(2 * count);
    }
    faults[count] = null;
    firstRows[count] = -1;
    counted[count] = false;
    ended[count] = false;
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
    Arrays.fill(faults, 0, count, null);
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

  private void grow(int size) {
    RankTask[] moreTasks = Arrays.copyOf(tasks, size);
    RankException[] moreFaults = Arrays.copyOf(faults, size);
    int[] moreRows = Arrays.copyOf(firstRows, size);
    boolean[] moreCounted = Arrays.copyOf(counted, size);
    boolean[] moreEnded = Arrays.copyOf(ended, size);
    tasks = moreTasks;
    faults = moreFaults;
    firstRows = moreRows;
    counted = moreCounted;
    ended = moreEnded;
  }
}
