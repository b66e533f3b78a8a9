package dev.podium.server.admission;

import dev.podium.server.fault.FaultCode;

/** What the end of a request says about how loaded the server is. */
public enum Outcome {
  /** Answered: its wait counts. */
  SUCCESS,
  /** Says nothing: the request was wrong, refused before it cost anything, or given up. */
  IGNORED,
  /** Accepted and then not answered in time: there was too much to do. */
  DROPPED;

  /** What a failure says. */
  public static Outcome of(FaultCode code) {
    return code == FaultCode.DEADLINE_EXCEEDED ? DROPPED : IGNORED;
  }
}
