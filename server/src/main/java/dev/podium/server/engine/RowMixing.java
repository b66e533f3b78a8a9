package dev.podium.server.engine;

/** What else than its own row a row's score depends on; decides which rows may run together. */
public enum RowMixing {
  /** Nothing: rows of any requests may share a tile, and requests may be cut into tiles. */
  NONE,

  /**
   * The contexts of the rows that run with it, as in a graph that reads the first row's user only.
   * A request whose rows all have one context may be cut into tiles, but its tiles are its own. A
   * request of several contexts runs whole and alone.
   */
  WITHIN_CONTEXT,

  /** The other rows of its request: requests run whole and alone. */
  WHOLE_REQUEST;

  /** Whether rows of different requests may share a tile. */
  public boolean sharesTiles() {
    return this == NONE;
  }

  /**
   * Whether a request may be cut into tiles.
   *
   * @param oneContext whether all its rows have the same context
   */
  public boolean cuts(boolean oneContext) {
    return this == NONE || (this == WITHIN_CONTEXT && oneContext);
  }
}
