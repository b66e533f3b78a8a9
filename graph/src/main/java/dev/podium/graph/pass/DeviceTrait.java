package dev.podium.graph.pass;

/** What a device that runs the halves can do. A pass may need some of it. */
public enum DeviceTrait {
  /**
   * Whoever drives the candidate half adds up rows of tables in host memory, and the half reads the
   * sums there: true of a CPU. A device with memory of its own would wait for them.
   */
  HOST_SUMS
}
