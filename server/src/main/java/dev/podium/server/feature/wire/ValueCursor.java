package dev.podium.server.feature.wire;

import com.google.protobuf.WireFormat;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.server.fault.RankException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Walks the values of one column where they lie in the message. Reused for every column of every
 * request, so that a column costs no object. Takes packed and unpacked fields, in one piece or in
 * several, as protobuf demands.
 *
 * <p>Use: {@link #open}, then {@link #hasNext} before each {@link #nextLong}, {@link #nextDouble}
 * or {@link #nextText}.
 */
public final class ValueCursor extends FieldCursor {
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  /** How one value lies in the bytes. */
  public enum Coding {
    VARINT(WireFormat.WIRETYPE_VARINT),
    FLOAT32(WireFormat.WIRETYPE_FIXED32),
    TEXT(WireFormat.WIRETYPE_LENGTH_DELIMITED),
    RAW_INT32(-1),
    RAW_INT64(-1),
    RAW_FLOAT64(-1),
    RAW_BYTE(-1);

    private final int wireType;

    Coding(int wireType) {
      this.wireType = wireType;
    }
  }

  private static final int IDS = -1;
  private static final int VALUES_FIELD = 1;
  private static final int ROW_LENGTHS_FIELD = 2;

  private RankMessage request;
  private int column;
  private Coding coding;
  private int field;
  private int textAt;
  private int textLength;

  /**
   * The next value is a text of no bytes, which leaves nothing between {@code at} and {@code
   * chunkEnd}.
   */
  private boolean emptyText;

  /** Of the rows that are expected; those too many are only counted. */
  private int[] rowLengths = new int[64];

  private int rowCount;
  private boolean ragged;
  private boolean raw;
  private final RawTensorHead rawTensor = new RawTensorHead(this::what);

  /**
   * Starts on a column of a request.
   *
   * @param rows that it should have; lengths of more are counted, but not kept
   * @throws RankException INVALID_ARGUMENT if the column has no values or is malformed
   */
  public void open(RankMessage from, int which, int rows) throws RankException {
    request = from;
    column = which;
    start(from.bytes(), from.valuesAt(which), from.valuesEnd(which));
    switch (from.kind(which)) {
      case FeatureColumn.INT64_VALUES_FIELD_NUMBER -> coding = Coding.VARINT;
      case FeatureColumn.FLOAT_VALUES_FIELD_NUMBER -> coding = Coding.FLOAT32;
      case FeatureColumn.STRING_VALUES_FIELD_NUMBER -> coding = Coding.TEXT;
      case FeatureColumn.RAGGED_INT64_VALUES_FIELD_NUMBER -> openRagged(Coding.VARINT, rows);
      case FeatureColumn.RAGGED_FLOAT_VALUES_FIELD_NUMBER -> openRagged(Coding.FLOAT32, rows);
      case FeatureColumn.RAGGED_STRING_VALUES_FIELD_NUMBER -> openRagged(Coding.TEXT, rows);
      case FeatureColumn.RAW_FIELD_NUMBER -> openRaw();
      default -> throw RankException.invalid(what() + ": no values (expected: one of the oneof)");
    }
  }

  /** Starts on the candidates' ids. */
  void openIds(RankMessage from, boolean text) {
    request = from;
    column = IDS;
    start(from.bytes(), from.idsAt(), from.idsEnd());
    coding = text ? Coding.TEXT : Coding.VARINT;
  }

  private void start(byte[] message, int from, int to) {
    bytes = message;
    startAt(from, to);
    field = VALUES_FIELD;
    ragged = false;
    raw = false;
    emptyText = false;
  }

  /** Whether values come as rows of varying length. */
  public boolean isRagged() {
    return ragged;
  }

  /** Whether values come as a raw tensor. */
  public boolean isRaw() {
    return raw;
  }

  public Coding coding() {
    return coding;
  }

  /** Number of rows that a ragged column or a raw tensor declares. */
  public long declaredRows() {
    return raw ? rawTensor.rows() : rowCount;
  }

  /** Values in one row of a raw tensor. */
  public long rawRowElements() {
    return rawTensor.rowElements();
  }

  /** Number of values in a row of a ragged column. */
  public int rowLength(int row) {
    return rowLengths[row];
  }

  /** The message that holds the values. */
  public byte[] bytes() {
    return bytes;
  }

  /** Position in the bytes of the next value, if {@link #contiguous} of them follow. */
  public int position() {
    return at;
  }

  /**
   * Whether all values lie in one piece of exactly this many bytes, so that they can be copied at
   * once.
   */
  public boolean contiguous(long byteCount) throws RankException {
    return hasNext() && chunkEnd - at == byteCount && next == end;
  }

  /** Uses up the piece that {@link #contiguous} found. */
  public void finish() {
    at = chunkEnd;
  }

  public boolean hasNext() throws RankException {
    return at < chunkEnd || nextChunk();
  }

  /**
   * Decodes the next values into an array, in one tight loop: calls by value cost several times the
   * decoding.
   *
   * @return how many there were, at most {@code count}
   */
  public int nextLongs(long[] into, int count) throws RankException {
    int done = 0;
    while (done < count && hasNext()) {
      if (coding == Coding.VARINT) {
        done = varints(into, done, count);
      } else {
        into[done++] = nextLong();
      }
    }
    return done;
  }

  /** Decodes varints of the current piece up to its end or until the count is reached. */
  private int varints(long[] into, int from, int count) throws RankException {
    byte[] in = bytes;
    int p = at;
    int stop = chunkEnd;
    int done = from;
    // Two bytes hold ids below 16,384, three bytes those below 2,097,152.
    while (done < count && p + 2 < stop) {
      int b0 = in[p];
      int b1 = in[p + 1];
      int b2 = in[p + 2];
      if (b0 >= 0) {
        into[done++] = b0;
        p += 1;
      } else if (b1 >= 0) {
        into[done++] = b0 & 0x7F | b1 << 7;
        p += 2;
      } else if (b2 >= 0) {
        into[done++] = b0 & 0x7F | (b1 & 0x7F) << 7 | b2 << 14;
        p += 3;
      } else {
        at = p;
        into[done++] = varint();
        p = at;
      }
    }
    at = p;
    while (done < count && at < stop) {
      into[done++] = varint();
    }
    return done;
  }

  public long nextLong() throws RankException {
    switch (coding) {
      case VARINT -> {
        return varint();
      }
      case RAW_INT64 -> {
        long value = (long) LONG.get(bytes, at);
        at += Long.BYTES;
        return value;
      }
      case RAW_INT32 -> {
        int value = (int) INT.get(bytes, at);
        at += Integer.BYTES;
        return value;
      }
      default -> {
        return bytes[at++];
      }
    }
  }

  public double nextDouble() {
    if (coding == Coding.RAW_FLOAT64) {
      double value = Double.longBitsToDouble((long) LONG.get(bytes, at));
      at += Double.BYTES;
      return value;
    }
    float value = Float.intBitsToFloat((int) INT.get(bytes, at));
    at += Float.BYTES;
    return value;
  }

  /** Moves to the next text, which {@link #textAt} and {@link #textLength} then give. */
  public void nextText() {
    textAt = at;
    textLength = chunkEnd - at;
    at = chunkEnd;
    emptyText = false;
  }

  public int textAt() {
    return textAt;
  }

  public int textLength() {
    return textLength;
  }

  /** Passes over values. */
  public void skip(int count) throws RankException {
    for (int i = 0; i < count && hasNext(); i++) {
      if (coding == Coding.TEXT) {
        nextText();
      } else if (coding == Coding.FLOAT32 || coding == Coding.RAW_FLOAT64) {
        nextDouble();
      } else {
        nextLong();
      }
    }
  }

  /** Number of values left; uses them up. */
  public long drain() throws RankException {
    return drain(Long.MAX_VALUE);
  }

  /** As {@link #drain()}, but stops at a number. */
  long drain(long most) throws RankException {
    long count = 0;
    while (count < most && hasNext()) {
      skip(1);
      count++;
    }
    return count;
  }

  private void openRagged(Coding values, int rows) throws RankException {
    ragged = true;
    coding = Coding.VARINT;
    field = ROW_LENGTHS_FIELD;
    int start = next;
    rowCount = 0;
    while (hasNext()) {
      long length = varint();
      if (length < 0 || length > Integer.MAX_VALUE) {
        throw RankException.invalid(
            what() + ": row length " + length + " (expected: 0 to 2147483647)");
      }
      if (rowCount < rows) {
        if (rowCount == rowLengths.length) {
          rowLengths = Arrays.copyOf(rowLengths, Math.min(rows, rowCount * 2));
        }
        rowLengths[rowCount] = (int) length;
      }
      rowCount++;
    }
    next = at = chunkEnd = start;
    field = VALUES_FIELD;
    coding = values;
  }

  private void openRaw() throws RankException {
    raw = true;
    rawTensor.read(bytes, next, end);
    coding = rawTensor.coding();
    at = rawTensor.dataAt();
    chunkEnd = rawTensor.dataEnd();
    next = end;
  }

  /** Finds the next piece of the field that is being walked. */
  private boolean nextChunk() throws RankException {
    if (emptyText) {
      return true;
    }
    while (next < end) {
      int tag = readInt();
      if (tag >>> 3 != field) {
        skipField(tag);
        continue;
      }
      int wireType = tag & 7;
      if (wireType == WireFormat.WIRETYPE_LENGTH_DELIMITED) {
        int length = readLength(tag);
        at = next;
        chunkEnd = next += length;
        if (coding == Coding.FLOAT32 && length % Float.BYTES != 0) {
          throw malformed();
        }
        if (length > 0) {
          return true;
        }
        if (coding == Coding.TEXT) {
          emptyText = true;
          return true;
        }
      } else if (wireType == coding.wireType) {
        at = next;
        skipField(tag);
        chunkEnd = next;
        return true;
      } else {
        throw malformed();
      }
    }
    return false;
  }

  @Override
  String what() {
    return column == IDS ? "candidates.ids" : "feature " + request.columnName(column);
  }
}
