package dev.podium.server.feature.signature;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import java.util.List;

/**
 * One entry of {@code features} in {@code model.yaml}, as it stands there; what is left out is
 * null. {@code docs/model-folder.md} describes the keys.
 */
public record FeatureConfig(
    String name,
    String input,
    List<Integer> columns,
    FeatureRole role,
    FeatureKind kind,
    WireType dtype,
    @JsonProperty("default") @JsonDeserialize(using = YamlScalar.class) Object defaultValue,
    VocabularyConfig vocabulary,
    Long outOfVocabulary,
    HashConfig hash,
    Integer length,
    PaddingConfig padding,
    Side truncation,
    Boolean finite) {

  /** A bound on ids, or a file with one entry a line. */
  public record VocabularyConfig(Long size, String file, Long firstId) {}

  /** How values are hashed to ids. */
  public record HashConfig(HashFunction function, Long buckets, Long seed, Long firstId) {}

  /** How short sequences are filled up. */
  public record PaddingConfig(Double value, Side side) {}

  /** An end of a sequence. */
  public enum Side {
    LEFT,
    RIGHT
  }

  /** A feature that is all defaults. */
  static FeatureConfig named(String name) {
    return new FeatureConfig(
        name, null, null, null, null, null, null, null, null, null, null, null, null, null);
  }
}
