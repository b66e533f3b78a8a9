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
  private static final double[] OFFSETS = {1e3, 1e6, 2.9e7, 1.7e9};

  private final Signature signature;
  private final double[] thresholds;
  private final int longest;
  private final Random random;

  /**
   * @param thresholds numbers that the graph compares with
   */
  RandomProbes(Signature signature, double[] thresholds, long seed) {
    this.signature = signature;
    this.thresholds = thresholds;
    this.longest =
        signature.features().stream()
            .filter(feature -> feature.kind() == FeatureKind.SEQUENCE)
            .mapToInt(Feature::width)
            .max()
            .orElse(1);
    this.random = new Random(seed);
  }

  /** Of a graph that compares with nothing. */
  RandomProbes(Signature signature, long seed) {
    this(signature, new double[0], seed);
  }

  /** One request of so many rows. */
  Probe next(int count, Draw draw) {
    return next(count, draw, true);
  }

  /** Rows of as many requests, each with a context of its own. */
  Probe ofManyContexts(int count, Draw draw) {
    return next(count, draw, false);
  }

  private Probe next(int count, Draw draw, boolean sharesContext) {
    TensorBuffers rows = new TensorBuffers(signature.inputs(), count);
    for (Feature feature : signature.features()) {
      boolean once = sharesContext && feature.role() == FeatureRole.CONTEXT;
      int distinct = once ? 1 : count;
      for (int row = 0; row < distinct; row++) {
        fill(feature, rows, row, draw);
      }
      if (once) {
        rows.repeat(feature.input(), feature.column(), feature.width(), 0, count);
      }
    }
    return new Probe(rows, count, sharesContext);
  }

  private void fill(Feature feature, TensorBuffers rows, int row, Draw draw) {
    int first = row * rows.rowElements(feature.input()) + feature.column();
    int filled = feature.width();
    boolean atEnd = false;
    if (feature.kind() == FeatureKind.SEQUENCE) {
      filled =
          switch (draw) {
            case FULL, EDGES -> feature.width();
            case EMPTY -> 0;
            case MESSY -> messy(feature.width());
            default -> random.nextInt(feature.width() + 1);
          };
      atEnd = feature.sequence().padLeft();
      if (row == 0) {
        rows.setSent(feature.input(), filled);
      }
    }
    for (int i = 0; i < feature.width(); i++) {
      boolean value = atEnd ? i >= feature.width() - filled : i < filled;
      if (value && !(draw == Draw.MESSY && hole(feature, rows, first + i))) {
        put(feature, rows, first + i, draw);
      } else if (!value) {
        rows.pad(feature.input(), first + i, 1, feature.sequence().padding());
      }
    }
  }

  /** None, one, some or all positions. */
  private int messy(int width) {
    return switch (random.nextInt(4)) {
      case 0 -> 0;
      case 1 -> 1;
      case 2 -> width;
      default -> random.nextInt(width + 1);
    };
  }

  /** Puts padding, or the id of unknown values, where a value would be; not always. */
  private boolean hole(Feature feature, TensorBuffers rows, int element) {
    int chance = random.nextInt(4);
    if (feature.kind() != FeatureKind.SEQUENCE || chance > 1) {
      return false;
    }
    if (chance == 0) {
      rows.pad(feature.input(), element, 1, feature.sequence().padding());
      return true;
    }
    boolean hasUnknown = feature.ids() != null && feature.ids().outOfVocabulary() != IdRule.NO_ID;
    boolean isText = rows.specs().get(feature.input()).type() == TensorDtype.STRING;
    if (!hasUnknown || isText) {
      return false;
    }
    rows.putNumber(feature.input(), element, feature.ids().outOfVocabulary());
    return true;
  }

  private void put(Feature feature, TensorBuffers rows, int element, Draw draw) {
    TensorDtype type = rows.specs().get(feature.input()).type();
    if (type == TensorDtype.STRING) {
      rows.strings(feature.input())[element] = "value " + random.nextInt(3);
    } else if (feature.kind() == FeatureKind.DENSE || type == TensorDtype.BOOL) {
      double value = type == TensorDtype.BOOL ? random.nextInt(2) : number(type, draw);
      rows.putNumber(feature.input(), element, value);
    } else {
      rows.putNumber(feature.input(), element, id(feature.ids(), draw));
    }
  }

  private double number(TensorDtype type, Draw draw) {
    boolean real = type == TensorDtype.FLOAT || type == TensorDtype.DOUBLE;
    double usual = real ? random.nextGaussian() : random.nextInt(2);
    double value =
        switch (draw) {
          case MESSY -> real ? usual : random.nextInt(longest + 1);
          case OFFSETS -> OFFSETS[random.nextInt(OFFSETS.length)] + usual;
          case MAGNITUDES ->
              (random.nextBoolean() ? 1 : -1) * Math.pow(10, random.nextDouble() * 9 - 3);
          case THRESHOLDS -> threshold(usual);
          default -> usual;
        };
    return real ? value : Math.rint(value);
  }

  /** A threshold itself, its neighbours, or a number at some distance on either side. */
  private double threshold(double otherwise) {
    if (thresholds.length == 0) {
      return otherwise;
    }
    double threshold = thresholds[random.nextInt(thresholds.length)];
    return switch (random.nextInt(6)) {
      case 0 -> threshold;
      case 1 -> Math.nextUp((float) threshold);
      case 2 -> Math.nextDown((float) threshold);
      case 3 -> threshold + 1 + Math.abs(threshold) * random.nextDouble();
      case 4 -> threshold - 1 - Math.abs(threshold) * random.nextDouble();
      default -> otherwise;
    };
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
