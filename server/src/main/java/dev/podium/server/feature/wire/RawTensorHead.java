package dev.podium.server.feature.wire;

import com.google.protobuf.WireFormat;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.RawTensor;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.ValueCursor.Coding;
import java.util.function.Supplier;

/** What a {@code RawTensor} says of its bytes, and that there are as many as it says. Reused. */
final class RawTensorHead extends FieldCursor {
  private final Supplier<String> what;
  private int dtype;
  private int dims;
  private long rows;
  private long rowElements;
  private int dataAt;
  private int dataEnd;
  private Coding coding;

  RawTensorHead(Supplier<String> what) {
    this.what = what;
  }

  /** The first dimension; 0 if there is none. */
  long rows() {
    return rows;
  }

  /** The product of the others, or the largest int if it is more. */
  long rowElements() {
    return rowElements;
  }

  int dataAt() {
    return dataAt;
  }

  int dataEnd() {
    return dataEnd;
  }

  Coding coding() {
    return coding;
  }

  /**
   * Reads the message between two positions.
   *
   * @throws RankException INVALID_ARGUMENT if its shape, its type and its bytes don't fit
   */
  void read(byte[] message, int from, int to) throws RankException {
    bytes = message;
    startAt(from, to);
    dtype = 0;
    dims = 0;
    rows = 0;
    rowElements = 1;
    dataAt = to;
    dataEnd = to;
    readFields();
    coding = coding(dtype);
    long expected = Math.min(rows * rowElements, Integer.MAX_VALUE) * size(coding);
    if (dims == 0 || dataEnd - dataAt != expected) {
      throw RankException.invalid(
          what()
              + ": raw tensor of "
              + (dataEnd - dataAt)
              + " bytes (expected: "
              + expected
              + ", its shape times the element size)");
    }
  }

  private void readFields() throws RankException {
    while (next < end) {
      int tag = readInt();
      switch (tag >>> 3) {
        case RawTensor.DTYPE_FIELD_NUMBER -> {
          expectWireType(tag, WireFormat.WIRETYPE_VARINT);
          dtype = readInt();
        }
        case RawTensor.DATA_FIELD_NUMBER -> {
          int length = readLength(tag);
          dataAt = next;
          dataEnd = next += length;
        }
        case RawTensor.SHAPE_FIELD_NUMBER -> {
          boolean one = (tag & 7) == WireFormat.WIRETYPE_VARINT;
          int stop = one ? next + 1 : readLength(tag) + next;
          while (next < stop) {
            addDimension(readVarint());
          }
        }
        default -> skipField(tag);
      }
    }
  }

  private void addDimension(long size) throws RankException {
    if (size < 0 || size > Integer.MAX_VALUE) {
      throw RankException.invalid(what() + ": dimension " + size + " (expected: 0 to 2147483647)");
    }
    if (dims++ == 0) {
      rows = size;
    } else {
      rowElements = Math.min(rowElements * size, Integer.MAX_VALUE);
    }
  }

  private Coding coding(int type) throws RankException {
    return switch (type) {
      case DataType.DATA_TYPE_INT32_VALUE -> Coding.RAW_INT32;
      case DataType.DATA_TYPE_INT64_VALUE -> Coding.RAW_INT64;
      case DataType.DATA_TYPE_FLOAT32_VALUE -> Coding.FLOAT32;
      case DataType.DATA_TYPE_FLOAT64_VALUE -> Coding.RAW_FLOAT64;
      case DataType.DATA_TYPE_BOOL_VALUE -> Coding.RAW_BYTE;
      default ->
          throw RankException.invalid(
              what() + ": raw tensor of dtype " + type + " (expected: a number type)");
    };
  }

  private static int size(Coding coding) {
    return switch (coding) {
      case RAW_INT64, RAW_FLOAT64 -> Long.BYTES;
      case RAW_BYTE -> 1;
      default -> Integer.BYTES;
    };
  }

  @Override
  String what() {
    return what.get();
  }
}
