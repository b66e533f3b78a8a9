package dev.podium.client;

import com.google.protobuf.ByteString;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.RaggedFloatValues;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RaggedStringValues;
import dev.podium.ranking.v1.RawTensor;
import dev.podium.ranking.v1.StringValues;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Cuts columns at row bounds. Values are copied by index, which boxes none; raw bytes are shared.
 *
 * <p>{@code bounds} has one more entry than there are parts: part i gets the rows from bounds[i] to
 * bounds[i + 1] - 1.
 */
final class ColumnCutter {
  private ColumnCutter() {}

  /**
   * Cuts ids and columns of a batch; false if one of them does not have the batch's number of rows.
   */
  static boolean cutInto(List<CandidateBatch.Builder> parts, CandidateBatch batch, int[] bounds) {
    if (!cutIds(parts, batch.getIds(), bounds)) {
      return false;
    }
    for (FeatureColumn column : batch.getColumnsList()) {
      if (!cutColumn(parts, column, bounds)) {
        return false;
      }
    }
    return true;
  }

  private static boolean cutIds(
      List<CandidateBatch.Builder> parts, CandidateIds ids, int[] bounds) {
    int rows = bounds[parts.size()];
    switch (ids.getIdsCase()) {
      case INT64_IDS -> {
        Int64Values values = ids.getInt64Ids();
        if (values.getValuesCount() != rows) {
          return false;
        }
        for (int i = 0; i < parts.size(); i++) {
          parts.get(i).getIdsBuilder().setInt64Ids(cut(values, bounds[i], bounds[i + 1]));
        }
      }
      case STRING_IDS -> {
        StringValues values = ids.getStringIds();
        if (values.getValuesCount() != rows) {
          return false;
        }
        for (int i = 0; i < parts.size(); i++) {
          parts.get(i).getIdsBuilder().setStringIds(cut(values, bounds[i], bounds[i + 1]));
        }
      }
      case IDS_NOT_SET -> {}
    }
    return true;
  }

  private static boolean cutColumn(
      List<CandidateBatch.Builder> parts, FeatureColumn column, int[] bounds) {
    int rows = bounds[parts.size()];
    int[] ends = valueBounds(column, rows, bounds);
    if (ends == null) {
      return false;
    }
    for (int i = 0; i < parts.size(); i++) {
      FeatureColumn.Builder part = parts.get(i).addColumnsBuilder().setName(column.getName());
      int from = ends[i];
      int to = ends[i + 1];
      switch (column.getValuesCase()) {
        case INT64_VALUES -> part.setInt64Values(cut(column.getInt64Values(), from, to));
        case FLOAT_VALUES -> part.setFloatValues(cut(column.getFloatValues(), from, to));
        case STRING_VALUES -> part.setStringValues(cut(column.getStringValues(), from, to));
        case RAGGED_INT64_VALUES -> {
          RaggedInt64Values whole = column.getRaggedInt64Values();
          var cut = RaggedInt64Values.newBuilder();
          for (int value = from; value < to; value++) {
            cut.addValues(whole.getValues(value));
          }
          for (int row = bounds[i]; row < bounds[i + 1]; row++) {
            cut.addRowLengths(whole.getRowLengths(row));
          }
          part.setRaggedInt64Values(cut);
        }
        case RAGGED_FLOAT_VALUES -> {
          RaggedFloatValues whole = column.getRaggedFloatValues();
          var cut = RaggedFloatValues.newBuilder();
          for (int value = from; value < to; value++) {
            cut.addValues(whole.getValues(value));
          }
          for (int row = bounds[i]; row < bounds[i + 1]; row++) {
            cut.addRowLengths(whole.getRowLengths(row));
          }
          part.setRaggedFloatValues(cut);
        }
        case RAGGED_STRING_VALUES -> {
          RaggedStringValues whole = column.getRaggedStringValues();
          var cut =
              RaggedStringValues.newBuilder().addAllValues(whole.getValuesList().subList(from, to));
          for (int row = bounds[i]; row < bounds[i + 1]; row++) {
            cut.addRowLengths(whole.getRowLengths(row));
          }
          part.setRaggedStringValues(cut);
        }
        case RAW -> {
          RawTensor whole = column.getRaw();
          ByteString data = whole.getData().substring(from, to);
          part.setRaw(whole.toBuilder().setShape(0, bounds[i + 1] - bounds[i]).setData(data));
        }
        case VALUES_NOT_SET -> throw new AssertionError("valueBounds refused it");
      }
    }
    return true;
  }

  /**
   * The bounds in values (in bytes, for raw ones) that the bounds in rows stand for; null if the
   * column can't be cut.
   */
  private static int[] valueBounds(FeatureColumn column, int rows, int[] bounds) {
    return switch (column.getValuesCase()) {
      case INT64_VALUES -> flat(column.getInt64Values().getValuesCount(), rows, bounds);
      case FLOAT_VALUES -> flat(column.getFloatValues().getValuesCount(), rows, bounds);
      case STRING_VALUES -> flat(column.getStringValues().getValuesCount(), rows, bounds);
      case RAGGED_INT64_VALUES -> {
        RaggedInt64Values values = column.getRaggedInt64Values();
        yield values.getRowLengthsCount() == rows
            ? ragged(values.getValuesCount(), values::getRowLengths, bounds)
            : null;
      }
      case RAGGED_FLOAT_VALUES -> {
        RaggedFloatValues values = column.getRaggedFloatValues();
        yield values.getRowLengthsCount() == rows
            ? ragged(values.getValuesCount(), values::getRowLengths, bounds)
            : null;
      }
      case RAGGED_STRING_VALUES -> {
        RaggedStringValues values = column.getRaggedStringValues();
        yield values.getRowLengthsCount() == rows
            ? ragged(values.getValuesCount(), values::getRowLengths, bounds)
            : null;
      }
      case RAW -> {
        RawTensor tensor = column.getRaw();
        yield tensor.getShapeCount() > 0 && tensor.getShape(0) == rows
            ? flat(tensor.getData().size(), rows, bounds)
            : null;
      }
      case VALUES_NOT_SET -> null;
    };
  }

  private static int[] flat(int values, int rows, int[] bounds) {
    if (values == 0 || values % rows != 0) {
      return null;
    }
    int width = values / rows;
    int[] ends = new int[bounds.length];
    for (int i = 0; i < ends.length; i++) {
      ends[i] = bounds[i] * width;
    }
    return ends;
  }

  private static int[] ragged(int values, IntUnaryOperator rowLength, int[] bounds) {
    int[] ends = new int[bounds.length];
    long end = 0;
    int row = 0;
    for (int i = 0; i < ends.length; i++) {
      for (; row < bounds[i]; row++) {
        end += Integer.toUnsignedLong(rowLength.applyAsInt(row));
      }
      if (end > values) {
        return null;
      }
      ends[i] = (int) end;
    }
    return end == values ? ends : null;
  }

  private static Int64Values cut(Int64Values values, int from, int to) {
    var cut = Int64Values.newBuilder();
    for (int i = from; i < to; i++) {
      cut.addValues(values.getValues(i));
    }
    return cut.build();
  }

  private static FloatValues cut(FloatValues values, int from, int to) {
    var cut = FloatValues.newBuilder();
    for (int i = from; i < to; i++) {
      cut.addValues(values.getValues(i));
    }
    return cut.build();
  }

  private static StringValues cut(StringValues values, int from, int to) {
    return StringValues.newBuilder().addAllValues(values.getValuesList().subList(from, to)).build();
  }
}
