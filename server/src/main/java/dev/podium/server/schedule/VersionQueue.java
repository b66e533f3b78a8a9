package dev.podium.server.schedule;

import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.fault.Priority;
import java.util.EnumMap;

/** One version's flows, and how its tiles' real times compare with the expected ones. */
final class VersionQueue {
  /** Weight of the past when a new tile's time comes in: about the last 30 tiles count. */
  private static final double MEMORY = 0.97;

  final ServedVersion version;
  private final EnumMap<Priority, Flow[]> flows = new EnumMap<>(Priority.class);

  private double expected;
  private double measured;

  VersionQueue(ServedVersion version) {
    this.version = version;
    for (Priority priority : Priority.values()) {
      flows.put(priority, new Flow[Flow.SIZE_CLASSES]);
    }
  }

  ExecutionPlan plan() {
    return version.session().plan();
  }

  Flow flow(Priority priority, int tiles) {
    Flow[] sizes = flows.get(priority);
    int index = Flow.sizeClass(tiles);
    if (sizes[index] == null) {
      sizes[index] = new Flow(this, priority);
    }
    return sizes[index];
  }

  /** The flow of one-tile tasks of a priority, or null if there never was one. */
  Flow singles(Priority priority) {
    return flows.get(priority)[0];
  }

  /**
   * Learns from one tile.
   *
   * @param waitingMicros what the tile took off the queue, as its tasks were counted there
   * @param micros what it cost the worker, from taking it to answering
   */
  void learn(double waitingMicros, double micros) {
    expected = MEMORY * expected + waitingMicros;
    measured = MEMORY * measured + micros;
  }

  /**
   * Real time of work that the queue counts as one microsecond: above 1 if this machine is slower
   * under load than when it was measured, below 1 if sharing tiles makes small tasks cheap.
   */
  double stretch() {
    return expected == 0 ? 1 : Math.max(0.01, Math.min(100, measured / expected));
  }
}
