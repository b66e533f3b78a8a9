package dev.podium.server.repository;

import dev.podium.server.engine.CompileOptions;
import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executor;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The models of one folder. Loads the versions that each model's policy asks for, several at a
 * time, and hands them to requests; a model that can't be loaded harms no other. Thread-safe.
 */
public final class ModelRepository implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ModelRepository.class.getName());
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]+");

  private final Path root;
  private final ModelLoader loader;
  private final VersionCloser closer;
  private final NavigableMap<String, ModelEntry> models = new ConcurrentSkipListMap<>();

  /**
   * @param root holds one folder a model
   * @param defaults engine options of models that say nothing themselves
   * @param compileDefaults likewise, what may be done to make them faster
   * @param allowedLibraries native libraries that a {@code model.yaml} may name
   * @param closer is told when a version leaves
   */
  public ModelRepository(
      Path root,
      Engine engine,
      EngineOptions defaults,
      CompileOptions compileDefaults,
      Set<Path> allowedLibraries,
      VersionCloser closer) {
    this.root = root;
    this.loader = new ModelLoader(engine, defaults, compileDefaults, allowedLibraries);
    this.closer = closer;
  }

  /**
   * Finds the models and loads what they want served. Returns when each version has loaded or
   * failed.
   *
   * @param executor runs the loads
   * @throws ModelException if the folder itself can't be read
   */
  public void load(Executor executor) throws ModelException {
    List<CompletableFuture<Void>> loads = new ArrayList<>();
    for (Path folder : modelFolders()) {
      ModelEntry entry = new ModelEntry(folder.getFileName().toString());
      models.put(entry.name(), entry);
      try {
        ModelYaml yaml = ModelLoader.yaml(folder);
        entry.setLabels(yaml.labels());
        NavigableSet<Long> present = VersionFolders.in(folder);
        NavigableSet<Long> wanted = yaml.versionPolicy().choose(present, yaml.labels().values());
        if (wanted.isEmpty()) {
          entry.fail(
              folder
                  + ": no version to serve (expected: a folder named by a number, with model.onnx)");
        }
        for (long number : wanted) {
          entry.loading(number);
          loads.add(CompletableFuture.runAsync(() -> load(folder, entry, number), executor));
        }
      } catch (ModelException e) {
        entry.fail(e.getMessage());
        LOG.log(
            Level.WARNING, "model {0} failed: {1}", new Object[] {entry.name(), e.getMessage()});
      }
    }
    CompletableFuture.allOf(loads.toArray(CompletableFuture[]::new)).join();
  }

  /**
   * Takes a version for one request; the caller releases it once.
   *
   * @param version 0 for the newest available
   * @param label empty for none
   * @throws RankException NOT_FOUND, or UNAVAILABLE for a version that is loading or leaving
   */
  public LoadedVersion acquire(String model, long version, String label) throws RankException {
    ModelEntry entry = models.get(model);
    if (entry == null) {
      throw new RankException(
          FaultCode.NOT_FOUND,
          "model '"
              + model
              + "': unknown (expected: one of "
              + String.join(", ", models.keySet())
              + ")");
    }
    return entry.acquire(version, label);
  }

  /** All models, by name. */
  public List<ModelStatus> status() {
    return models.values().stream().map(ModelEntry::status).toList();
  }

  /** One version's state. */
  public ModelStatus.Version status(LoadedVersion version) {
    return models.get(version.model()).status(version.number());
  }

  /** Lets go of all versions; their sessions close as the requests that hold them end. */
  @Override
  public void close() {
    models.values().forEach(entry -> entry.unloadAll(closer));
  }

  private void load(Path folder, ModelEntry entry, long number) {
    try {
      LoadedVersion version = loader.load(folder, number);
      entry.available(version);
      LOG.log(Level.INFO, "model {0} available{1}", new Object[] {version, notes(version)});
    } catch (ModelException e) {
      entry.failed(number, e.getMessage());
      LOG.log(
          Level.WARNING,
          "model {0} version {1} failed: {2}",
          new Object[] {entry.name(), Long.toString(number), e.getMessage()});
    } catch (RuntimeException | LinkageError e) {
      entry.failed(number, "internal error: " + e);
      LOG.log(Level.SEVERE, "model " + entry.name() + " version " + number + " failed", e);
    }
  }

  private static String notes(LoadedVersion version) {
    return version.notes().isEmpty() ? "" : "; " + String.join("; ", version.notes());
  }

  private List<Path> modelFolders() throws ModelException {
    if (!Files.isDirectory(root)) {
      throw new ModelException(root + ": not there (expected: a folder of model folders)");
    }
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(Files::isDirectory)
          .filter(p -> NAME.matcher(p.getFileName().toString()).matches())
          .filter(p -> !p.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new ModelException(root + ": can't be read: " + e.getMessage(), e);
    }
  }
}
