package dev.podium.server.feature.signature;

/** What the wire carries for a feature. */
public enum WireType {
  INT64,
  FLOAT,
  STRING;

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
