package dev.podium.server.admission;

import java.time.Duration;

/**
 * Settings of {@link Admission}.
 *
 * @param targetWait the wait before a worker takes a request, averaged over rows, above which the
 *     limit falls. Default: 100 ms
 * @param minRows the limit on rows in flight never falls below, at least 1. Default: 1,000
 * @param maxRows the limit never rises above. Default: 1,000,000
 * @param maxBytes the most bytes of requests in flight, received or being received. Default: 256
 *     MiB
 */
public record AdmissionOptions(Duration targetWait, long minRows, long maxRows, long maxBytes) {
  public AdmissionOptions {
    if (targetWait.isNegative() || targetWait.isZero()) {
      throw new IllegalArgumentException("targetWait: " + targetWait + " (expected: above 0)");
    }
    if (minRows < 1 || minRows > maxRows) {
      throw new IllegalArgumentException(
          "minRows: " + minRows + " (expected: 1 to " + maxRows + ")");
    }
    if (maxBytes < 1) {
      throw new IllegalArgumentException("maxBytes: " + maxBytes + " (expected: at least 1)");
    }
  }

  /** The defaults named above. */
  public static AdmissionOptions defaults() {
    return new AdmissionOptions(Duration.ofMillis(100), 1_000, 1_000_000, 256L << 20);
  }
}
