package dev.podium.loadtest.workload;

import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.RaggedFloatValues;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RaggedStringValues;
import dev.podium.ranking.v1.StringValues;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * Makes one feature's column for a list of users or items. An entity always has the same values.
 * Immutable.
 */
final class FeatureDraw {
  private static final long LARGEST_DRAW = 1L << 31;

  /**
   * A prime above the largest draw, so multiplying by it permutes the ids; near 2^32 divided by the
   * golden ratio.
   */
  private static final long SPREAD = 2_654_435_761L;

  private final Feature feature;
  private final long seed;
  private final long historySeed;
  private final Zipf values;
  private final boolean identity;
  private final Sizes history;

  /**
   * A draw.
   *
   * @param identity whether the feature's id names the entity itself, rather than a property of it
   */
  FeatureDraw(Feature feature, WorkloadSpec spec, boolean identity) {
    this.feature = feature;
    this.identity = identity;
    this.seed = mix(spec.seed(), feature.getName().hashCode());
    this.historySeed = mix(spec.seed(), "history".hashCode());
    this.values = new Zipf(vocabulary(feature, spec), spec.skew());
    this.history =
        spec.history() != null
            ? spec.history()
            : new Sizes.Uniform(Math.min(1, feature.getLength()), feature.getLength());
  }

  /** Number of different values that the feature is drawn from. */
  static long vocabulary(Feature feature, WorkloadSpec spec) {
    Long override = spec.vocabularies().get(feature.getName());
    if (override != null) {
      return Math.min(override, LARGEST_DRAW);
    }
    if (feature.getWireType() == DataType.DATA_TYPE_STRING
        && feature.getVocabularySampleCount() > 0) {
      return feature.getVocabularySampleCount();
    }
    return feature.getVocabularySize() > 0
        ? Math.min(feature.getVocabularySize(), LARGEST_DRAW)
        : WorkloadSpec.UNKNOWN_VOCABULARY;
  }

  /** The feature's column, one row for each entity. */
  FeatureColumn column(long[] entities) {
    FeatureColumn.Builder column = FeatureColumn.newBuilder().setName(feature.getName());
    boolean sequence = feature.getKind() == Kind.KIND_SEQUENCE;
    switch (feature.getWireType()) {
      case DATA_TYPE_STRING -> strings(column, entities, sequence);
      case DATA_TYPE_FLOAT32 -> floats(column, entities, sequence);
      default -> integers(column, entities, sequence);
    }
    return column.build();
  }

  private void integers(FeatureColumn.Builder column, long[] entities, boolean sequence) {
    Int64Values.Builder flat = Int64Values.newBuilder();
    RaggedInt64Values.Builder ragged = RaggedInt64Values.newBuilder();
    for (long entity : entities) {
      RandomGenerator random = random(entity);
      int length = length(entity, sequence);
      for (int i = 0; i < length; i++) {
        long id = id(entity, random);
        if (sequence) {
          ragged.addValues(id);
        } else {
          flat.addValues(id);
        }
      }
      ragged.addRowLengths(length);
    }
    if (sequence) {
      column.setRaggedInt64Values(ragged);
    } else {
      column.setInt64Values(flat);
    }
  }

  private void floats(FeatureColumn.Builder column, long[] entities, boolean sequence) {
    FloatValues.Builder flat = FloatValues.newBuilder();
    RaggedFloatValues.Builder ragged = RaggedFloatValues.newBuilder();
    for (long entity : entities) {
      RandomGenerator random = random(entity);
      int length = length(entity, sequence);
      for (int i = 0; i < length; i++) {
        float value = (float) random.nextGaussian();
        if (sequence) {
          ragged.addValues(value);
        } else {
          flat.addValues(value);
        }
      }
      ragged.addRowLengths(length);
    }
    if (sequence) {
      column.setRaggedFloatValues(ragged);
    } else {
      column.setFloatValues(flat);
    }
  }

  private void strings(FeatureColumn.Builder column, long[] entities, boolean sequence) {
    StringValues.Builder flat = StringValues.newBuilder();
    RaggedStringValues.Builder ragged = RaggedStringValues.newBuilder();
    for (long entity : entities) {
      RandomGenerator random = random(entity);
      int length = length(entity, sequence);
      for (int i = 0; i < length; i++) {
        long id = id(entity, random);
        String value =
            id < feature.getVocabularySampleCount()
                ? feature.getVocabularySample((int) id)
                : feature.getName() + "-" + id;
        if (sequence) {
          ragged.addValues(value);
        } else {
          flat.addValues(value);
        }
      }
      ragged.addRowLengths(length);
    }
    if (sequence) {
      column.setRaggedStringValues(ragged);
    } else {
      column.setStringValues(flat);
    }
  }

  /** Values in one row. The same for all of an entity's histories, which run side by side. */
  private int length(long entity, boolean sequence) {
    return sequence
        ? history.sample(new SplittableRandom(mix(historySeed, entity)))
        : Math.max(1, feature.getWidth());
  }

  private long id(long entity, RandomGenerator random) {
    long rank = identity ? entity % values.size() : values.sample(random) - 1;
    // Frequent ids must not be neighbours: an embedding table would look better cached than it is.
    return rank * SPREAD % values.size();
  }

  private RandomGenerator random(long entity) {
    return new SplittableRandom(mix(seed, entity));
  }

  /** SplitMix64's finisher over both numbers. */
  static long mix(long a, long b) {
    long z = a + 0x9E3779B97F4A7C15L * (b + 1);
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
