package dev.podium.client;

import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.Priority;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.StringValues;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * One user, one context, many candidates. Immutable; it can be sent any number of times.
 *
 * <p>Candidates are added one by one with {@link Builder#addCandidate(long)}, or as whole columns,
 * or both. Either way they are sent as one batch of columns. Only the server knows which features a
 * model takes, so an unknown name or a wrong type comes back as a {@link RankingException}.
 * Mistakes that the builder can see (a candidate without a value, a column of another length, a
 * feature set twice) are an {@link IllegalArgumentException} from the builder.
 */
public final class RankingRequest {
  private final RankRequest message;

  private RankingRequest(RankRequest message) {
    this.message = message;
  }

  /** Starts a request for the newest version of a model. */
  public static Builder builder(String model) {
    return new Builder(model);
  }

  /** A request from a wire message. The client sends it as it is; only the server checks it. */
  public static RankingRequest of(RankRequest message) {
    return new RankingRequest(message);
  }

  /** The wire message. */
  public RankRequest message() {
    return message;
  }

  static void requireText(String feature, String value) {
    if (value == null) {
      throw Problem.feature(feature, "null", "text");
    }
  }

  /** Collects a request. Not thread-safe. */
  public static final class Builder {
    private final RankRequest.Builder request = RankRequest.newBuilder();
    private final Map<String, FeatureColumn> context = new LinkedHashMap<>();
    private final Map<String, WholeColumn> whole = new LinkedHashMap<>();
    private final Map<String, GrowingColumn> growing = new LinkedHashMap<>();
    private final Int64Values.Builder rowIds = Int64Values.newBuilder();
    private final StringValues.Builder rowTextIds = StringValues.newBuilder();
    private CandidateIds ids = CandidateIds.getDefaultInstance();
    private int rows;
    private int count = -1;

    private record WholeColumn(FeatureColumn column, int rows) {}

    private Builder(String model) {
      request.setModel(ModelSpec.newBuilder().setName(model));
    }

    /** Asks for one version instead of the newest. Range: 1 to 2^63-1. */
    public Builder version(long version) {
      if (version < 1) {
        throw Problem.of("version", Long.toString(version), "1 or more");
      }
      request.getModelBuilder().setVersion(version);
      return this;
    }

    /** Asks for the version that a label points at, such as {@code stable}. */
    public Builder label(String label) {
      request.getModelBuilder().setLabel(label);
      return this;
    }

    /** Names the request, for logs and traces; echoed in the ranking. Default: empty. */
    public Builder requestId(String requestId) {
      request.setRequestId(requestId);
      return this;
    }

    /**
     * Asks for the best {@code k} candidates only, best first. With 0, the default, all candidates
     * come back in request order.
     */
    public Builder topK(int k) {
      if (k < 0) {
        throw Problem.of("topK", Integer.toString(k), "0 or more; 0 returns all in request order");
      }
      request.setTopK(k);
      return this;
    }

    /** Asks for these outputs of the model. The first one decides the rank. Default: all. */
    public Builder outputs(String... outputs) {
      request.clearOutputs().addAllOutputs(List.of(outputs));
      return this;
    }

    /** Sets how much the request matters when the server has too much to do. Default: normal. */
    public Builder priority(Priority priority) {
      request.setPriority(priority);
      return this;
    }

    /**
     * Allows a partial answer: shortly before the deadline the server sends the scores that are
     * there. {@link Ranking#isMissing} tells which are missing. Default: all scores, or {@code
     * DEADLINE_EXCEEDED}.
     */
    public Builder allowPartial() {
      request.setAllowPartial(true);
      return this;
    }

    /** Sets a feature that all candidates share: one whole number. */
    public Builder context(String feature, long value) {
      return context(FeatureColumns.of(feature, new long[] {value}));
    }

    /** Sets a feature that all candidates share: one real number, a {@code float} on the wire. */
    public Builder context(String feature, double value) {
      return context(FeatureColumns.of(feature, new float[] {(float) value}));
    }

    /** Sets a feature that all candidates share: one text. */
    public Builder context(String feature, String value) {
      requireText(feature, value);
      return context(FeatureColumns.of(feature, List.of(value)));
    }

    /** Sets a feature that all candidates share: a dense feature of several columns. */
    public Builder contextVector(String feature, float... values) {
      return context(FeatureColumns.of(feature, values));
    }

    /** Sets a feature that all candidates share: a sequence of whole numbers, of any length. */
    public Builder contextSequence(String feature, long... values) {
      return context(FeatureColumns.ragged(feature, values, new int[] {values.length}));
    }

    /** Sets a feature that all candidates share: a sequence of real numbers, of any length. */
    public Builder contextSequence(String feature, float... values) {
      return context(FeatureColumns.ragged(feature, values, new int[] {values.length}));
    }

    /** Sets a feature that all candidates share: a sequence of texts, of any length. */
    public Builder contextSequence(String feature, String... values) {
      return contextSequence(feature, List.of(values));
    }

    /** Sets a feature that all candidates share: a sequence of texts, of any length. */
    public Builder contextSequence(String feature, List<String> values) {
      values.forEach(value -> requireText(feature, value));
      return context(FeatureColumns.ragged(feature, values, new int[] {values.size()}));
    }

    /** Sets a feature that all candidates share, as a wire column of one row. */
    public Builder context(FeatureColumn column) {
      requireUnset(column.getName());
      context.put(column.getName(), column);
      return this;
    }

    /** Adds a candidate with an id, which comes back in the ranking. */
    public CandidateRow addCandidate(long id) {
      if (rowIds.getValuesCount() != rows) {
        throw Problem.of(candidate(rows), "a whole number as id", idsSoFar());
      }
      rowIds.addValues(id);
      return new CandidateRow(this, rows++);
    }

    /** Adds a candidate with an id, which comes back in the ranking. */
    public CandidateRow addCandidate(String id) {
      if (id == null) {
        throw Problem.of(candidate(rows), "null as id", "text");
      }
      if (rowTextIds.getValuesCount() != rows) {
        throw Problem.of(candidate(rows), "text as id", idsSoFar());
      }
      rowTextIds.addValues(id);
      return new CandidateRow(this, rows++);
    }

    /** Adds a candidate without an id. The ranking gives its position in the request. */
    public CandidateRow addCandidate() {
      if (rowIds.getValuesCount() + rowTextIds.getValuesCount() > 0) {
        throw Problem.of(candidate(rows), "no id", idsSoFar());
      }
      return new CandidateRow(this, rows++);
    }

    /** Sets the number of candidates, for a request without candidate columns. */
    public Builder candidateCount(int count) {
      if (count < 0) {
        throw Problem.of("candidateCount", Integer.toString(count), "0 or more");
      }
      this.count = count;
      return this;
    }

    /** Names the candidates that are given as whole columns. */
    public Builder candidateIds(long... ids) {
      this.ids = CandidateIds.newBuilder().setInt64Ids(FeatureColumns.int64(ids)).build();
      return this;
    }

    /** Names the candidates that are given as whole columns. */
    public Builder candidateIds(List<String> ids) {
      this.ids = CandidateIds.newBuilder().setStringIds(FeatureColumns.strings(ids)).build();
      return this;
    }

    /** Sets a candidate feature: one whole number for each candidate. */
    public Builder column(String feature, long[] values) {
      return put(FeatureColumns.of(feature, values), values.length);
    }

    /** Sets a candidate feature: one real number for each candidate. */
    public Builder column(String feature, float[] values) {
      return put(FeatureColumns.of(feature, values), values.length);
    }

    /** Sets a candidate feature: one text for each candidate. */
    public Builder column(String feature, String... values) {
      return column(feature, List.of(values));
    }

    /** Sets a candidate feature: one text for each candidate. */
    public Builder column(String feature, List<String> values) {
      values.forEach(value -> requireText(feature, value));
      return put(FeatureColumns.of(feature, values), values.size());
    }

    /**
     * Sets a dense candidate feature of several columns.
     *
     * @param values {@code width} values for each candidate, row after row
     * @param width number of columns, 1 or more
     */
    public Builder vectorColumn(String feature, float[] values, int width) {
      if (width < 1) {
        throw Problem.feature(feature, "width " + width, "1 or more");
      }
      if (values.length % width != 0) {
        throw Problem.feature(
            feature, values.length + " values", "a multiple of its width " + width);
      }
      return put(FeatureColumns.of(feature, values), values.length / width);
    }

    /**
     * Sets a candidate feature: a sequence of whole numbers for each candidate.
     *
     * @param values all candidates' values, end to end
     * @param rowLengths number of values of each candidate
     */
    public Builder sequenceColumn(String feature, long[] values, int[] rowLengths) {
      return put(FeatureColumns.ragged(feature, values, rowLengths), rowLengths.length);
    }

    /**
     * Sets a candidate feature: a sequence of real numbers for each candidate.
     *
     * @param values all candidates' values, end to end
     * @param rowLengths number of values of each candidate
     */
    public Builder sequenceColumn(String feature, float[] values, int[] rowLengths) {
      return put(FeatureColumns.ragged(feature, values, rowLengths), rowLengths.length);
    }

    /**
     * Sets a candidate feature: a sequence of texts for each candidate.
     *
     * @param values all candidates' values, end to end
     * @param rowLengths number of values of each candidate
     */
    public Builder sequenceColumn(String feature, List<String> values, int[] rowLengths) {
      values.forEach(value -> requireText(feature, value));
      return put(FeatureColumns.ragged(feature, values, rowLengths), rowLengths.length);
    }

    /**
     * Sets a candidate feature as a wire column, for example from little-endian bytes in a {@code
     * RawTensor}.
     *
     * @param rows number of rows in the column
     */
    public Builder column(FeatureColumn column, int rows) {
      return put(column, rows);
    }

    /**
     * The request.
     *
     * @throws IllegalArgumentException if not every candidate has one value of every candidate
     *     feature, and one id if there are ids
     */
    public RankingRequest build() {
      int candidates = resolveCount();
      CandidateBatch.Builder batch = CandidateBatch.newBuilder().setCount(candidates);
      CandidateIds names = resolveIds(candidates);
      if (names.getIdsCase() != CandidateIds.IdsCase.IDS_NOT_SET) {
        batch.setIds(names);
      }
      growing.forEach(
          (feature, column) -> {
            if (column.rows < rows) {
              throw missing(feature, column.rows);
            }
            batch.addColumns(column.build());
          });
      whole.forEach(
          (feature, column) -> {
            if (column.rows() != candidates) {
              throw Problem.feature(
                  feature, column.rows() + " rows", candidates + ", one for each candidate");
            }
            batch.addColumns(column.column());
          });
      return new RankingRequest(
          request.clone().addAllContext(context.values()).setCandidates(batch).build());
    }

    private int resolveCount() {
      int given = ids().size();
      if (rows > 0) {
        if (count >= 0 && count != rows) {
          throw Problem.of(
              "candidateCount", Integer.toString(count), rows + ", the candidates added");
        }
        return rows;
      }
      if (count >= 0) {
        return count;
      }
      if (given > 0) {
        return given;
      }
      return whole.isEmpty() ? 0 : whole.values().iterator().next().rows();
    }

    private List<?> ids() {
      return switch (ids.getIdsCase()) {
        case INT64_IDS -> ids.getInt64Ids().getValuesList();
        case STRING_IDS -> ids.getStringIds().getValuesList();
        case IDS_NOT_SET -> List.of();
      };
    }

    private CandidateIds resolveIds(int candidates) {
      boolean byRow = rowIds.getValuesCount() + rowTextIds.getValuesCount() > 0;
      boolean byColumn = ids.getIdsCase() != CandidateIds.IdsCase.IDS_NOT_SET;
      if (byRow && byColumn) {
        throw Problem.of("candidate ids", "given by row and as a column", "one of the two");
      }
      if (byColumn && ids().size() != candidates) {
        throw Problem.of(
            "candidate ids",
            Integer.toString(ids().size()),
            candidates + ", one for each candidate");
      }
      if (rowIds.getValuesCount() > 0) {
        return CandidateIds.newBuilder().setInt64Ids(rowIds.build()).build();
      }
      if (rowTextIds.getValuesCount() > 0) {
        return CandidateIds.newBuilder().setStringIds(rowTextIds.build()).build();
      }
      return ids;
    }

    private Builder put(FeatureColumn column, int rows) {
      requireUnset(column.getName());
      whole.put(column.getName(), new WholeColumn(column, rows));
      return this;
    }

    /** The column that takes row {@code row} of a feature next; the caller adds one row to it. */
    <C extends GrowingColumn> C growing(
        int row, String feature, Class<C> type, Function<String, C> create) {
      if (row != rows - 1) {
        throw new IllegalStateException(
            candidate(row)
                + ": another candidate was begun after it (expected: set its features first)");
      }
      GrowingColumn column = growing.get(feature);
      if (column == null) {
        requireUnset(feature);
        column = create.apply(feature);
        growing.put(feature, column);
      }
      if (!type.isInstance(column)) {
        throw Problem.feature(
            feature,
            create.apply(feature).holds() + " for " + candidate(row),
            column.holds() + ", as for the candidates before it");
      }
      if (column.rows > row) {
        throw Problem.feature(feature, "set twice for " + candidate(row), "once");
      }
      if (column.rows < row) {
        throw missing(feature, column.rows);
      }
      return type.cast(column);
    }

    /** A candidate's name in messages. */
    String candidate(int row) {
      String id = "";
      if (row < rowIds.getValuesCount()) {
        id = " (id " + rowIds.getValues(row) + ")";
      } else if (row < rowTextIds.getValuesCount()) {
        id = " (id '" + rowTextIds.getValues(row) + "')";
      }
      return "candidate " + row + id;
    }

    private String idsSoFar() {
      String kind = "no id";
      if (rowIds.getValuesCount() > 0) {
        kind = "a whole number";
      } else if (rowTextIds.getValuesCount() > 0) {
        kind = "text";
      }
      return kind + ", as for the candidates before it";
    }

    private IllegalArgumentException missing(String feature, int row) {
      return Problem.feature(feature, "no value for " + candidate(row), "one for each candidate");
    }

    private void requireUnset(String feature) {
      String where = null;
      if (context.containsKey(feature)) {
        where = "in the context";
      } else if (whole.containsKey(feature)) {
        where = "as a column";
      } else if (growing.containsKey(feature)) {
        where = "by candidate";
      }
      if (where != null) {
        throw Problem.feature(feature, "set twice, first " + where, "once in a request");
      }
    }
  }
}
