package dev.podium.graph.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** The numbers that a tensor in a model file holds. */
public final class TensorValues {
  private TensorValues() {}

  /**
   * The values as doubles, row-major. Whole numbers above 2^53 are rounded.
   *
   * @param most the most values that are read
   * @return null if there are more, or they lie in another file, or they are neither whole numbers
   *     of 32 or 64 bits nor real ones nor booleans
   */
  public static double[] of(TensorProto tensor, int most) {
    long size = 1;
    for (long dim : tensor.getDimsList()) {
      size *= dim;
    }
    if (size > most || OnnxGraph.isExternal(tensor)) {
      return null;
    }
    ElementType type = ElementType.of(tensor.getDataType());
    double[] values = new double[(int) size];
    return tensor.hasRawData() ? packed(tensor, type, values) : listed(tensor, type, values);
  }

  private static double[] packed(TensorProto tensor, ElementType type, double[] values) {
    ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    if (raw.remaining() != (long) values.length * type.bytes()) {
      return null;
    }
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case FLOAT32 -> values[i] = raw.getFloat();
        case FLOAT64 -> values[i] = raw.getDouble();
        case INT64 -> values[i] = raw.getLong();
        case INT32 -> values[i] = raw.getInt();
        case BOOL -> values[i] = raw.get();
        default -> {
          return null;
        }
      }
    }
    return values;
  }

  private static double[] listed(TensorProto tensor, ElementType type, double[] values) {
    int listed =
        switch (type) {
          case FLOAT32 -> tensor.getFloatDataCount();
          case FLOAT64 -> tensor.getDoubleDataCount();
          case INT64 -> tensor.getInt64DataCount();
          case INT32, BOOL -> tensor.getInt32DataCount();
          default -> -1;
        };
    if (listed != values.length) {
      return null;
    }
    Arrays.setAll(
        values,
        i ->
            switch (type) {
              case FLOAT32 -> tensor.getFloatData(i);
              case FLOAT64 -> tensor.getDoubleData(i);
              case INT64 -> tensor.getInt64Data(i);
              default -> tensor.getInt32Data(i);
            });
    return values;
  }
}
