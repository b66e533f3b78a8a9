package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.TensorProto;
import dev.podium.graph.onnx.TensorValues;

/** Constants of a graph: no rows, and the values of small ones. */
final class Constants {
  private Constants() {}

  static Traced traced(TensorProto tensor) {
    int[] shape = tensor.getDimsList().stream().mapToInt(Math::toIntExact).toArray();
    return Traced.of(Dependence.same(shape, 0), TensorValues.of(tensor, Traced.MOST_VALUES));
  }

  static Traced scalar(double value) {
    return Traced.of(Dependence.same(new int[0], 0), new double[] {value});
  }

  static Traced list(double... values) {
    return Traced.of(Dependence.same(new int[] {values.length}, 0), values);
  }
}
