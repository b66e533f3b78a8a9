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
 * @param providers execution providers in the order of preference, at least one
 * @param customOpLibraries libraries of custom operators that the server's configuration allows
 */
public record EngineOptions(
    OptimizationLevel optimizationLevel,
    int intraOpThreads,
    boolean memoryPattern,
    boolean arena,
    List<ExecutionProvider> providers,
    List<Path> customOpLibraries) {

  /** How much the runtime's own graph optimiser may do. */
  public enum OptimizationLevel {
    NONE,
    BASIC,
    EXTENDED,
    ALL
  }

  /** What holds unless configured otherwise. */
  public static final EngineOptions DEFAULT =
      new EngineOptions(
          OptimizationLevel.ALL, 1, false, true, List.of(ExecutionProvider.CPU), List.of());

  public EngineOptions {
    providers = List.copyOf(providers);
    customOpLibraries = List.copyOf(customOpLibraries);
    if (intraOpThreads < 1 || intraOpThreads > 256) {
      throw new IllegalArgumentException(
          "intra_op_threads: " + intraOpThreads + " (expected: 1 to 256)");
    }
    if (providers.isEmpty()) {
      throw new IllegalArgumentException("execution_providers: empty (expected: at least one)");
    }
  }
}
