package dev.podium.server.feature.signature;

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

  /** The index of the feature of that name in UTF-8, or -1. */
  public int feature(byte[] bytes, int at, int length) {
    return featureNames.find(bytes, at, length);
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
}
