package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;

/**
 * Where the answer to one request goes. {@link #answer} or {@link #refuse} is called once, from any
 * thread; if that fails, what is left to be done is tried.
 */
interface RankResponder {
  /** An encoded answer. */
  void answer(byte[] response);

  /**
   * No scores.
   *
   * @param requestId the request's own name; empty if it wasn't read so far
   */
  void refuse(String requestId, RankException why);

  /** Neither could be sent: lets go of the caller without a word. Doesn't throw. */
  void drop();
}
