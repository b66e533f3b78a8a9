package dev.podium.server.schedule;

/**
 * How a large request is cut into tiles: as few as the tile size allows, as equal as possible, so
 * that none is left a sliver and workers that share them end together.
 */
final class Slices {
  private Slices() {}

  /** Number of tiles. */
  static int count(int rows, int tileRows) {
    return (rows - 1) / tileRows + 1; // rows + tileRows may be too large for an int
  }

  /** First row of a tile; of tile {@code count}, the number of rows. */
  static int start(int rows, int count, int tile) {
    return tile * (rows / count) + Math.min(tile, rows % count);
  }

  /** Rows of the largest tile. */
  static int largest(int rows, int count) {
    return (rows - 1) / count + 1;
  }
}
