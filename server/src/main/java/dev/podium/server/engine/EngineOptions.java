package dev.podium.server.engine;

import java.nio.file.Path;
import java.util.List;

/**
 * How one model is loaded into the runtime. Immutable.
 *
 * @param optimizationLevel of the runtime's own graph optimiser
 * @param intraOpThreads threads of one run; 1 leaves parallelism to the tiles
 * @param memoryPattern whether the runtime plans memory by the first run's shapes; off by default,
 *     since row counts vary
 * @param arena whether the runtime keeps freed memory for its next run
 * @param workers each has sessions of its own, so that none waits for another core's cache; with
 *     the arena and runs on the calling thread only
 * @param maxCopiedBytes weights that these sessions may hold besides the first one's, for each
 *     model; where they would be more, workers share sessions
 * @param providers execution providers in the order of preference, at least one
 * @param customOpLibraries libraries of custom operators that the server's configuration allows
 */
public record EngineOptions(
    OptimizationLevel optimizationLevel,
    int intraOpThreads,
    boolean memoryPattern,
    boolean arena,
    int workers,
    long maxCopiedBytes,
    List<ExecutionProvider> providers,
    List<Path> customOpLibraries) {

  /** How much the runtime's own graph optimiser may do. */
  public enum OptimizationLevel {
    NONE,
    BASIC,
    EXTENDED,
    ALL
  }

  /** What holds unless configured otherwise, for one worker. */
  public static final EngineOptions DEFAULT =
      new EngineOptions(
          OptimizationLevel.ALL,
          1,
          false,
          true,
          1,
          256L << 20,
          List.of(ExecutionProvider.CPU),
          List.of());

  public EngineOptions {
    providers = List.copyOf(providers);
    customOpLibraries = List.copyOf(customOpLibraries);
    if (intraOpThreads < 1 || intraOpThreads > 256) {
      throw new IllegalArgumentException(
          "intra_op_threads: " + intraOpThreads + " (expected: 1 to 256)");
    }
    if (workers < 1) {
      throw new IllegalArgumentException("workers: " + workers + " (expected: at least 1)");
    }
    if (maxCopiedBytes < 0) {
      throw new IllegalArgumentException(
          "max_copies: " + maxCopiedBytes + " (expected: 0 or more)");
    }
    if (providers.isEmpty()) {
      throw new IllegalArgumentException("execution_providers: empty (expected: at least one)");
    }
  }

  /** The same for another number of workers. */
  public EngineOptions withWorkers(int count) {
    return new EngineOptions(
        optimizationLevel,
        intraOpThreads,
        memoryPattern,
        arena,
        count,
        maxCopiedBytes,
        providers,
        customOpLibraries);
  }
}
