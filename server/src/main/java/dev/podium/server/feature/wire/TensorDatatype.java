package dev.podium.server.feature.wire;

import java.nio.ByteBuffer;

/** Datatypes of the Open Inference Protocol that Podium takes, by their names there. */
public enum TensorDatatype {
  BOOL(1),
  UINT8(1),
  UINT16(2),
  UINT32(4),
  INT8(1),
  INT16(2),
  INT32(4),
  INT64(8),
  FP32(4),
  FP64(8),
  /** Text, UTF-8; in raw form each element's length in four bytes, then its bytes. */
  BYTES(0);

  private final int bytes;

  TensorDatatype(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element in raw form; 0 for text. */
  public int bytes() {
    return bytes;
  }

  /** The datatype of that name, or null. */
  public static TensorDatatype named(String name) {
    for (TensorDatatype type : values()) {
      if (type.name().equals(name)) {
        return type;
      }
    }
    return null;
  }

  /** Whether it is a whole number of any size. */
  public boolean isInteger() {
    return switch (this) {
      case UINT8, UINT16, UINT32, INT8, INT16, INT32, INT64 -> true;
      default -> false;
    };
  }

  /** One element of an integer or bool datatype, little-endian. */
  public long integer(ByteBuffer raw, int at) {
    return switch (this) {
      case BOOL, INT8 -> raw.get(at);
      case UINT8 -> raw.get(at) & 0xFF;
      case INT16 -> raw.getShort(at);
      case UINT16 -> raw.getShort(at) & 0xFFFF;
      case INT32 -> raw.getInt(at);
      case UINT32 -> raw.getInt(at) & 0xFFFF_FFFFL;
      case INT64 -> raw.getLong(at);
      default -> throw new IllegalStateException(this + " is no integer");
    };
  }
}
