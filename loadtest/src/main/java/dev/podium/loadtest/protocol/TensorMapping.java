package dev.podium.loadtest.protocol;

import dev.podium.inference.ModelMetadataResponse;
import dev.podium.inference.ModelMetadataResponse.TensorMetadata;
import dev.podium.loadtest.fault.InputException;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which features fill which tensors. Made from a signature, the inputs that a runtime names, and a
 * {@code model.yaml} where names differ. Immutable.
 */
public final class TensorMapping {

  /**
   * One input tensor of shape [rows] or [rows, columns].
   *
   * @param type the protocol's name of its element type
   * @param flat whether its shape is [rows]
   */
  record Tensor(String name, TensorType type, boolean flat, int columns, List<Part> parts) {}

  /** The columns of a tensor that one feature fills. */
  record Part(Feature feature, TensorRules.Rule rule, int firstColumn, int columns) {}

  private final String model;
  private final List<Tensor> tensors;

  private TensorMapping(String model, List<Tensor> tensors) {
    this.model = model;
    this.tensors = List.copyOf(tensors);
  }

  /** The model's name. */
  String model() {
    return model;
  }

  /** All inputs, in the runtime's order. */
  List<Tensor> tensors() {
    return tensors;
  }

  /** A mapping onto the inputs that a server's {@code ModelMetadata} lists. */
  public static TensorMapping of(
      Model signature, ModelMetadataResponse metadata, TensorRules rules) {
    return of(metadata.getName(), signature, metadata.getInputsList(), rules);
  }

  /**
   * A mapping.
   *
   * @throws InputException if a feature fits no input, an input gets no feature, or text meets a
   *     tensor of numbers without a vocabulary to look it up in
   */
  public static TensorMapping of(
      String model, Model signature, List<TensorMetadata> inputs, TensorRules rules) {
    Map<String, TensorMetadata> byName = new LinkedHashMap<>();
    inputs.forEach(input -> byName.put(input.getName(), input));
    Map<String, List<Part>> parts = new LinkedHashMap<>();
    for (Feature feature : signature.getFeaturesList()) {
      TensorRules.Rule rule = rules.rule(feature.getName());
      String input = byName.containsKey(rule.input()) ? rule.input() : feature.getName();
      if (!byName.containsKey(input) && signature.getFeaturesCount() == 1 && byName.size() == 1) {
        input = byName.keySet().iterator().next();
      }
      TensorMetadata tensor = byName.get(input);
      if (tensor == null) {
        throw new InputException(
            String.format(
                "model '%s': feature '%s' has no input of that name (inputs: %s; expected: equal names, or --model-yaml)",
                model, feature.getName(), byName.keySet()));
      }
      checkText(model, feature, rule, TensorType.of(model, tensor));
      List<Part> filled = parts.computeIfAbsent(input, name -> new ArrayList<>());
      int columns = columns(feature, tensor);
      filled.add(new Part(feature, rule, Math.max(0, rule.firstColumn()), columns));
    }
    List<Tensor> tensors = new ArrayList<>();
    for (TensorMetadata input : inputs) {
      List<Part> filled = parts.get(input.getName());
      if (filled == null) {
        throw new InputException(
            String.format(
                "model '%s': input '%s' gets no feature (features: %s; expected: equal names, or --model-yaml)",
                model,
                input.getName(),
                signature.getFeaturesList().stream().map(Feature::getName).toList()));
      }
      tensors.add(tensor(model, input, filled));
    }
    return new TensorMapping(model, tensors);
  }

  private static void checkText(
      String model, Feature feature, TensorRules.Rule rule, TensorType type) {
    if (feature.getWireType() == DataType.DATA_TYPE_STRING
        && type != TensorType.BYTES
        && rule.lookUp() == null) {
      throw new InputException(
          String.format(
              "model '%s': feature '%s' is text and input '%s' takes %s (expected: %s)",
              model,
              feature.getName(),
              rule.input(),
              type,
              rule.hashed()
                  ? "a feature that is not hashed; a full tensor can't be made here"
                  : "a vocabulary file to look it up in, by --model-yaml"));
    }
  }

  private static int columns(Feature feature, TensorMetadata tensor) {
    if (feature.getKind() != Kind.KIND_SEQUENCE) {
      return Math.max(1, feature.getWidth());
    }
    if (feature.getLength() > 0) {
      return feature.getLength();
    }
    return (int) Math.max(1, tensor.getShape(tensor.getShapeCount() - 1));
  }

  private static Tensor tensor(String model, TensorMetadata input, List<Part> parts) {
    int rank = input.getShapeCount();
    int columns = 0;
    int cells = 0;
    for (Part part : parts) {
      columns = Math.max(columns, part.firstColumn() + part.columns());
      cells += part.columns();
    }
    long last = rank == 2 ? input.getShape(1) : -1;
    if (rank < 1 || rank > 2 || (rank == 1 && columns != 1) || (last >= 0 && last != columns)) {
      throw new InputException(
          String.format(
              "model '%s': input '%s' has shape %s and its features fill %d columns (expected: [rows, %d])",
              model, input.getName(), input.getShapeList(), columns, columns));
    }
    if (cells != columns) {
      throw new InputException(
          String.format(
              "model '%s': %d features share input '%s' of %d columns and fill %d (expected: each column once; --model-yaml says which)",
              model, parts.size(), input.getName(), columns, cells));
    }
    return new Tensor(input.getName(), TensorType.of(model, input), rank == 1, columns, parts);
  }
}
