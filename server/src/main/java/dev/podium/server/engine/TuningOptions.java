package dev.podium.server.engine;

import java.time.Duration;

/**
 * What may be done to make a model faster than its export. Immutable.
 *
 * @param enabled whether graphs are compiled into a context half and a candidate half at all
 * @param tolerance the largest difference of a score from the exported graph's, absolute for scores
 *     up to 1 and relative above. Default: 1e-5
 * @param tune whether each pass must show that it pays on this machine; otherwise all are used
 * @param maxTableBytes memory that tables made from embeddings may take, for each model
 * @param contextCacheBytes memory for results of the context half that the next request of the same
 *     user and context finds again, for each model; 0 to compute each anew
 * @param contextCacheAge how long such a result is kept
 */
public record TuningOptions(
    boolean enabled,
    double tolerance,
    boolean tune,
    long maxTableBytes,
    long contextCacheBytes,
    Duration contextCacheAge) {
  /** What holds unless configured otherwise. */
  public static final TuningOptions DEFAULT =
      new TuningOptions(true, 1e-5, true, 64L << 20, 0, Duration.ofSeconds(1));

  /** The exported graph and nothing else. */
  public static final TuningOptions OFF =
      new TuningOptions(false, 1e-5, false, 0, 0, Duration.ofSeconds(1));

  public TuningOptions {
    if (!(tolerance > 0 && tolerance < 1)) {
      throw new IllegalArgumentException(
          "tolerance: " + tolerance + " (expected: above 0 and below 1)");
    }
    if (maxTableBytes < 0) {
      throw new IllegalArgumentException(
          "max_table_bytes: " + maxTableBytes + " (expected: 0 or more)");
    }
  }
}
