package dev.podium.server.fault;

/**
 * How much a request matters when there is more to do than can be done. Declared from the most
 * important to the least.
 */
public enum Priority {
  /** Served at the cost of the others; refused last. */
  CRITICAL,
  /** The default. */
  NORMAL,
  /** Work that may be lost: prefetches, experiments, refills. Refused first. */
  SHEDDABLE
}
