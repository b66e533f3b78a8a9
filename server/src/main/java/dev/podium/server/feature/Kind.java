package dev.podium.server.feature;

/** What the values of a feature are. */
public enum Kind {
  /** Numbers used as they are. */
  DENSE,
  /** One id. */
  CATEGORICAL,
  /** A list of ids or numbers, padded or cut to a fixed length. */
  SEQUENCE
}
