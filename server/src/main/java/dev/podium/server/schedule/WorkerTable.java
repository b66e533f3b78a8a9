package dev.podium.server.schedule;

import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * Who uses which worker. Not thread-safe: part of what the scheduler's lock guards ({@link
 * SchedulerState}). Makes no objects once it is made.
 */
final class WorkerTable {
  /** Who uses a worker. */
  enum User {
    /** Nobody: its thread is parked, or about to be. */
    NOBODY,
    /** Its own thread. */
    OWN_THREAD,
    /** A submitting thread; its own is parked. */
    CALLER,
    /** Nobody, ever again. */
    STOPPED
  }

  private final Worker[] workers;
  private final User[] users;
  private final ArrayDeque<Worker> idle;

  /** All workers are idle at first. */
  WorkerTable(Worker[] workers) {
    this.workers = workers;
    this.users = new User[workers.length];
    this.idle = new ArrayDeque<>(workers.length + 1);
    Arrays.fill(users, User.NOBODY);
    for (Worker worker : workers) {
      idle.push(worker);
    }
  }

  User userOf(Worker worker) {
    return users[worker.index];
  }

  boolean anyIdle() {
    return !idle.isEmpty();
  }

  int idle() {
    return idle.size();
  }

  int busy() {
    int busy = 0;
    for (User user : users) {
      busy += user == User.OWN_THREAD || user == User.CALLER ? 1 : 0;
    }
    return busy;
  }

  /** Gives the worker that was idle for the shortest time to a user; null if none is idle. */
  Worker takeIdle(User user) {
    Worker worker = idle.poll();
    if (worker != null) {
      users[worker.index] = user;
    }
    return worker;
  }

  /** Gives a worker to its own thread, idle or not. */
  void giveToOwnThread(Worker worker) {
    if (userOf(worker) == User.NOBODY) {
      idle.remove(worker);
    }
    users[worker.index] = User.OWN_THREAD;
  }

  void park(Worker worker) {
    users[worker.index] = User.NOBODY;
    idle.push(worker);
  }

  void stop(Worker worker) {
    users[worker.index] = User.STOPPED;
  }

  /** No idle worker will be used again. */
  void stopIdle() {
    idle.clear();
    for (Worker worker : workers) {
      if (userOf(worker) == User.NOBODY) {
        stop(worker);
      }
    }
  }
}
