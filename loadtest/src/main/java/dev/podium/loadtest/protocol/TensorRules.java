package dev.podium.loadtest.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.podium.loadtest.fault.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a {@code model.yaml} says of the way from features to graph inputs: the part that a
 * signature on the wire leaves out, and that full tensors need. Keys that have no bearing on it are
 * left alone; the server checks them.
 */
public final class TensorRules {
  private final Map<String, Rule> rules;

  private TensorRules(Map<String, Rule> rules) {
    this.rules = rules;
  }

  /**
   * One feature's rule.
   *
   * @param input graph input
   * @param firstColumn first column of the input that the feature fills, -1 if it fills all
   * @param paddingValue what fills a sequence up
   * @param padLeft whether a sequence is filled up at its beginning
   * @param cutLeft whether a sequence is cut off at its beginning
   * @param lookUp ids by text, null without a vocabulary file
   * @param outOfVocabulary the id of other texts, null if there is none
   * @param hashed whether ids come from a hash
   */
  record Rule(
      String input,
      int firstColumn,
      double paddingValue,
      boolean padLeft,
      boolean cutLeft,
      Map<String, Long> lookUp,
      Long outOfVocabulary,
      boolean hashed) {

    static Rule byName(String feature) {
      return new Rule(feature, -1, 0, false, false, null, null, false);
    }
  }

  /**
   * Rules for a model without {@code model.yaml}: inputs named as the features, sequences filled up
   * with 0 at the end.
   */
  public static TensorRules none() {
    return new TensorRules(Map.of());
  }

  /**
   * Reads a file.
   *
   * @throws InputException naming the file and what is wrong with it
   */
  public static TensorRules read(Path file) {
    JsonNode root;
    try {
      root = new YAMLMapper().readTree(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new InputException(file + ": can't be read (expected: a model.yaml)", e);
    }
    Map<String, Rule> rules = new LinkedHashMap<>();
    for (JsonNode feature : root.path("features")) {
      String name = feature.path("name").asText();
      if (name.isEmpty()) {
        throw new InputException(file + ": a feature without name");
      }
      JsonNode padding = feature.path("padding");
      JsonNode vocabulary = feature.path("vocabulary");
      JsonNode outOfVocabulary = feature.path("out_of_vocabulary");
      rules.put(
          name,
          new Rule(
              feature.path("input").asText(name),
              feature.path("columns").path(0).asInt(-1),
              padding.path("value").asDouble(0),
              "left".equals(padding.path("side").asText()),
              "left".equals(feature.path("truncation").asText()),
              vocabulary.has("file")
                  ? lookUp(
                      file.resolveSibling(vocabulary.path("file").asText()),
                      vocabulary.path("first_id").asLong(0))
                  : null,
              outOfVocabulary.isNumber() ? outOfVocabulary.asLong() : null,
              feature.has("hash")));
    }
    return new TensorRules(rules);
  }

  private static Map<String, Long> lookUp(Path file, long firstId) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new InputException(file + ": can't be read (expected: one entry a line)", e);
    }
    Map<String, Long> ids = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      ids.putIfAbsent(lines.get(i), firstId + i);
    }
    return ids;
  }

  /** The rule for a feature. */
  Rule rule(String feature) {
    return rules.getOrDefault(feature, Rule.byName(feature));
  }
}
