package dev.podium.server.feature.signature;

import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.Signature.Output;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a signature from what the graph declares and what {@code model.yaml} adds, and refuses a
 * pair that doesn't fit. In two steps, since the outputs' shapes are known only after the graph ran
 * once.
 */
public final class SignatureBuilder {
  private final Map<String, GraphTensor> graphInputs = new HashMap<>();
  private final List<String> inputNames = new ArrayList<>();

  /** The graph's inputs, in order. */
  public SignatureBuilder(List<GraphTensor> inputs) {
    for (GraphTensor input : inputs) {
      graphInputs.put(input.name(), input);
      inputNames.add(input.name());
    }
  }

  /**
   * Lays the features out over the inputs.
   *
   * @param configs the features of {@code model.yaml}; empty to take every input as a candidate
   *     feature
   * @throws ModelException naming the feature or the input
   */
  public InputLayout layOut(List<FeatureConfig> configs, VocabularyFiles files)
      throws ModelException {
    List<FeatureConfig> all =
        configs.isEmpty() ? inputNames.stream().map(FeatureConfig::named).toList() : configs;
    checkNames(all);
    List<TensorSpec> inputs = new ArrayList<>();
    for (String name : inputNames) {
      inputs.add(resolve(graphInputs.get(name), all));
    }
    List<Feature> features = new ArrayList<>();
    for (FeatureConfig config : all) {
      int input = inputNames.indexOf(inputOf(config));
      features.add(new FeatureBuilder(config, input, inputs.get(input), files).build());
    }
    checkFilled(features, inputs);
    return new InputLayout(features, inputs);
  }

  /**
   * Adds the outputs.
   *
   * @param configs the outputs of {@code model.yaml}; empty to serve all of the graph
   * @param tensors the graph outputs to serve, as they came from a run
   */
  public static Signature build(
      InputLayout layout, List<OutputConfig> configs, List<TensorSpec> tensors)
      throws ModelException {
    List<Output> outputs = new ArrayList<>();
    if (configs.isEmpty()) {
      for (int i = 0; i < tensors.size(); i++) {
        outputs.add(new Output(tensors.get(i).name(), i, 0, tensors.get(i).rowElements()));
      }
    }
    Set<String> names = new HashSet<>();
    for (OutputConfig config : configs) {
      if (!names.add(config.name())) {
        throw new ModelException("model.yaml: output '" + config.name() + "' stands twice");
      }
      int tensor = tensors.stream().map(TensorSpec::name).toList().indexOf(config.tensor());
      int width = tensors.get(tensor).rowElements();
      if (config.column() == null) {
        outputs.add(new Output(config.name(), tensor, 0, width));
      } else if (config.column() < 0 || config.column() >= width) {
        throw new ModelException(
            "model.yaml: output '"
                + config.name()
                + "': column "
                + config.column()
                + " (expected: 0 to "
                + (width - 1)
                + ")");
      } else {
        outputs.add(new Output(config.name(), tensor, config.column(), 1));
      }
    }
    return new Signature(layout.features(), layout.inputs(), outputs);
  }

  /**
   * Names of the graph outputs to serve, each once.
   *
   * @throws ModelException if {@code model.yaml} names one that the graph lacks
   */
  public static List<String> wantedOutputs(
      List<OutputConfig> configs, List<GraphTensor> graphOutputs) throws ModelException {
    List<String> present = graphOutputs.stream().map(GraphTensor::name).toList();
    if (configs.isEmpty()) {
      return present;
    }
    List<String> wanted = new ArrayList<>();
    for (OutputConfig config : configs) {
      if (config.name() == null || config.name().isEmpty()) {
        throw new ModelException("model.yaml: an output has no name");
      }
      if (!present.contains(config.tensor())) {
        throw new ModelException(
            "model.yaml: output '"
                + config.name()
                + "': the graph has no output '"
                + config.tensor()
                + "' (expected: one of "
                + present
                + ")");
      }
      if (!wanted.contains(config.tensor())) {
        wanted.add(config.tensor());
      }
    }
    return wanted;
  }

  private void checkNames(List<FeatureConfig> configs) throws ModelException {
    Set<String> names = new HashSet<>();
    for (FeatureConfig config : configs) {
      if (config.name() == null || config.name().isEmpty()) {
        throw new ModelException("model.yaml: a feature has no name");
      }
      if (!names.add(config.name())) {
        throw new ModelException("model.yaml: feature '" + config.name() + "' stands twice");
      }
      if (!graphInputs.containsKey(inputOf(config))) {
        throw new ModelException(
            "model.yaml: feature '"
                + config.name()
                + "': the graph has no input '"
                + inputOf(config)
                + "' (expected: one of "
                + inputNames
                + ")");
      }
    }
  }

  private static String inputOf(FeatureConfig config) {
    return config.input() == null ? config.name() : config.input();
  }

  /** An input with the dimensions that the graph leaves open filled in from the features. */
  private static TensorSpec resolve(GraphTensor input, List<FeatureConfig> configs)
      throws ModelException {
    if (input.type() == null) {
      throw new ModelException(
          "model.onnx: input '"
              + input.name()
              + "' is "
              + input.declaredType()
              + " (expected: int32, int64, float, double, bool or string)");
    }
    if (input.shape().isEmpty() || input.shape().get(0) > 0) {
      throw new ModelException(
          "model.onnx: input '"
              + input.name()
              + "' has the shape "
              + input.shape()
              + " (expected: an open first dimension, the row axis)");
    }
    List<Integer> rowShape = new ArrayList<>(input.shape().subList(1, input.shape().size()));
    for (int axis = 0; axis < rowShape.size(); axis++) {
      if (rowShape.get(axis) <= 0) {
        rowShape.set(axis, openDimension(input, configs));
      }
    }
    return new TensorSpec(input.name(), input.type(), rowShape);
  }

  private static int openDimension(GraphTensor input, List<FeatureConfig> configs)
      throws ModelException {
    boolean last = input.shape().size() == 2;
    int size = 0;
    for (FeatureConfig config : configs) {
      if (inputOf(config).equals(input.name())) {
        if (config.columns() != null && config.columns().size() == 2) {
          size = Math.max(size, config.columns().get(1));
        } else if (config.length() != null) {
          if (config.length() < 1) {
            throw new ModelException(
                "model.yaml: feature '%s': length %d (expected: 1 or more)"
                    .formatted(config.name(), config.length()));
          }
          size = Math.max(size, config.length());
        }
      }
    }
    if (!last || size == 0) {
      throw new ModelException(
          "model.onnx: input '"
              + input.name()
              + "' has the shape "
              + input.shape()
              + " (expected: model.yaml to give the open dimension by a feature's length or columns)");
    }
    return size;
  }

  /** Every element of every input has exactly one feature. */
  private static void checkFilled(List<Feature> features, List<TensorSpec> inputs)
      throws ModelException {
    for (int i = 0; i < inputs.size(); i++) {
      TensorSpec input = inputs.get(i);
      String[] owner = new String[input.rowElements()];
      for (Feature feature : features) {
        if (feature.input() != i) {
          continue;
        }
        for (int e = feature.column(); e < feature.column() + feature.width(); e++) {
          if (owner[e] != null) {
            throw new ModelException(
                "model.yaml: features '"
                    + owner[e]
                    + "' and '"
                    + feature.name()
                    + "' both fill column "
                    + e
                    + " of input '"
                    + input.name()
                    + "'");
          }
          owner[e] = feature.name();
        }
      }
      for (int e = 0; e < owner.length; e++) {
        if (owner[e] == null) {
          throw new ModelException(
              "model.yaml: no feature fills "
                  + (owner.length == 1 ? "" : "column " + e + " of ")
                  + "input '"
                  + input.name()
                  + "'");
        }
      }
    }
  }
}
