package dev.podium.server.feature.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.podium.inference.InferTensorContents;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.InferMessage.Span;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor's elements in raw form: little-endian, row-major, without gaps.
 *
 * @param bytes holds them from {@code at} on
 */
public record TensorContents(byte[] bytes, int at, int length) {

  /** Elements that came as raw bytes. */
  public static TensorContents raw(byte[] bytes, Span span) {
    return new TensorContents(bytes, span.at(), span.length());
  }

  /**
   * Elements that came in the list of their type.
   *
   * @param elements as the shape says
   * @throws RankException INVALID_ARGUMENT, naming the input, if there are more or fewer, or they
   *     stand in the list of another type
   */
  public static TensorContents typed(
      String input, byte[] bytes, Span span, TensorDatatype type, int elements)
      throws RankException {
    try {
      return new Reader(input, bytes, type, elements).read(span);
    } catch (IOException e) {
      throw RankException.invalid("input '" + input + "': contents: " + e.getMessage());
    }
  }

  private static final class Reader {
    private final String input;
    private final byte[] source;
    private final TensorDatatype type;
    private final int elements;
    private final int field;
    private ByteBuffer numbers;
    private ByteArrayOutputStream texts;
    private int count;

    Reader(String input, byte[] source, TensorDatatype type, int elements) {
      this.input = input;
      this.source = source;
      this.type = type;
      this.elements = elements;
      this.field =
          switch (type) {
            case BOOL -> InferTensorContents.BOOL_CONTENTS_FIELD_NUMBER;
            case INT8, INT16, INT32 -> InferTensorContents.INT_CONTENTS_FIELD_NUMBER;
            case INT64 -> InferTensorContents.INT64_CONTENTS_FIELD_NUMBER;
            case UINT8, UINT16, UINT32 -> InferTensorContents.UINT_CONTENTS_FIELD_NUMBER;
            case FP32 -> InferTensorContents.FP32_CONTENTS_FIELD_NUMBER;
            case FP64 -> InferTensorContents.FP64_CONTENTS_FIELD_NUMBER;
            case BYTES -> InferTensorContents.BYTES_CONTENTS_FIELD_NUMBER;
          };
    }

    TensorContents read(Span span) throws IOException, RankException {
      CodedInputStream in = CodedInputStream.newInstance(source, span.at(), span.length());
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag >>> 3 != field) {
          if (!in.skipField(tag)) {
            throw new IOException("an end of a group");
          }
          continue;
        }
        boolean list = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
        if (type == TensorDatatype.BYTES) {
          text(in.readByteArray());
        } else if (!list) {
          number(in);
        } else {
          int length = in.readRawVarint32();
          int at = span.at() + in.getTotalBytesRead();
          if (isFloat() && count == 0 && length == elements * type.bytes()) {
            // Packed floats lie as in raw form, all in one piece unless the sender is odd.
            in.skipRawBytes(length);
            count = elements;
            return new TensorContents(source, at, length);
          }
          int outer = in.pushLimit(length);
          while (in.getBytesUntilLimit() > 0) {
            number(in);
          }
          in.popLimit(outer);
        }
      }
      if (count != elements) {
        throw wrongCount(count);
      }
      if (type == TensorDatatype.BYTES) {
        byte[] all = texts == null ? new byte[0] : texts.toByteArray();
        return new TensorContents(all, 0, all.length);
      }
      return new TensorContents(
          numbers == null ? new byte[0] : numbers.array(), 0, elements * type.bytes());
    }

    private boolean isFloat() {
      return type == TensorDatatype.FP32 || type == TensorDatatype.FP64;
    }

    private void number(CodedInputStream in) throws IOException, RankException {
      if (count == elements) {
        throw wrongCount(count + 1);
      }
      count++;
      if (numbers == null) {
        numbers = ByteBuffer.allocate(elements * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      }
      switch (type) {
        case FP32 -> numbers.putInt(in.readRawLittleEndian32());
        case FP64 -> numbers.putLong(in.readRawLittleEndian64());
        case BOOL -> numbers.put((byte) (in.readBool() ? 1 : 0));
        default -> integer(in.readRawVarint64());
      }
    }

    private void integer(long value) throws RankException {
      switch (type) {
        case INT64 -> numbers.putLong(value);
        case INT32 -> numbers.putInt((int) value);
        case UINT32 -> numbers.putInt((int) value);
        case INT16 -> numbers.putShort((short) inRange(value, Short.MIN_VALUE, Short.MAX_VALUE));
        case UINT16 -> numbers.putShort((short) inRange(value, 0, 0xFFFF));
        case INT8 -> numbers.put((byte) inRange(value, Byte.MIN_VALUE, Byte.MAX_VALUE));
        case UINT8 -> numbers.put((byte) inRange(value, 0, 0xFF));
        default -> throw new IllegalStateException(type + " is no integer");
      }
    }

    private long inRange(long value, long least, long most) throws RankException {
      if (value < least || value > most) {
        throw RankException.invalid(
            "input '" + input + "': " + value + " (expected: " + least + " to " + most + ")");
      }
      return value;
    }

    private void text(byte[] value) throws IOException, RankException {
      if (count == elements) {
        throw wrongCount(count + 1);
      }
      count++;
      if (texts == null) {
        texts = new ByteArrayOutputStream();
      }
      texts.write(
          ByteBuffer.allocate(Integer.BYTES)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putInt(value.length)
              .array());
      texts.write(value);
    }

    private RankException wrongCount(int came) {
      return RankException.invalid(
          "input '"
              + input
              + "': "
              + came
              + (came > elements ? " or more" : "")
              + " elements in its "
              + type
              + " contents (expected: "
              + elements
              + ", as its shape says)");
    }
  }
}
