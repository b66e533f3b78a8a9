package dev.podium.graph;

/** What a value depends on; each includes the ones before it. */
enum Role {
  /** Weights and shapes alone. */
  CONSTANT,
  /** Context inputs: the same for every row of a request. */
  CONTEXT,
  /** Candidate inputs, or anything the compiler can't tell. */
  CANDIDATE;

  Role or(Role other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
