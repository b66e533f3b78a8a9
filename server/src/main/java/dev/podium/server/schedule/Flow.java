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

  /** Over how much waiting time the flow's own pace is measured, and from when on it is trusted. */
  private static final double PACE_MICROS = 100_000;

  private static final double TRUSTED_MICROS = 5_000;

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

  /** The latest due time of all that came in since then. */
  long latestDue;

  private double servedMicros;
  private double servedIn;
  private long servedAt;

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

  /** The flow starts to wait. */
  void activated(long now) {
    waitingSince = now;
    latestDue = 0;
    servedAt = now;
  }

  /** Work was taken from the flow. */
  void served(double micros, long now) {
    servedMicros += micros;
    servedIn += (now - servedAt) / 1e3;
    servedAt = now;
    if (servedIn > PACE_MICROS) {
      servedMicros /= 2;
      servedIn /= 2;
    }
  }

  /**
   * How long some work took of late to be taken from here, in microseconds: the flow's share of the
   * workers as it really is, with what the others keep sending. 0 if that isn't known.
   */
  double paceMicros(double work) {
    return servedIn < TRUSTED_MICROS || servedMicros <= 0 ? 0 : work * servedIn / servedMicros;
  }

  /**
   * Work, in microseconds before calibration, of the waiting tasks that are due before a time; an
   * estimate from a sample if there are many.
   */
  double microsDueBefore(long due) {
    if (due >= latestDue || waitingMicros <= 0) {
      return Math.max(0, waitingMicros);
    }
    double all = fresh.waitingMicros(Long.MAX_VALUE) + sliced.waitingMicros(Long.MAX_VALUE);
    double before = fresh.waitingMicros(due) + sliced.waitingMicros(due);
    return all <= 0 ? 0 : waitingMicros * Math.min(1, before / all);
  }
}
