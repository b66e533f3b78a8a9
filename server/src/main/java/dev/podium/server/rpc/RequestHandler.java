package dev.podium.server.rpc;

import dev.podium.server.fault.RankException;
import dev.podium.server.schedule.RankTask;

/** What one protocol does with its requests. Thread-safe. */
interface RequestHandler {
  /**
   * Handles one request.
   *
   * @param bytes given back to their pool when the request has ended
   * @param call whose request it is
   * @return what cancels it; null if it has been answered already
   */
  RankTask handle(MessageBytes bytes, CallInfo call, RankResponder responder);

  /** An answer as a message of a stream. */
  byte[] streamed(byte[] answer);

  /** A refusal as a message of a stream, which stays open. */
  byte[] streamed(String requestId, RankException why);

  /** Whether a stream's answers must come in the order of its requests. */
  boolean inOrder();
}
