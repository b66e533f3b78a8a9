package dev.podium.loadtest.workload;

import java.util.Map;

/**
 * Describes the requests to make.
 *
 * @param seed equal seeds, specs and signatures give equal requests
 * @param skew Zipf exponent of users, items and feature values; 0 is uniform
 * @param users number of different users, 0 for the size of the largest context vocabulary
 * @param items number of different items, 0 for the size of the largest candidate vocabulary
 * @param candidates candidates of a request
 * @param history values of a sequence, null for uniform between 1 and what the graph sees
 * @param vocabularies vocabulary sizes by feature name, for features whose signature gives none (or
 *     to draw from a part of it only)
 */
public record WorkloadSpec(
    long seed,
    double skew,
    long users,
    long items,
    Sizes candidates,
    Sizes history,
    Map<String, Long> vocabularies) {

  /**
   * A vocabulary of unknown size is taken to have this many ids: few, because an id out of range is
   * refused.
   */
  public static final long UNKNOWN_VOCABULARY = 100;

  /** A spec; the map is copied. */
  public WorkloadSpec {
    vocabularies = Map.copyOf(vocabularies);
  }

  /** Seed 42, exponent 1, everything else as the signature says. */
  public static WorkloadSpec of(Sizes candidates) {
    return new WorkloadSpec(42, 1.0, 0, 0, candidates, null, Map.of());
  }
}
