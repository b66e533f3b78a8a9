package dev.podium.loadtest.measure;

import io.grpc.Status;

/**
 * Tells a dead server from a slow one: it is gone when it could not be reached for a while, and no
 * call of that while ended in any other way. Thread-safe.
 */
final class ServerGone {
  private static final int FEWEST_FAILURES = 3;

  private final long patienceNanos;
  private volatile long start;
  private volatile long lastSign;
  private volatile String reason = "";
  private final java.util.concurrent.atomic.AtomicInteger failuresSinceSign =
      new java.util.concurrent.atomic.AtomicInteger();

  /** A judge that waits so long for a sign of life; 0 for ever. */
  ServerGone(long patienceNanos) {
    this.patienceNanos = patienceNanos;
  }

  void start(long now) {
    start = now;
    lastSign = now;
  }

  void ended(long now, Status status) {
    if (status.getCode() == Status.Code.UNAVAILABLE) {
      reason = OpenLoop.reason(status);
      failuresSinceSign.incrementAndGet();
    } else if (status.getCode() != Status.Code.DEADLINE_EXCEEDED) {
      // A deadline passes on this side, whether the server lives or not.
      lastSign = now;
      failuresSinceSign.set(0);
    }
  }

  /** Null while the server lives, otherwise a sentence. */
  String verdict(long now) {
    if (patienceNanos == 0
        || failuresSinceSign.get() < FEWEST_FAILURES
        || now - lastSign < patienceNanos) {
      return null;
    }
    return String.format(
        java.util.Locale.ROOT,
        "the server was gone from %.1f s: UNAVAILABLE %s",
        (lastSign - start) / 1e9,
        reason);
  }
}
