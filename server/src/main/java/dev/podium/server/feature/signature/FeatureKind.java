package dev.podium.server.feature.signature;

/** What the values of a feature are. */
public enum FeatureKind {
  /** Numbers used as they are. */
  DENSE,
  /** One id. */
  CATEGORICAL,
  /** A list of ids or numbers, padded or cut to a fixed length. */
  SEQUENCE
}
