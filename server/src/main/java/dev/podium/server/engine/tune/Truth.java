package dev.podium.server.engine.tune;

import dev.podium.server.engine.Probe;
import dev.podium.server.fault.RankException;

/**
 * The function that a graph stands for, in double precision: what every form of the graph is judged
 * by. Not thread-safe; closed once.
 */
public interface Truth extends AutoCloseable {
  /**
   * The scores of a probe's rows, row-major, one array for each output that is served.
   *
   * @throws RankException if the function can't be computed for this probe
   */
  double[][] scores(Probe probe) throws RankException;

  /** How it is computed, in a few words; where that is not in double precision throughout, why. */
  String describe();

  @Override
  void close();
}
