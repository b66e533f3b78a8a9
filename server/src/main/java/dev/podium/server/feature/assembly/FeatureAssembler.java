package dev.podium.server.feature.assembly;

import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.SequenceRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.WireType;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.feature.wire.ValueCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/**
 * Writes the columns of requests into the buffers that the runtime reads: looks ids up, fits
 * sequences, fills in defaults. One for each worker and model version; not thread-safe; a request
 * costs it no allocation.
 */
public final class FeatureAssembler {
  private final Feature[] features;
  private final boolean[] seen;
  private final ValueCursor cursor = new ValueCursor();

  /**
   * Whole numbers between decoding and the buffer; small enough to stay in the first-level cache.
   */
  private long[] block = new long[512];

  public FeatureAssembler(Signature signature) {
    this.features = signature.features().toArray(Feature[]::new);
    this.seen = new boolean[features.length];
  }

  /**
   * Fills in one request.
   *
   * @param binding to this signature
   * @param contextRow receives the context features in its row 0; null to have them in every row of
   *     {@code rows} instead. Only if the binding {@link RankBinding#sharesContext}
   * @param rows receives {@link RankBinding#rows()} rows
   * @param firstRow where in {@code rows} the first goes
   * @param tally what was put right is added to this
   * @throws RankException INVALID_ARGUMENT, naming the feature; the rows' content is then undefined
   */
  void assemble(
      RankBinding binding,
      TensorBuffers contextRow,
      TensorBuffers rows,
      int firstRow,
      AssemblyTally tally)
      throws RankException {
    RankMessage request = binding.message();
    Arrays.fill(seen, false);
    int count = request.rows();
    for (int column = 0; column < request.columnCount(); column++) {
      int index = binding.feature(column);
      Feature feature = features[index];
      seen[index] = true;
      boolean once = request.isContext(column);
      cursor.open(request, column, request.isContext(column) ? 1 : count);
      if (once && contextRow != null && feature.role() == FeatureRole.CONTEXT) {
        write(request, column, index, contextRow, 0, 1, tally);
      } else if (once) {
        if (count > 0) {
          write(request, column, index, rows, firstRow, 1, tally);
          Defaults.repeat(feature, rows, firstRow, count);
        }
      } else {
        write(request, column, index, rows, firstRow, count, tally);
      }
    }
    for (int index = 0; index < features.length; index++) {
      if (!seen[index]) {
        Feature feature = features[index];
        tally.countDefaulted(index);
        if (contextRow != null && feature.role() == FeatureRole.CONTEXT) {
          Defaults.fill(feature, contextRow, 0);
        } else if (count > 0) {
          Defaults.fill(feature, rows, firstRow);
          Defaults.repeat(feature, rows, firstRow, count);
        }
      }
    }
  }

  private void write(
      RankMessage request,
      int column,
      int index,
      TensorBuffers target,
      int firstRow,
      int count,
      AssemblyTally tally)
      throws RankException {
    Feature feature = features[index];
    checkWireKind(request, column, feature);
    if (feature.kind() == FeatureKind.SEQUENCE) {
      writeSequences(index, target, firstRow, count, request.isContext(column), tally);
      return;
    }
    if (cursor.isRaw() && cursor.declaredRows() != count) {
      throw ColumnErrors.wrongRows(
          feature, cursor.declaredRows(), request.isContext(column), count);
    }
    if (!BulkCopy.copy(cursor, feature, target, firstRow, count)) {
      if (feature.wireType() == WireType.INT64) {
        writeNumbers(index, target, firstRow, count, request.isContext(column), tally);
      } else {
        writeValues(index, target, firstRow, count, request.isContext(column), tally);
      }
    }
    if (cursor.hasNext()) {
      long sent = (long) count * feature.width() + cursor.drain();
      throw ColumnErrors.wrongValues(feature, sent, request.isContext(column), count);
    }
  }

  /** Writes real numbers and text value by value. */
  private void writeValues(
      int index,
      TensorBuffers target,
      int firstRow,
      int count,
      boolean context,
      AssemblyTally tally)
      throws RankException {
    Feature feature = features[index];
    int width = feature.width();
    for (int row = 0; row < count; row++) {
      int element = (firstRow + row) * target.rowElements(feature.input()) + feature.column();
      for (int i = 0; i < width; i++) {
        if (!cursor.hasNext()) {
          throw ColumnErrors.wrongValues(feature, (long) row * width + i, context, count);
        }
        writeValue(index, target, element + i, row, tally);
      }
    }
  }

  /** Writes whole numbers a block of rows at a time: decode, look up, store. */
  private void writeNumbers(
      int index,
      TensorBuffers target,
      int firstRow,
      int count,
      boolean context,
      AssemblyTally tally)
      throws RankException {
    Feature feature = features[index];
    int width = feature.width();
    reserve(width);
    int rowsInBlock = block.length / width;
    int rowElements = target.rowElements(feature.input());
    for (int row = 0; row < count; row += rowsInBlock) {
      int rows = Math.min(rowsInBlock, count - row);
      int got = cursor.nextLongs(block, rows * width);
      if (got < rows * width) {
        throw ColumnErrors.wrongValues(feature, (long) row * width + got, context, count);
      }
      lookUp(index, got, row, width, tally);
      int element = (firstRow + row) * rowElements + feature.column();
      store(feature, target, element, got, width, rowElements, row);
    }
  }

  private void reserve(int values) {
    if (block.length < values) {
      block = new long[values];
    }
  }

  /** Turns the block's values into ids. */
  private void lookUp(int index, int count, int firstRow, int width, AssemblyTally tally)
      throws RankException {
    IdRule ids = features[index].ids();
    if (ids == IdRule.NONE) {
      return;
    }
    long[] values = block;
    if (ids instanceof IdRule.Bounded bounded) {
      long size = bounded.size();
      for (int i = 0; i < count; i++) {
        if (values[i] < 0 || values[i] >= size) {
          values[i] = unknown(index, values[i], firstRow + i / width, tally);
        }
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      long id = ids.ofNumber(values[i]);
      if (id == IdRule.NO_ID) {
        id = unknown(index, values[i], firstRow + i / width, tally);
      }
      values[i] = id;
    }
  }

  /**
   * Stores the block from an element on: runs of {@code width} values, {@code stride} elements
   * apart.
   */
  private void store(
      Feature feature, TensorBuffers target, int element, int count, int width, int stride, int row)
      throws RankException {
    ByteBuffer buffer = target.numbers(feature.input());
    TensorDtype type = target.specs().get(feature.input()).type();
    if (type == TensorDtype.INT64 && width == stride) {
      target.longs(feature.input()).put(element, block, 0, count);
      return;
    }
    for (int i = 0, run = element; i < count; run += stride) {
      for (int e = run; e < run + width; e++, i++) {
        putLong(feature, buffer, type, e, block[i], row + i / width);
      }
    }
  }

  private void writeSequences(
      int index,
      TensorBuffers target,
      int firstRow,
      int count,
      boolean context,
      AssemblyTally tally)
      throws RankException {
    Feature feature = features[index];
    SequenceRule rule = feature.sequence();
    if (cursor.declaredRows() != count) {
      throw ColumnErrors.wrongRows(feature, cursor.declaredRows(), context, count);
    }
    long total = 0;
    for (int row = 0; row < count; row++) {
      int length = cursor.isRaw() ? (int) cursor.rawRowElements() : cursor.rowLength(row);
      total += length;
      int kept = Math.min(length, feature.width());
      int dropped = length - kept;
      if (dropped > 0) {
        tally.countTruncated(index);
      }
      if (rule.cutLeft()) {
        cursor.skip(dropped);
      }
      int element = (firstRow + row) * target.rowElements(feature.input()) + feature.column();
      int pad = feature.width() - kept;
      int first = rule.padLeft() ? element + pad : element;
      writeSequence(index, target, first, kept, row, tally);
      if (!rule.cutLeft()) {
        cursor.skip(dropped);
      }
      target.pad(feature.input(), rule.padLeft() ? element : element + kept, pad, rule.padding());
      if (firstRow + row == 0) {
        target.setSent(feature.input(), kept);
      }
    }
    if (cursor.hasNext()) {
      throw ColumnErrors.wrongLengths(
          feature, total + " (expected: " + (total + cursor.drain()) + ", the number of values)");
    }
  }

  /** Writes one row's values. */
  private void writeSequence(
      int index, TensorBuffers target, int element, int count, int row, AssemblyTally tally)
      throws RankException {
    Feature feature = features[index];
    int got = 0;
    if (count > 0 && feature.wireType() == WireType.INT64) {
      reserve(count);
      got = cursor.nextLongs(block, count);
      lookUp(index, got, row, count, tally);
      store(feature, target, element, got, got == 0 ? 1 : got, got, row);
    } else {
      while (got < count && cursor.hasNext()) {
        writeValue(index, target, element + got, row, tally);
        got++;
      }
    }
    if (got < count) {
      throw ColumnErrors.wrongLengths(feature, "more than the values that came");
    }
  }

  /** Writes the cursor's next number or text to an element of the feature's input. */
  private void writeValue(
      int index, TensorBuffers target, int element, int row, AssemblyTally tally)
      throws RankException {
    Feature feature = features[index];
    TensorDtype type = target.specs().get(feature.input()).type();
    switch (feature.wireType()) {
      case INT64 -> throw new AssertionError("whole numbers are written in blocks");
      case FLOAT -> {
        double value = cursor.nextDouble();
        if (feature.finite() && !Double.isFinite(value)) {
          throw ColumnErrors.notFinite(feature, value, row);
        }
        target.putNumber(feature.input(), element, value);
      }
      case STRING -> {
        cursor.nextText();
        if (type == TensorDtype.STRING) {
          target.strings(feature.input())[element] = text();
          return;
        }
        long id = feature.ids().ofText(cursor.bytes(), cursor.textAt(), cursor.textLength());
        if (id == IdRule.NO_ID) {
          id = outOfVocabulary(index, tally);
          if (id == IdRule.NO_ID) {
            String shown = Quoted.utf8(cursor.bytes(), cursor.textAt(), cursor.textLength());
            throw ColumnErrors.outOfVocabulary(feature, shown, row);
          }
        }
        putLong(feature, target.numbers(feature.input()), type, element, id, row);
      }
    }
  }

  private String text() {
    return new String(cursor.bytes(), cursor.textAt(), cursor.textLength(), StandardCharsets.UTF_8);
  }

  /** The id for a number that has none. */
  private long unknown(int index, long value, int row, AssemblyTally tally) throws RankException {
    long id = outOfVocabulary(index, tally);
    if (id == IdRule.NO_ID) {
      throw ColumnErrors.outOfVocabulary(features[index], Long.toString(value), row);
    }
    return id;
  }

  private long outOfVocabulary(int index, AssemblyTally tally) {
    long id = features[index].ids().outOfVocabulary();
    if (id != IdRule.NO_ID) {
      tally.countOutOfVocabulary(index);
    }
    return id;
  }

  private static void putLong(
      Feature feature, ByteBuffer buffer, TensorDtype type, int element, long value, int row)
      throws RankException {
    switch (type) {
      case INT64 -> buffer.putLong(element * Long.BYTES, value);
      case INT32 -> {
        if (value != (int) value) {
          throw ColumnErrors.outOfRange(feature, value, row, "-2147483648 to 2147483647");
        }
        buffer.putInt(element * Integer.BYTES, (int) value);
      }
      case FLOAT -> buffer.putFloat(element * Float.BYTES, value);
      case DOUBLE -> buffer.putDouble(element * Double.BYTES, value);
      case BOOL -> {
        if (value != 0 && value != 1) {
          throw ColumnErrors.outOfRange(feature, value, row, "0 or 1");
        }
        buffer.put(element, (byte) value);
      }
      case STRING -> throw new AssertionError("a number can't go to text input of " + feature);
    }
  }

  private void checkWireKind(RankMessage request, int column, Feature feature)
      throws RankException {
    boolean fits =
        switch (cursor.coding()) {
          case VARINT, RAW_INT32, RAW_INT64, RAW_BYTE -> feature.wireType() == WireType.INT64;
          case FLOAT32, RAW_FLOAT64 -> feature.wireType() == WireType.FLOAT;
          case TEXT -> feature.wireType() == WireType.STRING;
        };
    boolean sequence = feature.kind() == FeatureKind.SEQUENCE;
    if (!fits || !(cursor.isRaw() || cursor.isRagged() == sequence)) {
      throw ColumnErrors.wrongKind(feature, sent(request.kind(column)));
    }
  }

  private String sent(int kind) {
    FeatureColumn.ValuesCase values = FeatureColumn.ValuesCase.forNumber(kind);
    return cursor.isRaw()
        ? "raw tensor of " + cursor.coding()
        : values.name().toLowerCase(Locale.ROOT);
  }
}
