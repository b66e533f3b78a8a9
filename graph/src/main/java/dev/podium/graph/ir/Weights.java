package dev.podium.graph.ir;

import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorValues;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The initialisers of a graph by name, and the values of small ones that lie in the model file
 * itself.
 */
public final class Weights {
  /** Values of larger constants never decide what a pass does. */
  private static final int MAX_READ = 4096;

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
      return values(tensors.get(initialiser.name()));
    }
    if (node.op() instanceof Op.Literal literal) {
      return values(literal.tensor());
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

  static double[] values(TensorProto tensor) {
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
