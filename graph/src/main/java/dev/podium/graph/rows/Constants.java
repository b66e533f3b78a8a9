package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Constants of a graph: no rows, and the values of small ones. */
final class Constants {
  private Constants() {}

  static Traced traced(TensorProto tensor) {
    int[] shape = tensor.getDimsList().stream().mapToInt(Math::toIntExact).toArray();
    return Traced.of(Dependence.same(shape, 0), values(tensor));
  }

  static Traced scalar(double value) {
    return Traced.of(Dependence.same(new int[0], 0), new double[] {value});
  }

  static Traced list(double... values) {
    return Traced.of(Dependence.same(new int[] {values.length}, 0), values);
  }

  /** Null if the values are many, lie in another file, or are of a type that shapes never have. */
  private static double[] values(TensorProto tensor) {
    long size = tensor.getDimsList().stream().reduce(1L, (a, b) -> a * b);
    boolean external = tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL;
    if (external || size > Traced.MOST_VALUES) {
      return null;
    }
    double[] values = new double[(int) size];
    ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    TensorProto.DataType type = TensorProto.DataType.forNumber(tensor.getDataType());
    if (type == null) {
      return null;
    }
    switch (type) {
      case INT64 -> {
        boolean packed = tensor.hasRawData();
        Arrays.setAll(values, i -> packed ? raw.getLong(8 * i) : tensor.getInt64Data(i));
      }
      case INT32 -> {
        boolean packed = tensor.hasRawData();
        Arrays.setAll(values, i -> packed ? raw.getInt(4 * i) : tensor.getInt32Data(i));
      }
      case FLOAT -> {
        boolean packed = tensor.hasRawData();
        Arrays.setAll(values, i -> packed ? raw.getFloat(4 * i) : tensor.getFloatData(i));
      }
      case DOUBLE -> {
        boolean packed = tensor.hasRawData();
        Arrays.setAll(values, i -> packed ? raw.getDouble(8 * i) : tensor.getDoubleData(i));
      }
      case BOOL -> {
        boolean packed = tensor.hasRawData();
        Arrays.setAll(values, i -> packed ? raw.get(i) : tensor.getInt32Data(i));
      }
      default -> {
        return null;
      }
    }
    return values;
  }
}
