package dev.podium.server.feature.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import dev.podium.inference.InferTensorContents;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.wire.InferMessage.Span;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor's elements in raw form: little-endian, row-major, without gaps.
 *
 * @param bytes holds them from {@code at} on
 */
public record TensorContents(byte[] bytes, int at, int length) {
  private static final byte[] NO_BYTES = {};

  /** Elements that came as raw bytes. */
  public static TensorContents raw(byte[] bytes, Span span) {
    return new TensorContents(bytes, span.at(), span.length());
  }

  /**
   * Elements that came in the list of their type. Takes no more memory than the elements that came
   * need, whatever the shape says.
   *
   * @param elements as the shape says
   * @throws RankException INVALID_ARGUMENT, naming the input, if there are more or fewer, or they
   *     stand in the list of another type
   */
  public static TensorContents typed(
      String input, byte[] bytes, Span span, TensorDatatype type, int elements)
      throws RankException {
    try {
      Reader reader = new Reader(input, bytes, span, type, elements);
      return type == TensorDatatype.BYTES ? reader.texts() : reader.numbers();
    } catch (IOException e) {
      throw RankException.invalid(
          "input " + Quoted.text(input) + ": contents: " + Quoted.text(e.getMessage()));
    }
  }

  private static final class Reader {
    private final String input;
    private final byte[] source;
    private final Span span;
    private final TensorDatatype type;
    private final int elements;
    private final int field;
    private ByteBuffer numbers;
    private int count;

    Reader(String input, byte[] source, Span span, TensorDatatype type, int elements) {
      this.input = input;
      this.source = source;
      this.span = span;
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

    private CodedInputStream start() {
      return CodedInputStream.newInstance(source, span.at(), span.length());
    }

    /** Moves to the next field of the type's list; its tag, or 0 at the end. */
    private int next(CodedInputStream in) throws IOException {
      for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
        if (tag >>> 3 == field) {
          return tag;
        }
        if (!in.skipField(tag)) {
          throw new IOException("an end of a group");
        }
      }
      return 0;
    }

    TensorContents numbers() throws IOException, RankException {
      CodedInputStream in = start();
      for (int tag = next(in); tag != 0; tag = next(in)) {
        if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
          number(in);
          continue;
        }
        int length = in.readRawVarint32();
        int at = span.at() + in.getTotalBytesRead();
        if (isFloat() && count == 0 && length == (long) elements * type.bytes()) {
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
      if (count != elements) {
        throw wrongCount(Integer.toString(count));
      }
      return new TensorContents(
          numbers == null ? NO_BYTES : numbers.array(), 0, elements * type.bytes());
    }

    /** Texts in two passes: how many bytes they take, and then each where it belongs. */
    TensorContents texts() throws IOException, RankException {
      int total = 0;
      CodedInputStream in = start();
      for (int tag = next(in); tag != 0; tag = next(in)) {
        checkRoom();
        count++;
        int length = textLength(in, tag);
        in.skipRawBytes(length);
        total = Math.addExact(total, Integer.BYTES + length);
      }
      if (count != elements) {
        throw wrongCount(Integer.toString(count));
      }
      ByteBuffer all = ByteBuffer.allocate(total).order(ByteOrder.LITTLE_ENDIAN);
      in = start();
      for (int tag = next(in); tag != 0; tag = next(in)) {
        int length = textLength(in, tag);
        all.putInt(length).put(source, span.at() + in.getTotalBytesRead(), length);
        in.skipRawBytes(length);
      }
      return new TensorContents(all.array(), 0, total);
    }

    private static int textLength(CodedInputStream in, int tag) throws IOException {
      if (WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        throw new IOException("texts of another wire type");
      }
      int length = in.readRawVarint32();
      if (length < 0) {
        throw new IOException("a negative length");
      }
      return length;
    }

    private boolean isFloat() {
      return type == TensorDatatype.FP32 || type == TensorDatatype.FP64;
    }

    private void checkRoom() throws RankException {
      if (count == elements) {
        throw wrongCount(count + 1 + " or more");
      }
    }

    private void number(CodedInputStream in) throws IOException, RankException {
      checkRoom();
      count++;
      if (numbers == null) {
        int most = Math.min(elements, span.length() / (isFloat() ? type.bytes() : 1));
        numbers = ByteBuffer.allocate(most * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
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
            "input "
                + Quoted.text(input)
                + ": "
                + value
                + " (expected: "
                + least
                + " to "
                + most
                + ")");
      }
      return value;
    }

    private RankException wrongCount(String came) {
      return RankException.invalid(
          "input "
              + Quoted.text(input)
              + ": "
              + came
              + " elements in its "
              + type
              + " contents (expected: "
              + elements
              + ", as its shape says)");
    }
  }
}
