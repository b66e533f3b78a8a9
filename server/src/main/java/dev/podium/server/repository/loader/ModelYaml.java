package dev.podium.server.repository.loader;

import com.fasterxml.jackson.annotation.JsonCreator;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.EngineOptions.OptimizationLevel;
import dev.podium.server.engine.ExecutionProvider;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.FeatureConfig;
import dev.podium.server.feature.signature.OutputConfig;
import dev.podium.server.repository.source.VersionPolicy;
import dev.podium.server.settings.Settings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * A {@code model.yaml}, with what it leaves out filled in. {@code docs/model-folder.md} describes
 * the keys.
 */
record ModelYaml(
    String description,
    List<FeatureConfig> features,
    List<OutputConfig> outputs,
    List<Provider> executionProviders,
    Integer tileRows,
    Double weight,
    Float fallbackScore,
    Boolean compile,
    Double tolerance,
    GoldenRule golden,
    VersionPolicy versionPolicy,
    Map<String, Long> labels,
    Session session) {

  /** What holds for a folder without a {@code model.yaml}. */
  static final ModelYaml EMPTY =
      new ModelYaml(null, null, null, null, null, null, null, null, null, null, null, null, null);

  private static final int MAX_TILE_ROWS = 65_536;

  ModelYaml {
    description = Objects.requireNonNullElse(description, "");
    features = features == null ? List.of() : List.copyOf(features);
    outputs = outputs == null ? List.of() : List.copyOf(outputs);
    executionProviders = executionProviders == null ? List.of() : List.copyOf(executionProviders);
    tileRows = Objects.requireNonNullElse(tileRows, 0);
    weight = Objects.requireNonNullElse(weight, 1.0);
    fallbackScore = Objects.requireNonNullElse(fallbackScore, Float.NaN);
    if (!(weight > 0 && weight <= 1_000_000)) {
      throw new IllegalArgumentException(
          "weight: " + weight + " (expected: above 0, at most 1000000)");
    }
    golden = Objects.requireNonNullElse(golden, GoldenRule.FAIL);
    versionPolicy = Objects.requireNonNullElse(versionPolicy, VersionPolicy.LATEST);
    labels = labels == null ? Map.of() : Map.copyOf(labels);
    session = Objects.requireNonNullElse(session, new Session(null, null, null, null));
    if (tileRows < 0 || tileRows > MAX_TILE_ROWS) {
      throw new IllegalArgumentException(
          "tile_rows: "
              + tileRows
              + " (expected: 1 to "
              + MAX_TILE_ROWS
              + ", or 0 to have it chosen)");
    }
  }

  /** An entry of {@code execution_providers}: a name, or a name with what belongs to it. */
  record Provider(String name, Boolean required, String library, Map<String, String> options) {
    @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
    Provider {
      if (name == null || name.isEmpty()) {
        throw new IllegalArgumentException("execution_providers: an entry has no name");
      }
    }

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static Provider named(String name) {
      return new Provider(name, null, null, null);
    }
  }

  /** The runtime's session options. */
  record Session(
      OptimizationLevel optimizationLevel,
      Integer intraOpThreads,
      Boolean memoryPattern,
      Boolean arena) {}

  /** What may be done to make this model faster. */
  TuningOptions tuningOptions(TuningOptions defaults) throws ModelException {
    try {
      return Settings.checked(
          new TuningOptions(
              Objects.requireNonNullElse(compile, defaults.enabled()),
              Objects.requireNonNullElse(tolerance, defaults.tolerance()),
              defaults.tune(),
              defaults.maxTableBytes(),
              defaults.contextCacheBytes(),
              defaults.contextCacheAge()));
    } catch (IllegalArgumentException e) {
      throw new ModelException("model.yaml: " + e.getMessage(), e);
    }
  }

  /**
   * The engine's options for this model.
   *
   * @param defaults the server's
   * @param allowedLibraries the libraries that the server's configuration lets models load; a model
   *     folder is data and may not name any other
   */
  EngineOptions engineOptions(EngineOptions defaults, Set<Path> allowedLibraries)
      throws ModelException {
    List<ExecutionProvider> providers = new ArrayList<>();
    for (Provider provider : executionProviders) {
      Path library = provider.library() == null ? null : Path.of(provider.library());
      if (library != null && !allowedLibraries.contains(library)) {
        throw new ModelException(
            "model.yaml: execution provider '"
                + provider.name()
                + "': library "
                + library
                + " (expected: one of the server's allowed_libraries)");
      }
      providers.add(
          new ExecutionProvider(
              provider.name(),
              Boolean.TRUE.equals(provider.required()),
              library,
              provider.options() == null ? Map.of() : provider.options()));
    }
    try {
      return Settings.checked(
          new EngineOptions(
              Objects.requireNonNullElse(session.optimizationLevel(), defaults.optimizationLevel()),
              Objects.requireNonNullElse(session.intraOpThreads(), defaults.intraOpThreads()),
              Objects.requireNonNullElse(session.memoryPattern(), defaults.memoryPattern()),
              Objects.requireNonNullElse(session.arena(), defaults.arena()),
              defaults.workers(),
              defaults.maxCopiedBytes(),
              providers.isEmpty() ? defaults.providers() : providers,
              defaults.customOpLibraries(),
              defaults.allowedLibraries()));
    } catch (IllegalArgumentException e) {
      throw new ModelException("model.yaml: session: " + e.getMessage(), e);
    }
  }
}
