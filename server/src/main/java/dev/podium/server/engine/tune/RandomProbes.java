package dev.podium.server.engine.tune;

import dev.podium.server.engine.Probe;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import java.util.Random;

/**
 * Makes up requests that a signature allows: ids over the whole vocabulary and at its edges,
 * sequences from empty to full, numbers around 0. The same seed gives the same requests.
 */
final class RandomProbes {
  /** Which values are drawn. */
  enum Draw {
    /** Anywhere in the vocabulary, sequences of any length. */
    ANYWHERE,
    /** Anywhere in the vocabulary, full sequences: what costs most. */
    FULL,
    /** The first and the last id, full sequences. */
    EDGES,
    /** Empty sequences. */
    EMPTY
  }

  private final Signature signature;
  private final Random random;

  RandomProbes(Signature signature, long seed) {
    this.signature = signature;
    this.random = new Random(seed);
  }

  /** One request of so many rows. */
  Probe next(int count, Draw draw) {
    TensorBuffers rows = new TensorBuffers(signature.inputs(), count);
    for (Feature feature : signature.features()) {
      int distinct = feature.role() == FeatureRole.CONTEXT ? 1 : count;
      for (int row = 0; row < distinct; row++) {
        fill(feature, rows, row, draw);
      }
      if (feature.role() == FeatureRole.CONTEXT) {
        rows.repeat(feature.input(), feature.column(), feature.width(), 0, count);
      }
    }
    return new Probe(rows, count, true);
  }

  private void fill(Feature feature, TensorBuffers rows, int row, Draw draw) {
    int first = row * rows.rowElements(feature.input()) + feature.column();
    int filled = feature.width();
    boolean atEnd = false;
    if (feature.kind() == FeatureKind.SEQUENCE) {
      filled =
          switch (draw) {
            case ANYWHERE -> random.nextInt(feature.width() + 1);
            case FULL, EDGES -> feature.width();
            case EMPTY -> 0;
          };
      atEnd = feature.sequence().padLeft();
    }
    for (int i = 0; i < feature.width(); i++) {
      boolean value = atEnd ? i >= feature.width() - filled : i < filled;
      if (value) {
        put(feature, rows, first + i, draw);
      } else {
        rows.pad(feature.input(), first + i, 1, feature.sequence().padding());
      }
    }
  }

  private void put(Feature feature, TensorBuffers rows, int element, Draw draw) {
    TensorDtype type = rows.specs().get(feature.input()).type();
    if (type == TensorDtype.STRING) {
      rows.strings(feature.input())[element] = "value " + random.nextInt(3);
    } else if (feature.kind() == FeatureKind.DENSE || type == TensorDtype.BOOL) {
      double value = type == TensorDtype.BOOL ? random.nextInt(2) : number(type);
      rows.putNumber(feature.input(), element, value);
    } else {
      rows.putNumber(feature.input(), element, id(feature.ids(), draw));
    }
  }

  private double number(TensorDtype type) {
    boolean real = type == TensorDtype.FLOAT || type == TensorDtype.DOUBLE;
    return real ? random.nextGaussian() : random.nextInt(2);
  }

  /**
   * An id that the rule can give. Where nothing bounds the ids, 0 and 1 are the only safe guess.
   */
  private double id(IdRule ids, Draw draw) {
    long from = 0;
    long count = ids.size() == 0 ? 2 : ids.size();
    if (ids instanceof IdRule.Listed listed) {
      from = listed.firstId();
      count = Math.max(1, listed.vocabulary().size());
    } else if (ids instanceof IdRule.Hashed hashed) {
      from = hashed.firstId();
      count = hashed.buckets();
    }
    if (draw == Draw.EDGES) {
      return random.nextBoolean() ? from : from + count - 1;
    }
    return from + (long) (random.nextDouble() * count);
  }
}
