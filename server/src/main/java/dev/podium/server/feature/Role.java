package dev.podium.server.feature;

/** Which side of a request a feature belongs to. */
public enum Role {
  /** The same for all candidates of a request. */
  CONTEXT,
  /** One value for each candidate. */
  CANDIDATE
}
