package dev.podium.client;

import java.util.List;

/**
 * Sets the features of the candidate that its builder has added last. It is a handle of two words:
 * the values go into the builder's columns. If one candidate has a feature, all must have it.
 *
 * <p>All methods throw {@link IllegalArgumentException} if the feature was set before for this
 * candidate, is already a context feature or a whole column, has another type, or lacks a value for
 * an earlier candidate. They throw {@link IllegalStateException} if a further candidate was added
 * after this one. Not thread-safe.
 */
public final class CandidateRow {
  private final RankingRequest.Builder request;
  private final int row;

  CandidateRow(RankingRequest.Builder request, int row) {
    this.request = request;
    this.row = row;
  }

  /** Sets a feature that is one whole number: an id, a count, a boolean as 0 or 1. */
  public CandidateRow set(String feature, long value) {
    request
        .growing(row, feature, GrowingColumn.Numbers.class, GrowingColumn.Numbers::new)
        .add(value);
    return this;
  }

  /** Sets a feature that is one real number; the wire carries it as a {@code float}. */
  public CandidateRow set(String feature, double value) {
    request
        .growing(row, feature, GrowingColumn.Reals.class, GrowingColumn.Reals::new)
        .add((float) value);
    return this;
  }

  /** Sets a feature that is one text. */
  public CandidateRow set(String feature, String value) {
    RankingRequest.requireText(feature, value);
    request.growing(row, feature, GrowingColumn.Texts.class, GrowingColumn.Texts::new).add(value);
    return this;
  }

  /** Sets a dense feature of several columns; the same number for every candidate. */
  public CandidateRow setVector(String feature, float... values) {
    request
        .growing(row, feature, GrowingColumn.RealVectors.class, GrowingColumn.RealVectors::new)
        .add(values, request);
    return this;
  }

  /** Sets a sequence of whole numbers, of any length. */
  public CandidateRow setSequence(String feature, long... values) {
    request
        .growing(row, feature, GrowingColumn.NumberLists.class, GrowingColumn.NumberLists::new)
        .add(values);
    return this;
  }

  /** Sets a sequence of real numbers, of any length. */
  public CandidateRow setSequence(String feature, float... values) {
    request
        .growing(row, feature, GrowingColumn.RealLists.class, GrowingColumn.RealLists::new)
        .add(values);
    return this;
  }

  /** Sets a sequence of texts, of any length. */
  public CandidateRow setSequence(String feature, String... values) {
    return setSequence(feature, List.of(values));
  }

  /** Sets a sequence of texts, of any length. */
  public CandidateRow setSequence(String feature, List<String> values) {
    values.forEach(value -> RankingRequest.requireText(feature, value));
    request
        .growing(row, feature, GrowingColumn.TextLists.class, GrowingColumn.TextLists::new)
        .add(values);
    return this;
  }
}
