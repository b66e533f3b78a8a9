package dev.podium.server.engine.tune;

/**
 * How many sessions of a graph there may be, since each holds weights for itself.
 *
 * @param workers that would each have their own
 * @param maxBytes weights that sessions after the first may hold together
 */
public record SessionCopies(int workers, long maxBytes) {
  /** Sessions of graphs of which each set holds so many bytes. */
  int sessions(long bytes) {
    return (int) Math.min(workers, 1 + maxBytes / Math.max(1, bytes));
  }

  /** What is left after so many sessions. */
  SessionCopies after(int sessions, long bytes) {
    return new SessionCopies(workers, maxBytes - (sessions - 1) * bytes);
  }
}
