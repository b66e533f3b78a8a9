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
 * A candidate feature that grows row by row. The values go straight into the wire message's
 * builder, which is a growing array of primitives: nothing is boxed, and nothing is copied again
 * before it is sent.
 */
abstract sealed class GrowingColumn {
  private final String name;
  private final String holds;
  int rows;

  private GrowingColumn(String name, String holds) {
    this.name = name;
    this.holds = holds;
  }

  /** What the column holds, for messages. */
  final String holds() {
    return holds;
  }

  final FeatureColumn build() {
    FeatureColumn.Builder column = FeatureColumn.newBuilder().setName(name);
    buildInto(column);
    return column.build();
  }

  abstract void buildInto(FeatureColumn.Builder column);

  static final class Numbers extends GrowingColumn {
    private final Int64Values.Builder values = Int64Values.newBuilder();

    Numbers(String name) {
      super(name, "one whole number");
    }

    void add(long value) {
      values.addValues(value);
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setInt64Values(values.build());
    }
  }

  static final class Reals extends GrowingColumn {
    private final FloatValues.Builder values = FloatValues.newBuilder();

    Reals(String name) {
      super(name, "one real number");
    }

    void add(float value) {
      values.addValues(value);
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setFloatValues(values.build());
    }
  }

  static final class Texts extends GrowingColumn {
    private final StringValues.Builder values = StringValues.newBuilder();

    Texts(String name) {
      super(name, "one text");
    }

    void add(String value) {
      values.addValues(value);
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setStringValues(values.build());
    }
  }

  static final class RealVectors extends GrowingColumn {
    private final FloatValues.Builder values = FloatValues.newBuilder();
    private int width;

    RealVectors(String name) {
      super(name, "a vector of real numbers");
    }

    void add(float[] vector, RankingRequest.Builder request) {
      if (rows == 0) {
        width = vector.length;
      } else if (vector.length != width) {
        throw Problem.feature(
            super.name,
            vector.length + " values for " + request.candidate(rows),
            width + ", as for the candidates before it");
      }
      for (float value : vector) {
        values.addValues(value);
      }
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setFloatValues(values.build());
    }
  }

  static final class NumberLists extends GrowingColumn {
    private final RaggedInt64Values.Builder values = RaggedInt64Values.newBuilder();

    NumberLists(String name) {
      super(name, "a sequence of whole numbers");
    }

    void add(long[] row) {
      for (long value : row) {
        values.addValues(value);
      }
      values.addRowLengths(row.length);
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setRaggedInt64Values(values.build());
    }
  }

  static final class RealLists extends GrowingColumn {
    private final RaggedFloatValues.Builder values = RaggedFloatValues.newBuilder();

    RealLists(String name) {
      super(name, "a sequence of real numbers");
    }

    void add(float[] row) {
      for (float value : row) {
        values.addValues(value);
      }
      values.addRowLengths(row.length);
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setRaggedFloatValues(values.build());
    }
  }

  static final class TextLists extends GrowingColumn {
    private final RaggedStringValues.Builder values = RaggedStringValues.newBuilder();

    TextLists(String name) {
      super(name, "a sequence of texts");
    }

    void add(List<String> row) {
      values.addAllValues(row);
      values.addRowLengths(row.size());
      rows++;
    }

    @Override
    void buildInto(FeatureColumn.Builder column) {
      column.setRaggedStringValues(values.build());
    }
  }
}
