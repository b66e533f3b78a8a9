package dev.podium.server.engine;

import dev.podium.server.feature.TensorSpec;
import java.util.List;

/**
 * One loaded model version, ready to score. Thread-safe; scoring itself is done through {@link
 * TileRunner}s, one for each worker. Close it after the last runner is closed.
 */
public interface RankingSession extends AutoCloseable {
  /**
   * The graph's inputs, in the order of every {@link dev.podium.server.feature.TensorBuffers} of
   * this session.
   */
  List<TensorSpec> inputs();

  /** The graph's outputs that are served, in order. */
  List<TensorSpec> outputs();

  /** How this session is best run; fixed once it is loaded. */
  ExecutionPlan plan();

  /**
   * Makes buffers and run options for one worker.
   *
   * @param capacity the most rows of one run, at least 1
   */
  TileRunner newRunner(int capacity);

  @Override
  void close();
}
