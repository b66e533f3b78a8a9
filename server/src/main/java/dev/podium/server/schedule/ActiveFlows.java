package dev.podium.server.schedule;

import java.util.ArrayList;
import java.util.List;

/**
 * The flows in which something waits, and what waits in all. Shares the workers' time between them
 * by start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996): a tile is stamped with the
 * virtual time at which its flow may have it, and the lowest stamp goes first. Not thread-safe.
 */
final class ActiveFlows {
  private final List<Flow> flows = new ArrayList<>();
  private double virtualTime;
  private long waitingRows;
  private int waitingTasks;

  /** The flows, in no order. */
  List<Flow> all() {
    return flows;
  }

  /** Rows that no worker has taken yet. */
  long waitingRows() {
    return waitingRows;
  }

  /** Tasks with rows that no worker has taken yet. */
  int waitingTasks() {
    return waitingTasks;
  }

  /** Expected time to work off what waits, in microseconds on one worker. */
  double waitingMicros() {
    double sum = 0;
    for (Flow flow : flows) {
      sum += flow.waitingMicros * flow.version.stretch();
    }
    return sum;
  }

  /** A task waits from now on, all of it. */
  void enqueue(RankTask task, long now) {
    Flow flow = task.flow;
    activate(flow, now);
    flow.fresh.add(task);
    task.nextTile = 0;
    flow.latestDue = Math.max(flow.latestDue, task.due);
    flow.waitingRows += task.rows;
    flow.waitingMicros += task.waitingMicros;
    waitingTasks++;
    waitingRows += task.rows;
  }

  /** The tiles of a large task, which wait anyway, can be taken from now on. */
  void enqueueSliced(RankTask task, long now) {
    activate(task.flow, now);
    task.flow.sliced.add(task);
  }

  /** Forgets a task, wherever it is. */
  void remove(RankTask task) {
    Flow flow = task.flow;
    if (flow == null) {
      return;
    }
    flow.fresh.remove(task);
    flow.sliced.remove(task);
    if (task.nextTile < task.tiles) {
      waitingTasks--;
      took(
          task, task.rows - Slices.start(task.rows, task.tiles, task.nextTile), task.waitingMicros);
      task.nextTile = task.tiles;
    }
    deactivateIfEmpty(flow);
  }

  /** A flow gets its turn. */
  void advanceTo(Flow flow) {
    virtualTime = Math.max(virtualTime, flow.tag);
  }

  /** A worker takes some of a task's work. */
  void serve(RankTask task, int rows, double micros, long now) {
    task.flow.served(micros, now);
    took(task, rows, micros);
  }

  /** A worker has taken the last rows of a task. */
  void allTaken() {
    waitingTasks--;
  }

  /** Makes a flow pay for a tile, or for its part of one. */
  void charge(Flow flow, double micros) {
    flow.tag += micros / flow.weight;
    deactivateIfEmpty(flow);
  }

  private void activate(Flow flow, long now) {
    if (flow.activeIndex < 0) {
      flows.add(flow);
      flow.activeIndex = flows.size() - 1;
      flow.tag = Math.max(flow.tag, virtualTime);
      flow.activated(now);
    }
  }

  private void deactivateIfEmpty(Flow flow) {
    if (flow.activeIndex >= 0 && flow.isEmpty()) {
      Flow last = flows.remove(flows.size() - 1);
      if (last != flow) {
        flows.set(flow.activeIndex, last);
        last.activeIndex = flow.activeIndex;
      }
      flow.activeIndex = -1;
    }
  }

  private void took(RankTask task, int rows, double micros) {
    waitingRows -= rows;
    task.flow.waitingRows -= rows;
    task.flow.waitingMicros -= micros;
    task.waitingMicros -= micros;
  }
}
