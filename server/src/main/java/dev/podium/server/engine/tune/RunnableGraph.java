package dev.podium.server.engine.tune;

import dev.podium.server.engine.Form;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.fault.ModelException;

/** A graph in sessions, bound to a signature. Thread-safe but for {@link #complete}. */
public interface RunnableGraph {
  /** In what form a runner's whole rows run: exported, or whole. */
  Form rowsForm();

  /**
   * Makes a runner. It keeps no results of context halves: what is measured is computed each time.
   *
   * @param capacity the most rows of one run, at least 1
   */
  TileRunner newRunner(int capacity);

  /** Weights that each session more for each worker would hold for itself, in bytes. */
  long copiedBytes();

  /**
   * Makes as many sessions as are missing, the last ones: what they are made of is let go. Those
   * made before one fails stay.
   *
   * @throws ModelException if one can't be made
   */
  void complete(int sessions) throws ModelException;
}
