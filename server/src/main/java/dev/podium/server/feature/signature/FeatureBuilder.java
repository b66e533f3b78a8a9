package dev.podium.server.feature.signature;

import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.FeatureConfig.HashConfig;
import dev.podium.server.feature.signature.FeatureConfig.Side;
import dev.podium.server.feature.signature.FeatureConfig.VocabularyConfig;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Makes one feature from its entry in {@code model.yaml} and the input that it fills. */
final class FeatureBuilder {
  /** Whole numbers up to here are exact in a float. */
  private static final long EXACT_IN_FLOAT = 1L << 24;

  private final FeatureConfig config;
  private final int input;
  private final TensorSpec spec;
  private final VocabularyFiles files;

  FeatureBuilder(FeatureConfig config, int input, TensorSpec spec, VocabularyFiles files) {
    this.config = config;
    this.input = input;
    this.spec = spec;
    this.files = files;
  }

  Feature build() throws ModelException {
    FeatureKind kind = kind();
    int column = 0;
    int width = spec.rowElements();
    if (config.columns() != null) {
      List<Integer> range = config.columns();
      if (range.size() != 2
          || range.get(0) < 0
          || range.get(0) >= range.get(1)
          || range.get(1) > width) {
        throw wrong("columns " + range, "[from, to) within 0 to " + width);
      }
      column = range.get(0);
      width = range.get(1) - column;
    }
    if (kind == FeatureKind.CATEGORICAL && width != 1) {
      throw wrong(
          "categorical, with " + width + " columns of " + spec,
          "1 column, or a length to make it a sequence");
    }
    if (kind == FeatureKind.SEQUENCE && config.length() != null && config.length() != width) {
      throw wrong("length " + config.length(), width + ", the columns of " + spec);
    }
    WireType wireType = wireType(kind);
    IdRule ids = idRule(wireType);
    checkRange(ids);
    return new Feature(
        config.name(),
        input,
        column,
        width,
        config.role() == null ? FeatureRole.CANDIDATE : config.role(),
        kind,
        wireType,
        ids,
        sequenceRule(kind),
        defaultValue(kind, wireType, ids),
        config.finite() == null || config.finite());
  }

  private FeatureKind kind() throws ModelException {
    if (config.kind() != null) {
      if (config.kind() != FeatureKind.SEQUENCE && config.length() != null) {
        throw wrong("length, and kind " + config.kind(), "kind sequence");
      }
      return config.kind();
    }
    if (config.length() != null) {
      return FeatureKind.SEQUENCE;
    }
    boolean mapped = config.vocabulary() != null || config.hash() != null;
    boolean real = spec.type() == TensorDtype.FLOAT || spec.type() == TensorDtype.DOUBLE;
    boolean several = config.columns() == null && spec.rowElements() > 1;
    return mapped || !(real || several) ? FeatureKind.CATEGORICAL : FeatureKind.DENSE;
  }

  private WireType wireType(FeatureKind kind) throws ModelException {
    boolean mapped = config.vocabulary() != null || config.hash() != null;
    boolean listed = config.vocabulary() != null && config.vocabulary().file() != null;
    boolean real = spec.type() == TensorDtype.FLOAT || spec.type() == TensorDtype.DOUBLE;
    boolean text = spec.type() == TensorDtype.STRING;
    WireType type = config.dtype();
    if (type == null) {
      if (listed || text) {
        type = WireType.STRING;
      } else {
        type = real && !mapped && kind != FeatureKind.CATEGORICAL ? WireType.FLOAT : WireType.INT64;
      }
    }
    if (text && (type != WireType.STRING || mapped)) {
      throw wrong(
          "dtype " + type + " or ids for the text input " + spec, "dtype string, used as it is");
    }
    if (type == WireType.STRING && !text && !mapped) {
      throw wrong("dtype string for " + spec, "a vocabulary file or a hash");
    }
    if (type == WireType.STRING && config.vocabulary() != null && !listed) {
      throw wrong("dtype string with a vocabulary size", "a vocabulary file or a hash");
    }
    if (type == WireType.FLOAT && mapped) {
      throw wrong("dtype float with a vocabulary or a hash", "int64 or string");
    }
    if (type == WireType.FLOAT && !real) {
      throw wrong("dtype float for " + spec, "a float or double input");
    }
    return type;
  }

  private IdRule idRule(WireType wireType) throws ModelException {
    long unknown = config.outOfVocabulary() == null ? IdRule.NO_ID : config.outOfVocabulary();
    if (config.outOfVocabulary() != null && (unknown < 0 || config.vocabulary() == null)) {
      throw wrong("out_of_vocabulary " + unknown, "an id of at least 0, and a vocabulary");
    }
    if (config.vocabulary() != null && config.hash() != null) {
      throw wrong("both a vocabulary and a hash", "one of them");
    }
    if (config.hash() != null) {
      return hashed(config.hash());
    }
    return config.vocabulary() == null ? IdRule.NONE : listed(config.vocabulary(), unknown);
  }

  private IdRule hashed(HashConfig hash) throws ModelException {
    if (hash.function() == null) {
      throw wrong("hash without a function", "xxhash64 or murmur3");
    }
    if (hash.buckets() == null || hash.buckets() < 1) {
      throw wrong("hash buckets " + hash.buckets(), "at least 1");
    }
    long seed = hash.seed() == null ? 0 : hash.seed();
    return new IdRule.Hashed(hash.function(), hash.buckets(), seed, firstId(hash.firstId()));
  }

  private IdRule listed(VocabularyConfig vocabulary, long unknown) throws ModelException {
    if ((vocabulary.size() == null) == (vocabulary.file() == null)) {
      throw wrong("vocabulary", "either a size or a file");
    }
    if (vocabulary.file() != null) {
      return new IdRule.Listed(
          files.read(vocabulary.file()), firstId(vocabulary.firstId()), unknown);
    }
    if (vocabulary.size() < 1) {
      throw wrong("vocabulary size " + vocabulary.size(), "at least 1");
    }
    if (vocabulary.firstId() != null) {
      throw wrong(
          "first_id with a vocabulary size",
          "it with a file; ids below a size are used as they come");
    }
    if (unknown >= vocabulary.size()) {
      throw wrong("out_of_vocabulary " + unknown, "0 to " + (vocabulary.size() - 1));
    }
    return new IdRule.Bounded(vocabulary.size(), unknown);
  }

  private long firstId(Long configured) throws ModelException {
    if (configured != null && configured < 0) {
      throw wrong("first_id " + configured, "at least 0");
    }
    return configured == null ? 0 : configured;
  }

  private void checkRange(IdRule ids) throws ModelException {
    long bound =
        switch (spec.type()) {
          case INT32 -> Integer.MAX_VALUE;
          case FLOAT -> EXACT_IN_FLOAT;
          default -> Long.MAX_VALUE;
        };
    if (ids.size() > bound) {
      throw wrong(
          "ids up to " + (ids.size() - 1),
          "at most " + (bound - 1) + ", which is exact in " + spec);
    }
  }

  private SequenceRule sequenceRule(FeatureKind kind) throws ModelException {
    if (kind != FeatureKind.SEQUENCE) {
      if (config.padding() != null || config.truncation() != null) {
        throw wrong("padding or truncation, and kind " + kind, "kind sequence");
      }
      return null;
    }
    double value =
        config.padding() == null || config.padding().value() == null ? 0 : config.padding().value();
    boolean padLeft = config.padding() != null && config.padding().side() == Side.LEFT;
    boolean cutLeft = config.truncation() == Side.LEFT;
    return new SequenceRule(value, padLeft, cutLeft);
  }

  private Object defaultValue(FeatureKind kind, WireType wireType, IdRule ids)
      throws ModelException {
    Object value = config.defaultValue();
    if (value == null) {
      return null;
    }
    if (kind == FeatureKind.SEQUENCE) {
      if (value instanceof List<?> list && list.isEmpty()) {
        return List.of();
      }
      throw wrong("default " + value, "[], the empty sequence");
    }
    switch (wireType) {
      case FLOAT -> {
        if (!(value instanceof Number number)) {
          throw wrong("default '" + value + "'", "a number");
        }
        if (!Double.isFinite(number.doubleValue()) && !Boolean.FALSE.equals(config.finite())) {
          throw wrong("default '" + value + "'", "a finite number, or finite: false");
        }
        return number.doubleValue();
      }
      case INT64 -> {
        long number;
        if (value instanceof Boolean truth) {
          number = truth ? 1 : 0;
        } else if (value instanceof Integer || value instanceof Long) {
          number = ((Number) value).longValue();
        } else {
          throw wrong("default '" + value + "'", "a whole number");
        }
        return ids == IdRule.NONE ? number : known(ids, ids.ofNumber(number), value);
      }
      case STRING -> {
        if (spec.type() == TensorDtype.STRING) {
          return value.toString();
        }
        byte[] text = value.toString().getBytes(StandardCharsets.UTF_8);
        return known(ids, ids.ofText(text, 0, text.length), value);
      }
    }
    throw new AssertionError(wireType);
  }

  private Long known(IdRule ids, long id, Object value) throws ModelException {
    if (id == IdRule.NO_ID && ids.outOfVocabulary() == IdRule.NO_ID) {
      throw wrong("default '" + value + "'", "a value of its vocabulary");
    }
    return id == IdRule.NO_ID ? ids.outOfVocabulary() : id;
  }

  private ModelException wrong(String what, String expected) {
    return new ModelException(
        "model.yaml: feature '" + config.name() + "': " + what + " (expected: " + expected + ")");
  }
}
