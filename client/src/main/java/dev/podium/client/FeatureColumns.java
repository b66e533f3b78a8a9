package dev.podium.client;

import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.RaggedFloatValues;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RaggedStringValues;
import dev.podium.ranking.v1.StringValues;
import java.util.List;

/**
 * Wire columns from arrays. The loops add by index because the generated builders' addValues takes
 * a primitive, where addAllValues would box every value.
 */
final class FeatureColumns {
  private FeatureColumns() {}

  static FeatureColumn of(String name, long[] values) {
    return FeatureColumn.newBuilder().setName(name).setInt64Values(int64(values)).build();
  }

  static FeatureColumn of(String name, float[] values) {
    var column = FloatValues.newBuilder();
    for (float value : values) {
      column.addValues(value);
    }
    return FeatureColumn.newBuilder().setName(name).setFloatValues(column).build();
  }

  static FeatureColumn of(String name, List<String> values) {
    return FeatureColumn.newBuilder().setName(name).setStringValues(strings(values)).build();
  }

  static FeatureColumn ragged(String name, long[] values, int[] rowLengths) {
    checkLengths(name, values.length, rowLengths);
    var column = RaggedInt64Values.newBuilder();
    for (long value : values) {
      column.addValues(value);
    }
    for (int length : rowLengths) {
      column.addRowLengths(length);
    }
    return FeatureColumn.newBuilder().setName(name).setRaggedInt64Values(column).build();
  }

  static FeatureColumn ragged(String name, float[] values, int[] rowLengths) {
    checkLengths(name, values.length, rowLengths);
    var column = RaggedFloatValues.newBuilder();
    for (float value : values) {
      column.addValues(value);
    }
    for (int length : rowLengths) {
      column.addRowLengths(length);
    }
    return FeatureColumn.newBuilder().setName(name).setRaggedFloatValues(column).build();
  }

  static FeatureColumn ragged(String name, List<String> values, int[] rowLengths) {
    checkLengths(name, values.size(), rowLengths);
    var column = RaggedStringValues.newBuilder().addAllValues(values);
    for (int length : rowLengths) {
      column.addRowLengths(length);
    }
    return FeatureColumn.newBuilder().setName(name).setRaggedStringValues(column).build();
  }

  static Int64Values int64(long[] values) {
    var column = Int64Values.newBuilder();
    for (long value : values) {
      column.addValues(value);
    }
    return column.build();
  }

  static StringValues strings(List<String> values) {
    return StringValues.newBuilder().addAllValues(values).build();
  }

  private static void checkLengths(String name, int values, int[] rowLengths) {
    long sum = 0;
    for (int row = 0; row < rowLengths.length; row++) {
      if (rowLengths[row] < 0) {
        throw Problem.feature(name, "length " + rowLengths[row] + " of row " + row, "0 or more");
      }
      sum += rowLengths[row];
    }
    if (sum != values) {
      throw Problem.feature(
          name, "row lengths that add up to " + sum, values + ", the number of values");
    }
  }
}
