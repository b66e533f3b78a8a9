package dev.podium.server.schedule;

/** For how many rows buffers are made. Pure functions that don't overflow. */
final class Capacities {
  private Capacities() {}

  /**
   * The size of buffers that become too small: twice what they were, so that growing stays rare, or
   * as much as one buffer can hold, but never less than is needed.
   *
   * @param capacity rows that they have room for, at least 1
   * @param rows that are needed, above the capacity
   * @param rowBytes bytes of one row in the largest buffer, at least 1
   */
  static int grown(int capacity, int rows, long rowBytes) {
    long twice = 2L * capacity;
    long most = Integer.MAX_VALUE / rowBytes;
    return (int) Math.max(rows, Math.min(twice, most));
  }

  /**
   * The size of buffers that are kept for the next request: few different ones, so that they fit it
   * as well.
   *
   * @param rows that are needed, at least 1
   * @param rowBytes bytes of one row in the largest buffer, at least 1
   */
  static int rounded(int rows, long rowBytes) {
    long powerOfTwo = 2L * Integer.highestOneBit(Math.max(1, rows - 1));
    long most = Integer.MAX_VALUE / rowBytes;
    return (int) Math.max(rows, Math.min(powerOfTwo, most));
  }
}
