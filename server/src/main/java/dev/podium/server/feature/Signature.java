package dev.podium.server.feature;

import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a model takes and gives: the features of a request, the graph inputs that they fill, and the
 * outputs. Immutable, safe for any thread.
 */
public final class Signature {
  private final List<Feature> features;
  private final List<TensorSpec> inputs;
  private final List<Output> outputs;
  private final Vocabulary featureNames;
  private final List<List<Feature>> featuresByInput;

  /**
   * One output that a request may ask for.
   *
   * @param name as in requests
   * @param tensor index of the graph output
   * @param column first score in the output's row
   * @param width scores a candidate, at least 1
   */
  public record Output(String name, int tensor, int column, int width) {}

  /**
   * @param features fill every input exactly once
   * @param inputs the graph's inputs, in order
   * @param outputs at least one
   */
  public Signature(List<Feature> features, List<TensorSpec> inputs, List<Output> outputs) {
    this.features = List.copyOf(features);
    this.inputs = List.copyOf(inputs);
    this.outputs = List.copyOf(outputs);
    this.featureNames = new Vocabulary(features.stream().map(Feature::name).toList());
    List<List<Feature>> byInput = new ArrayList<>();
    for (int i = 0; i < inputs.size(); i++) {
      int input = i;
      byInput.add(features.stream().filter(feature -> feature.input() == input).toList());
    }
    this.featuresByInput = List.copyOf(byInput);
  }

  public List<Feature> features() {
    return features;
  }

  public List<TensorSpec> inputs() {
    return inputs;
  }

  public List<Output> outputs() {
    return outputs;
  }

  /**
   * Finds each column's feature and checks what can be checked without decoding: names, doubles,
   * missing features.
   *
   * @throws RankException INVALID_ARGUMENT, naming the feature
   */
  public void resolve(WireRequest request) throws RankException {
    long[] seen = new long[(features.size() + 63) / 64];
    for (int column = 0; column < request.columnCount(); column++) {
      int feature =
          featureNames.find(request.bytes(), request.nameAt(column), request.nameLength(column));
      if (feature < 0) {
        throw RankException.invalid(
            "feature '" + request.columnName(column) + "': unknown (expected: " + names() + ")");
      }
      long bit = 1L << (feature & 63);
      if ((seen[feature >> 6] & bit) != 0) {
        throw RankException.invalid(
            "feature '" + request.columnName(column) + "': sent twice (expected: once)");
      }
      seen[feature >> 6] |= bit;
      request.setFeature(column, feature);
    }
    for (int feature = 0; feature < features.size(); feature++) {
      if ((seen[feature >> 6] & 1L << (feature & 63)) == 0 && features.get(feature).required()) {
        throw RankException.invalid(
            "feature '"
                + features.get(feature).name()
                + "': missing (expected: a column; it has no default)");
      }
    }
  }

  /**
   * Whether all context features of a resolved request hold for all its candidates, so that their
   * half can be computed once: none of them came as a candidate column.
   */
  public boolean sharesContext(WireRequest request) {
    for (int column = 0; column < request.columnCount(); column++) {
      if (!request.isContext(column)
          && features.get(request.feature(column)).role() == Role.CONTEXT) {
        return false;
      }
    }
    return true;
  }

  /** The features that fill an input, in the signature's order. */
  public List<Feature> featuresOf(int input) {
    return featuresByInput.get(input);
  }

  /** The index of an input, or -1. */
  public int input(String name) {
    for (int i = 0; i < inputs.size(); i++) {
      if (inputs.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /** The index of an output, or -1. */
  public int output(String name) {
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i).name().equals(name)) {
        return i;
      }
    }
    return -1;
  }

  private String names() {
    StringBuilder text = new StringBuilder("one of ");
    for (int i = 0; i < features.size() && text.length() < 300; i++) {
      text.append(i == 0 ? "" : ", ").append(features.get(i).name());
    }
    return text.length() < 300 ? text.toString() : text.append(", ...").toString();
  }
}
