package dev.podium.loadtest.protocol;

import dev.podium.inference.ModelMetadataResponse.TensorMetadata;
import dev.podium.loadtest.fault.InputException;
import java.nio.ByteBuffer;

/**
 * Element types that a feature can fill, by the protocol's names, and how a number is written as
 * one.
 */
enum TensorType {
  BOOL(1),
  INT32(4),
  INT64(8),
  FP32(4),
  FP64(8),
  /** Text: its length in four bytes, then its UTF-8 bytes. */
  BYTES(0);

  private final int size;

  TensorType(int size) {
    this.size = size;
  }

  /** Bytes of an element; 0 if they vary. */
  int size() {
    return size;
  }

  /** The type of a tensor, if features can fill it. */
  static TensorType of(String model, TensorMetadata tensor) {
    try {
      return valueOf(tensor.getDatatype());
    } catch (IllegalArgumentException e) {
      throw new InputException(
          String.format(
              "model '%s': input '%s' has datatype %s (expected: BOOL, INT32, INT64, FP32, FP64 or BYTES)",
              model, tensor.getName(), tensor.getDatatype()),
          e);
    }
  }

  /** Writes a whole number at the buffer's position. */
  void put(ByteBuffer target, long value) {
    switch (this) {
      case BOOL -> target.put((byte) value);
      case INT32 -> target.putInt(Math.toIntExact(value));
      case INT64 -> target.putLong(value);
      case FP32 -> target.putFloat((float) value);
      case FP64 -> target.putDouble((double) value);
      case BYTES -> throw new IllegalStateException("a number for a tensor of text");
    }
  }

  /** Writes a real number at the buffer's position. */
  void put(ByteBuffer target, double value) {
    switch (this) {
      case FP32 -> target.putFloat((float) value);
      case FP64 -> target.putDouble(value);
      default -> put(target, (long) value);
    }
  }
}
