package dev.podium.server.feature.signature;

import java.util.List;

/**
 * How features fill the inputs of a graph.
 *
 * @param features in the order of {@code model.yaml}
 * @param inputs in the order of the graph, with every dimension known
 */
public record InputLayout(List<Feature> features, List<TensorSpec> inputs) {
  public InputLayout {
    features = List.copyOf(features);
    inputs = List.copyOf(inputs);
  }
}
