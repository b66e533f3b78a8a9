package dev.podium.graph.ir;

/** What a value depends on; each includes the ones before it. */
public enum ValueRole {
  /** Weights and shapes alone. */
  CONSTANT,
  /** Context inputs: the same for every row of a request. */
  CONTEXT,
  /** Candidate inputs, or anything the compiler can't tell. */
  CANDIDATE;

  ValueRole or(ValueRole other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
