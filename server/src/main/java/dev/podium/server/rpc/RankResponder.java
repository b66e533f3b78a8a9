package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;

/**
 * Where the answer to one request goes. Exactly one of the methods is called, once, from any
 * thread.
 */
interface RankResponder {
  /** A {@code RankResponse}, encoded. */
  void answer(byte[] response);

  /**
   * No scores.
   *
   * @param requestId the request's own name; empty if it wasn't read so far
   */
  void refuse(String requestId, RankException why);
}
