package dev.podium.client;

import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.CandidateRange;
import dev.podium.ranking.v1.OutputScores;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import java.util.Arrays;
import java.util.List;

/**
 * The scores of one request. Position {@code i} runs from 0 to {@link #size()} - 1: over all
 * candidates in request order, or, if the request asked for the top k, over the best of them, best
 * first. Immutable.
 */
public final class Ranking {
  private final CandidateIds requestIds;
  private final RankResponse response;
  private final OutputScores first;

  Ranking(RankRequest request, RankResponse response) {
    this.requestIds = request.getCandidates().getIds();
    this.response = response;
    this.first =
        response.getOutputsCount() == 0
            ? OutputScores.getDefaultInstance()
            : response.getOutputs(0);
  }

  /** Number of candidates in this ranking. */
  public int size() {
    return first.getScoresCount() / width(first);
  }

  /** Score of position {@code i} in the first output (its first column, if it has several). */
  public float score(int i) {
    return first.getScores(i * width(first));
  }

  /**
   * All scores of the first output: {@code size() * width} values, row after row. A fresh array.
   */
  public float[] scores() {
    return toArray(first);
  }

  /**
   * All scores of an output: {@code size() * width(output)} values, row after row. A fresh array.
   *
   * @throws IllegalArgumentException if the ranking has no such output
   */
  public float[] scores(String output) {
    return toArray(output(output));
  }

  /** Names of the outputs, in the order of the request, or else of the model's signature. */
  public List<String> outputs() {
    return response.getOutputsList().stream().map(OutputScores::getName).toList();
  }

  /**
   * Number of scores of one candidate in an output.
   *
   * @throws IllegalArgumentException if the ranking has no such output
   */
  public int width(String output) {
    return width(output(output));
  }

  /** Position in the request of the candidate at position {@code i} of this ranking. */
  public int candidateIndex(int i) {
    if (response.getCandidateIndicesCount() > 0) {
      return response.getCandidateIndices(i);
    }
    return checkIndex(i);
  }

  /** {@link #candidateIndex} of all positions. A fresh array. */
  public int[] candidateIndices() {
    int[] indices = new int[size()];
    Arrays.setAll(indices, this::candidateIndex);
    return indices;
  }

  /**
   * Id of the candidate at position {@code i}.
   *
   * @throws IllegalStateException if the request gave no ids, or text
   */
  public long id(int i) {
    if (!requestIds.hasInt64Ids()) {
      throw wrongIds("whole numbers");
    }
    return requestIds.getInt64Ids().getValues(candidateIndex(i));
  }

  /**
   * Id of the candidate at position {@code i}.
   *
   * @throws IllegalStateException if the request gave no ids, or whole numbers
   */
  public String textId(int i) {
    if (!requestIds.hasStringIds()) {
      throw wrongIds("text");
    }
    return requestIds.getStringIds().getValues(candidateIndex(i));
  }

  /**
   * Number of candidates without a score of their own: the request allows a partial answer, and the
   * deadline came before they were scored. Otherwise 0.
   */
  public int missingCount() {
    int count = 0;
    for (CandidateRange range : response.getMissingList()) {
      count += range.getCount();
    }
    return count;
  }

  /**
   * Whether the candidate at position {@code i} has no score of its own, but the model's fallback
   * score, or NaN if the model has none.
   */
  public boolean isMissing(int i) {
    int candidate = candidateIndex(i);
    for (CandidateRange range : response.getMissingList()) {
      if (candidate >= range.getFirst() && candidate < range.getFirst() + range.getCount()) {
        return true;
      }
    }
    return false;
  }

  /** The request's id; empty if it had none. */
  public String requestId() {
    return response.getRequestId();
  }

  /** Name of the model that scored. */
  public String model() {
    return response.getModel().getName();
  }

  /** Version of the model that scored. All candidates have the same, also in a split request. */
  public long modelVersion() {
    return response.getModel().getVersion();
  }

  /** Where the time went inside the server. */
  public ServerTiming timing() {
    return ServerTiming.of(response.getTiming());
  }

  /** What the server corrected: at most 16 sentences, empty if nothing. */
  public List<String> warnings() {
    return List.copyOf(response.getWarningsList());
  }

  /** The answer as it came over the wire, or merged from the parts of a split request. */
  public RankResponse message() {
    return response;
  }

  private OutputScores output(String name) {
    for (int i = 0; i < response.getOutputsCount(); i++) {
      if (response.getOutputs(i).getName().equals(name)) {
        return response.getOutputs(i);
      }
    }
    throw new IllegalArgumentException(
        "output '" + name + "': not in this ranking (expected: one of " + outputs() + ")");
  }

  private int checkIndex(int i) {
    if (i < 0 || i >= size()) {
      throw new IndexOutOfBoundsException(
          "position " + i + " (expected: 0 to " + (size() - 1) + ")");
    }
    return i;
  }

  private IllegalStateException wrongIds(String expected) {
    String came =
        switch (requestIds.getIdsCase()) {
          case INT64_IDS -> "whole numbers";
          case STRING_IDS -> "text";
          case IDS_NOT_SET -> "none";
        };
    return new IllegalStateException(
        "candidate ids: " + came + " in the request (expected: " + expected + ")");
  }

  private static int width(OutputScores output) {
    return Math.max(1, output.getWidth());
  }

  private static float[] toArray(OutputScores output) {
    // By index: the list's iterator would box every score.
    float[] scores = new float[output.getScoresCount()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = output.getScores(i);
    }
    return scores;
  }
}
