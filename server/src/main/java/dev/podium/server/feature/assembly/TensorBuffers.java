package dev.podium.server.feature.assembly;

import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Memory for the inputs of a graph, a fixed number of rows each: direct buffers in native byte
 * order, which the runtime reads where they lie. Made once and refilled; has one owner at a time
 * and no locks.
 */
public final class TensorBuffers {
  private final List<TensorSpec> specs;
  private final int capacity;
  private final ByteBuffer[] numbers;
  private final LongBuffer[] longs;
  private final String[][] strings;
  private final int[] rowBytes;
  private final int[] rowElements;

  /** Of the first row, how many elements of each input were sent. */
  private final int[] sent;

  /**
   * @param specs the inputs; an input's index here is its index in every method
   * @param capacity rows that fit, at least 1
   */
  public TensorBuffers(List<TensorSpec> specs, int capacity) {
    this.specs = List.copyOf(specs);
    this.capacity = capacity;
    numbers = new ByteBuffer[specs.size()];
    longs = new LongBuffer[specs.size()];
    strings = new String[specs.size()][];
    rowBytes = new int[specs.size()];
    rowElements = new int[specs.size()];
    sent = new int[specs.size()];
    for (int i = 0; i < numbers.length; i++) {
      TensorSpec spec = specs.get(i);
      rowElements[i] = spec.rowElements();
      sent[i] = rowElements[i];
      if (spec.type() == TensorDtype.STRING) {
        strings[i] = new String[Math.multiplyExact(capacity, rowElements[i])];
        Arrays.fill(strings[i], "");
      } else {
        rowBytes[i] = Math.multiplyExact(rowElements[i], spec.type().bytes());
        numbers[i] =
            ByteBuffer.allocateDirect(Math.multiplyExact(capacity, rowBytes[i]))
                .order(ByteOrder.nativeOrder());
        if (spec.type() == TensorDtype.INT64) {
          longs[i] = numbers[i].asLongBuffer();
        }
      }
    }
  }

  private TensorBuffers(TensorBuffers memory, List<TensorSpec> specs, int[] from) {
    this.specs = List.copyOf(specs);
    capacity = 1;
    numbers = new ByteBuffer[from.length];
    longs = new LongBuffer[from.length];
    strings = memory.strings;
    rowBytes = new int[from.length];
    rowElements = new int[from.length];
    sent = new int[from.length];
    for (int i = 0; i < from.length; i++) {
      rowElements[i] = specs.get(i).rowElements();
      if (memory.numbers[i] != null) {
        int size = specs.get(i).type().bytes();
        rowBytes[i] = rowElements[i] * size;
        numbers[i] =
            memory.numbers[i].slice(from[i] * size, rowBytes[i]).order(ByteOrder.nativeOrder());
        longs[i] = memory.longs[i] == null ? null : numbers[i].asLongBuffer();
      }
    }
  }

  /**
   * A stretch of the first row in the same memory.
   *
   * @param specs the same inputs, numbers perhaps with fewer elements
   * @param from the first element of each
   */
  public TensorBuffers firstRow(List<TensorSpec> specs, int[] from) {
    return new TensorBuffers(this, specs, from);
  }

  public List<TensorSpec> specs() {
    return specs;
  }

  /** Rows that fit. */
  public int capacity() {
    return capacity;
  }

  /**
   * The memory of a numeric input. Use absolute access: position and limit stay as they are. Null
   * for text.
   */
  public ByteBuffer numbers(int input) {
    return numbers[input];
  }

  /**
   * The memory of an int64 input, counted in elements; use absolute access. Null for other types.
   */
  public LongBuffer longs(int input) {
    return longs[input];
  }

  /** The values of a text input, row-major. Null for numbers. */
  public String[] strings(int input) {
    return strings[input];
  }

  /** Bytes in one row of a numeric input. */
  public int rowBytes(int input) {
    return rowBytes[input];
  }

  /** Elements in one row of an input. */
  public int rowElements(int input) {
    return rowElements[input];
  }

  /**
   * How many positions of the first row's sequence came with the request; the others are padding.
   * What a position holds does not tell: an id may be the padding's.
   */
  public int sent(int input) {
    return sent[input];
  }

  /** Notes how many positions of the first row's sequence came with the request. */
  public void setSent(int input, int positions) {
    sent[input] = positions;
  }

  /** Direct memory held, in bytes. */
  public long directBytes() {
    long sum = 0;
    for (ByteBuffer buffer : numbers) {
      sum += buffer == null ? 0 : buffer.capacity();
    }
    return sum;
  }

  /** Writes a number to an element of a numeric input, in the input's own type. */
  public void putNumber(int input, int element, double value) {
    ByteBuffer buffer = numbers[input];
    switch (specs.get(input).type()) {
      case INT64 -> buffer.putLong(element * Long.BYTES, (long) value);
      case INT32 -> buffer.putInt(element * Integer.BYTES, (int) value);
      case FLOAT -> buffer.putFloat(element * Float.BYTES, (float) value);
      case DOUBLE -> buffer.putDouble(element * Double.BYTES, value);
      case BOOL -> buffer.put(element, (byte) (value != 0 ? 1 : 0));
      case STRING -> throw new AssertionError("a number can't go to a text input");
    }
  }

  /** An element of a numeric input as a number. */
  public double number(int input, int element) {
    ByteBuffer buffer = numbers[input];
    return switch (specs.get(input).type()) {
      case INT64 -> buffer.getLong(element * Long.BYTES);
      case INT32 -> buffer.getInt(element * Integer.BYTES);
      case FLOAT -> buffer.getFloat(element * Float.BYTES);
      case DOUBLE -> buffer.getDouble(element * Double.BYTES);
      case BOOL -> buffer.get(element);
      case STRING -> throw new AssertionError("a text input has no numbers");
    };
  }

  /** Fills elements with a sequence's padding: the number, or the empty text. */
  public void pad(int input, int element, int count, double value) {
    for (int e = element; e < element + count; e++) {
      if (strings[input] != null) {
        strings[input][e] = "";
      } else {
        putNumber(input, e, value);
      }
    }
  }

  /** Copies a range of columns of one row to the rows after it, {@code count} rows in all. */
  public void repeat(int input, int column, int width, int row, int count) {
    int stride = rowElements[input];
    int first = row * stride + column;
    String[] text = strings[input];
    if (text != null) {
      for (int i = 1; i < count; i++) {
        System.arraycopy(text, first, text, first + i * stride, width);
      }
      return;
    }
    ByteBuffer buffer = numbers[input];
    int size = specs.get(input).type().bytes();
    int from = first * size;
    int length = width * size;
    if (width == stride) {
      // Whole rows: the part that is filled doubles with each copy.
      int filled = 1;
      while (filled < count) {
        int rows = Math.min(filled, count - filled);
        buffer.put(from + filled * length, buffer, from, rows * length);
        filled += rows;
      }
      return;
    }
    for (int i = 1; i < count; i++) {
      buffer.put(from + i * stride * size, buffer, from, length);
    }
  }

  /**
   * Copies whole rows from other buffers.
   *
   * @param source its inputs are the first of these buffers' inputs, or all of them
   */
  public void copyRows(TensorBuffers source, int sourceRow, int targetRow, int rows) {
    for (int i = 0; i < source.numbers.length; i++) {
      if (targetRow == 0) {
        sent[i] = sourceRow == 0 ? source.sent[i] : rowElements[i];
      }
      if (numbers[i] != null) {
        numbers[i].put(
            targetRow * rowBytes[i],
            source.numbers[i],
            sourceRow * rowBytes[i],
            rows * rowBytes[i]);
      } else {
        System.arraycopy(
            source.strings[i],
            sourceRow * rowElements[i],
            strings[i],
            targetRow * rowElements[i],
            rows * rowElements[i]);
      }
    }
  }
}
