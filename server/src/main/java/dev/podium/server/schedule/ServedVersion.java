package dev.podium.server.schedule;

import dev.podium.server.engine.RankingSession;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * One loaded version of a model, as the scheduler sees it. Made once for each load; identity is its
 * key. Thread-safe.
 */
public final class ServedVersion {
  private final String model;
  private final long version;
  private final Signature signature;
  private final RankingSession session;
  private final double weight;
  private final float fallbackScore;
  private final int[] tensorWidths;
  private final long rowBytes;
  private final long largestRowBytes;

  /** What waits for this version; for the {@link TileQueue} and what it consists of. */
  final VersionQueue queue;

  /** What the scheduler holds of this version; for {@link Retirement}. */
  final Retirement.Holdings holdings = new Retirement.Holdings();

  /** A version of weight 1 without fallback score. */
  public ServedVersion(String model, long version, Signature signature, RankingSession session) {
    this(model, version, signature, session, 1, Float.NaN);
  }

  /**
   * @param model the model's name
   * @param version its number
   * @param signature what it takes and gives; {@link Output#tensor()} counts in {@link
   *     RankingSession#outputs()}
   * @param session stays open until the future of {@link TileScheduler#retire} completes
   * @param weight this version's share of the workers' time when all want more than there is,
   *     relative to the others'; above 0
   * @param fallbackScore what rows get that were not scored before the deadline of a task that
   *     allows a partial answer; NaN for none
   */
  public ServedVersion(
      String model,
      long version,
      Signature signature,
      RankingSession session,
      double weight,
      float fallbackScore) {
    if (!(weight > 0) || weight == Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "weight of " + model + "/" + version + ": " + weight + " (expected: above 0)");
    }
    this.model = Objects.requireNonNull(model);
    this.version = version;
    this.signature = Objects.requireNonNull(signature);
    this.session = Objects.requireNonNull(session);
    this.weight = weight;
    this.fallbackScore = fallbackScore;
    this.tensorWidths = session.outputs().stream().mapToInt(TensorSpec::rowElements).toArray();
    this.rowBytes =
        session.inputs().stream().mapToLong(t -> (long) t.rowElements() * t.type().bytes()).sum();
    this.largestRowBytes =
        Stream.concat(session.inputs().stream(), session.outputs().stream())
            .mapToLong(t -> Math.max(1, (long) t.rowElements() * t.type().bytes()))
            .max()
            .orElse(1);
    this.queue = new VersionQueue(this);
  }

  public String model() {
    return model;
  }

  public long version() {
    return version;
  }

  public Signature signature() {
    return signature;
  }

  public RankingSession session() {
    return session;
  }

  public double weight() {
    return weight;
  }

  public float fallbackScore() {
    return fallbackScore;
  }

  /** Bytes in one row of all numeric inputs. */
  long rowBytes() {
    return rowBytes;
  }

  /** Bytes in one row of the widest tensor, input or output; at least 1. */
  long largestRowBytes() {
    return largestRowBytes;
  }

  /** Elements in one row of an output tensor. */
  int tensorWidth(int tensor) {
    return tensorWidths[tensor];
  }

  @Override
  public String toString() {
    return model + "/" + version;
  }
}
