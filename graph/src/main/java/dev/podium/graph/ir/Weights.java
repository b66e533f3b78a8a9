package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The initialisers of a graph by name, and the values of small ones that lie in the model file
 * itself.
 */
public final class Weights {
  private final Map<String, TensorProto> tensors = new LinkedHashMap<>();

  public void put(String name, TensorProto tensor) {
    tensors.put(name, tensor);
  }

  public TensorProto get(String name) {
    return tensors.get(name);
  }

  boolean contains(String name) {
    return tensors.containsKey(name);
  }

  /** The numbers of a constant node, or null if it is none, external, too large or not numeric. */
  public double[] values(Node node) {
    if (node.op() instanceof Op.Initialiser initialiser) {
      return Tensors.values(tensors.get(initialiser.name()));
    }
    if (node.op() instanceof Op.Literal literal) {
      return Tensors.values(literal.tensor());
    }
    if (node.op() instanceof Op.Reshape || node.op() instanceof Op.Expand && node.size() == 1) {
      return values(node.input(0));
    }
    if (node.op() instanceof Op.Slice slice
        && node.input(0).size() == node.input(0).dim(slice.axis())) {
      double[] whole = values(node.input(0));
      return whole == null || slice.step() != 1
          ? null
          : Arrays.copyOfRange(whole, slice.from(), slice.to());
    }
    return null;
  }

  /** The number that a constant node holds everywhere, or null. */
  public Double uniform(Node node) {
    if (node.op() instanceof Op.Expand) {
      return uniform(node.input(0));
    }
    double[] values = values(node);
    if (values == null || values.length == 0) {
      return null;
    }
    for (double value : values) {
      if (value != values[0]) {
        return null;
      }
    }
    return values[0];
  }
}
