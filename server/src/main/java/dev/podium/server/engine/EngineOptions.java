package dev.podium.server.engine;

import dev.podium.server.settings.Setting;
import dev.podium.server.settings.Settings;
import java.nio.file.Path;
import java.util.List;

/**
 * How graphs are loaded into the runtime. Immutable.
 *
 * <p>{@code workers}, at least 1, is no setting of its own: it is how many the scheduler has. Each
 * has sessions of its own, so that none waits for another core's cache; with the arena and runs on
 * the calling thread only.
 */
public record EngineOptions(
    @Setting(
            value = "all",
            is =
                "ONNX Runtime's optimization level; `model.yaml` can override this and the "
                    + "next four")
        OptimizationLevel optimizationLevel,
    @Setting(
            value = "1",
            min = "1",
            max = "256",
            is = "threads of one run; more than 1 rarely pays, since the workers use the cores")
        int intraOpThreads,
    @Setting(
            value = "false",
            is =
                "ONNX Runtime's memory planning; for models that always run the same number of"
                    + " rows")
        boolean memoryPattern,
    @Setting(value = "true", is = "ONNX Runtime's arena allocator") boolean arena,
    int workers,
    @Setting(
            key = "max_copies",
            value = "256MiB",
            min = "0",
            max = "1024GiB",
            bytes = true,
            is =
                "memory for each model's copies of its weights, so that each worker has "
                    + "sessions of its own (CPU only). What is in the model file counts, and "
                    + "weights of products in external files; embedding tables in external files "
                    + "are mapped, not copied. 0 makes all workers share the sessions "
                    + "([why](adr/sessions.md))")
        long maxCopiedBytes,
    @Setting(
            key = "execution_providers",
            value = "[cpu]",
            is =
                "names of [execution providers](model-folder.md#execution-providers), in "
                    + "the order in which they are tried")
        List<ExecutionProvider> providers,
    @Setting(value = "[]", is = "libraries of custom operators to register with every session")
        List<Path> customOpLibraries,
    @Setting(
            value = "[]",
            is = "libraries of plug-in execution providers that a `model.yaml` may name")
        List<Path> allowedLibraries) {

  /** How much the runtime's own graph optimiser may do. */
  public enum OptimizationLevel {
    NONE,
    BASIC,
    EXTENDED,
    ALL
  }

  /** What holds unless configured otherwise, for one worker. */
  public static final EngineOptions DEFAULT = Settings.defaults(EngineOptions.class);

  public EngineOptions {
    workers = Math.max(1, workers);
    providers = providers.isEmpty() ? List.of(ExecutionProvider.CPU) : List.copyOf(providers);
    customOpLibraries = List.copyOf(customOpLibraries);
    allowedLibraries = List.copyOf(allowedLibraries);
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
        customOpLibraries,
        allowedLibraries);
  }
}
