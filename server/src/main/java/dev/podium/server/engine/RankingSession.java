package dev.podium.server.engine;

import dev.podium.server.feature.signature.TensorSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * One loaded model version, ready to score. Thread-safe; scoring itself is done through {@link
 * TileRunner}s, one for each worker. Close it after the last runner is closed.
 */
public interface RankingSession extends AutoCloseable {
  /**
   * The graph's inputs, in the order of every {@link
   * dev.podium.server.feature.assembly.TensorBuffers} of this session.
   */
  List<TensorSpec> inputs();

  /** The graph's outputs that are served, in order. */
  List<TensorSpec> outputs();

  /** How this session is best run; fixed once it is loaded. */
  ExecutionPlan plan();

  /** How the cache of context halves is used; all zero if it is off. */
  ContextCacheStatus contextCache();

  /** What was found out when it was loaded. */
  ExecutionReport report();

  /**
   * Writes the halves as {@code context.onnx} and {@code candidates.onnx}, to be used without
   * Podium. Weights in external files are not copied: the halves name them as the exported graph
   * does.
   *
   * @throws IOException if the folder can't be written
   * @throws IllegalStateException if the session isn't split
   */
  void saveHalves(Path folder) throws IOException;

  /**
   * Makes buffers and run options for one worker.
   *
   * @param capacity the most rows of one run, at least 1
   */
  TileRunner newRunner(int capacity);

  @Override
  void close();
}
