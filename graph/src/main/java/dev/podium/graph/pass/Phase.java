package dev.podium.graph.pass;

/** The parts of the pipeline, in their order. */
public enum Phase {
  /** The many ways in which exporters write the same thing become one. */
  NORMALISE,
  /** What depends on both sides becomes one part for each. */
  SPLIT,
  /** What is left for each candidate becomes what the runtime does best. */
  SPECIALISE,
  /** Where rows, units and positions lie in memory. */
  LAYOUT
}
