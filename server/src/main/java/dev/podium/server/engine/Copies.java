package dev.podium.server.engine;

/**
 * How many sessions of a graph there may be, since each holds weights for itself.
 *
 * @param workers that would each have their own
 * @param maxBytes weights that sessions after the first may hold together
 */
record Copies(int workers, long maxBytes) {
  /** Sessions of graphs of which each set holds so many bytes. */
  int sessions(long bytes) {
    return (int) Math.min(workers, 1 + maxBytes / Math.max(1, bytes));
  }

  /** What is left after so many sessions. */
  Copies after(int sessions, long bytes) {
    return new Copies(workers, maxBytes - (sessions - 1) * bytes);
  }
}
