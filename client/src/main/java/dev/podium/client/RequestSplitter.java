package dev.podium.client;

import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.RankRequest;
import java.util.ArrayList;
import java.util.List;

/** Cuts a request by its candidates. A pure function. */
final class RequestSplitter {
  private RequestSplitter() {}

  /**
   * A part of a request: the candidates from {@code firstCandidate} on, with the whole context.
   *
   * @param firstCandidate position in the whole request of the part's first candidate
   */
  record Part(int firstCandidate, RankRequest request) {
    int candidates() {
      return request.getCandidates().getCount();
    }
  }

  /**
   * Parts of at most {@code max} candidates, as few and as equal as can be, in request order. One
   * part, the request itself, if that is small enough or if a column does not have its rows: then
   * the server says what is wrong with it.
   */
  static List<Part> split(RankRequest request, int max) {
    CandidateBatch batch = request.getCandidates();
    int count = batch.getCount();
    if (count <= max) {
      return List.of(new Part(0, request));
    }
    int[] bounds = bounds(count, max);
    List<CandidateBatch.Builder> batches = new ArrayList<>(bounds.length - 1);
    for (int part = 0; part < bounds.length - 1; part++) {
      batches.add(CandidateBatch.newBuilder().setCount(bounds[part + 1] - bounds[part]));
    }
    if (!ColumnCutter.cutInto(batches, batch, bounds)) {
      return List.of(new Part(0, request));
    }
    List<Part> parts = new ArrayList<>(batches.size());
    for (int part = 0; part < batches.size(); part++) {
      parts.add(
          new Part(bounds[part], request.toBuilder().setCandidates(batches.get(part)).build()));
    }
    return parts;
  }

  /** Part i holds the candidates from bounds[i] to bounds[i + 1] - 1. */
  private static int[] bounds(int count, int max) {
    int parts = (count - 1) / max + 1;
    int[] bounds = new int[parts + 1];
    for (int i = 0; i <= parts; i++) {
      bounds[i] = (int) ((long) count * i / parts);
    }
    return bounds;
  }
}
