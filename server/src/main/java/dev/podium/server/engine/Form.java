package dev.podium.server.engine;

import java.util.Locale;

/** In what form a tile runs. */
public enum Form {
  /** Whole rows through the exported graph. */
  EXPORTED,
  /**
   * Whole rows through the candidate half, which needs nothing of the context but sums that are
   * made for each row: rows of different contexts may share a tile.
   */
  WHOLE,
  /** The context half once a request, then the candidate half for each tile. */
  SPLIT;

  /** Its name in metrics, logs, traces and reports. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
