package dev.podium.graph.onnx;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Numbers to ONNX tensors, and those of small tensors in the model file back to numbers. */
public final class Tensors {
  /** Values of larger constants never decide what a pass does. */
  private static final int MAX_READ = 4096;

  private Tensors() {}

  /** The numbers of a tensor, or null if they are external, too many or not numeric. */
  public static double[] values(TensorProto tensor) {
    return TensorValues.of(tensor, MAX_READ);
  }

  /** Whole numbers of an INT64, INT32 or BOOL tensor, or null. */
  public static long[] wholeNumbers(TensorProto tensor) {
    ElementType type = ElementType.of(tensor.getDataType());
    if (type == ElementType.INT64 && tensor.hasRawData() && !OnnxGraph.isExternal(tensor)) {
      // Not by way of double, which rounds the INT64_MAX that slices end with.
      ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      long[] values = new long[Math.min(raw.remaining() / 8, MAX_READ + 1)];
      raw.asLongBuffer().get(values);
      return values.length > MAX_READ ? null : values;
    }
    if (type == ElementType.INT64 && !OnnxGraph.isExternal(tensor)) {
      return tensor.getInt64DataCount() > MAX_READ
          ? null
          : tensor.getInt64DataList().stream().mapToLong(Long::longValue).toArray();
    }
    if (type != ElementType.INT32 && type != ElementType.BOOL) {
      return null;
    }
    double[] values = values(tensor);
    return values == null
        ? null
        : java.util.Arrays.stream(values).mapToLong(v -> (long) v).toArray();
  }

  public static TensorProto tensor(ElementType type, List<Integer> shape, double[] values) {
    ByteBuffer raw =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      switch (type) {
        case FLOAT32 -> raw.putFloat((float) value);
        case FLOAT64 -> raw.putDouble(value);
        case INT64 -> raw.putLong((long) value);
        case INT32 -> raw.putInt((int) value);
        case BOOL -> raw.put((byte) value);
        default -> throw new IllegalArgumentException("constant of type " + type);
      }
    }
    TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(type.onnxCode());
    shape.forEach(tensor::addDims);
    return tensor.setRawData(ByteString.copyFrom(raw.flip())).build();
  }

  public static TensorProto longs(long... values) {
    ByteBuffer raw = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      raw.putLong(value);
    }
    return TensorProto.newBuilder()
        .setDataType(ElementType.INT64.onnxCode())
        .addDims(values.length)
        .setRawData(ByteString.copyFrom(raw.flip()))
        .build();
  }
}
