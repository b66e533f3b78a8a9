package dev.podium.server.schedule;

import dev.podium.server.fault.Priority;

/**
 * The waiting tasks of one model version, one priority and one size class, earliest due first. The
 * workers' time is shared between flows, not between tasks: a flow that asks for less than its
 * share waits for nobody, so neither a hot model nor one long request can hold up the rest.
 *
 * <p>A size class holds tasks of one tile, of 2 to 3, of 4 to 7, and so on: a task waits behind
 * tasks of its own size only. Not thread-safe.
 */
final class Flow {
  static final int SIZE_CLASSES = 8;

  final VersionQueue version;
  final Priority priority;
  final double weight;

  /** Tasks no worker has touched yet. */
  final TaskHeap fresh = new TaskHeap(false);

  /** Large tasks that are assembled and have tiles left to run. */
  final TaskHeap sliced = new TaskHeap(false);

  /** Start tag of the flow's next tile, in weighted microseconds of virtual time. */
  double tag;

  /** Expected work of the waiting tasks, in microseconds on one worker, before calibration. */
  double waitingMicros;

  /** Rows that wait. */
  long waitingRows;

  /** When the flow last went from empty to waiting. */
  long waitingSince;

  /** Place in the list of active flows; -1 if nothing waits here. */
  int activeIndex = -1;

  Flow(VersionQueue version, Priority priority) {
    this.version = version;
    this.priority = priority;
    this.weight = version.version.weight() * weight(priority);
  }

  /** How much of the workers' time a priority gets when all want more than there is. */
  static double weight(Priority priority) {
    return switch (priority) {
      case CRITICAL -> 16;
      case NORMAL -> 4;
      case SHEDDABLE -> 1;
    };
  }

  static int sizeClass(int tiles) {
    return Math.min(SIZE_CLASSES - 1, 31 - Integer.numberOfLeadingZeros(tiles));
  }

  boolean isEmpty() {
    return fresh.isEmpty() && sliced.isEmpty();
  }
}
