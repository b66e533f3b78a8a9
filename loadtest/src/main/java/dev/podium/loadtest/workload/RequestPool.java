package dev.podium.loadtest.workload;

import dev.podium.ranking.v1.RankRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Requests as they go on the wire, built before the clock starts and sent in turn, over and over.
 * Immutable.
 *
 * <p>The bytes are shared with the transport and must not be changed.
 */
public final class RequestPool {
  private final List<byte[]> requests;
  private final double meanCandidates;
  private final long bytes;

  private RequestPool(List<byte[]> requests, double meanCandidates, long bytes) {
    this.requests = requests;
    this.meanCandidates = meanCandidates;
    this.bytes = bytes;
  }

  /**
   * Builds requests until there are {@code count}, or {@code maxBytes} are held; at least one.
   *
   * @param encode from a request to its bytes
   */
  public static RequestPool build(
      Workload workload, Function<RankRequest, byte[]> encode, int count, long maxBytes) {
    List<byte[]> requests = new ArrayList<>();
    long bytes = 0;
    long candidates = 0;
    for (int i = 0; i < count && (i == 0 || bytes < maxBytes); i++) {
      RankRequest request = workload.request(i);
      byte[] encoded = encode.apply(request);
      requests.add(encoded);
      bytes += encoded.length;
      candidates += request.getCandidates().getCount();
    }
    return new RequestPool(List.copyOf(requests), (double) candidates / requests.size(), bytes);
  }

  /** The bytes of arrival number {@code arrival}. */
  public byte[] request(long arrival) {
    return requests.get((int) (arrival % requests.size()));
  }

  /** Number of different requests. */
  public int size() {
    return requests.size();
  }

  /** Mean number of candidates of a request. */
  public double meanCandidates() {
    return meanCandidates;
  }

  /** Mean size of a request on the wire, in bytes. */
  public double meanBytes() {
    return (double) bytes / requests.size();
  }
}
