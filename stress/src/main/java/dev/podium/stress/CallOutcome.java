package dev.podium.stress;

import io.grpc.Status;
import java.net.ConnectException;

/** How a call ended, as its caller sees it. */
enum CallOutcome {
  /** Scores came. */
  ANSWERED,
  /** The server sent a status that refuses it before it was let in. */
  REFUSED,
  /** Its deadline passed, by the server's word or by the caller's own clock. */
  EXPIRED,
  /** Its caller cancelled it. */
  CANCELLED,
  /** No server could be reached. */
  NOT_SENT,
  /** The server sent any other status. */
  FAILED,
  /** Its connection broke: no status ever came. */
  LOST;

  /** What a caller says when it takes a call back. */
  static final String GAVE_UP = "the caller gave up";

  /**
   * Judges a call.
   *
   * @param fromServer whether the status came over the wire, not from the caller's own library
   */
  static CallOutcome of(Status status, boolean fromServer) {
    if (status.isOk()) {
      return ANSWERED;
    }
    if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      return EXPIRED;
    }
    if (fromServer) {
      return switch (status.getCode()) {
        case RESOURCE_EXHAUSTED, UNAVAILABLE -> REFUSED;
        default -> FAILED;
      };
    }
    // A reset by the server reads as a cancellation too.
    if (status.getCode() == Status.Code.CANCELLED && GAVE_UP.equals(status.getDescription())) {
      return CANCELLED;
    }
    return neverConnected(status) ? NOT_SENT : LOST;
  }

  private static boolean neverConnected(Status status) {
    for (Throwable cause = status.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException) {
        return true;
      }
    }
    return false;
  }
}
