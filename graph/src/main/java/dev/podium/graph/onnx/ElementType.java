package dev.podium.graph.onnx;

/** Element types of ONNX tensors that the compiler tells apart. */
public enum ElementType {
  /** IEEE 754 binary32. */
  FLOAT32(1, 4),
  /** Unsigned 8 bit. */
  UINT8(2, 1),
  /** Signed 8 bit. */
  INT8(3, 1),
  /** Signed 16 bit. */
  INT16(5, 2),
  /** Signed 32 bit. */
  INT32(6, 4),
  /** Signed 64 bit. */
  INT64(7, 8),
  /** Text, UTF-8. */
  STRING(8, 16),
  /** One byte, 0 or 1. */
  BOOL(9, 1),
  /** IEEE 754 binary16. */
  FLOAT16(10, 2),
  /** IEEE 754 binary64. */
  FLOAT64(11, 8),
  /** The upper half of a binary32. */
  BFLOAT16(16, 2),
  /** Anything else that ONNX knows. */
  OTHER(0, 4);

  private final int onnxCode;
  private final int bytes;

  ElementType(int onnxCode, int bytes) {
    this.onnxCode = onnxCode;
    this.bytes = bytes;
  }

  /** The number of this type in {@code TensorProto.DataType}; 0 for {@link #OTHER}. */
  public int onnxCode() {
    return onnxCode;
  }

  /** Size of one element in bytes; a guess for {@link #STRING} and {@link #OTHER}. */
  public int bytes() {
    return bytes;
  }

  /** Whether the values are real numbers. */
  public boolean isFloat() {
    return this == FLOAT32 || this == FLOAT64 || this == FLOAT16 || this == BFLOAT16;
  }

  /** The type of a {@code TensorProto.DataType} number. */
  public static ElementType of(int onnxCode) {
    for (ElementType type : values()) {
      if (type.onnxCode == onnxCode) {
        return type;
      }
    }
    return OTHER;
  }
}
