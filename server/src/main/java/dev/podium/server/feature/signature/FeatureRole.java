package dev.podium.server.feature.signature;

/** Which side of a request a feature belongs to. */
public enum FeatureRole {
  /** The same for all candidates of a request. */
  CONTEXT,
  /** One value for each candidate. */
  CANDIDATE
}
