package dev.podium.server.repository;

import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.engine.Engine;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.loader.ModelYaml;
import dev.podium.server.repository.loader.WarmUpRequests;
import dev.podium.server.repository.manager.ModelEntry;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionCloser;
import dev.podium.server.repository.manager.VersionState;
import dev.podium.server.repository.source.VersionFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
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
  private final List<Consumer<ModelStatus>> listeners = new CopyOnWriteArrayList<>();

  /** Held by the one load or unload at a time that a caller asked for. */
  private final Object control = new Object();

  /**
   * @param root holds one folder a model
   * @param defaults engine options of models that say nothing themselves
   * @param tuningDefaults likewise, what may be done to make them faster
   * @param allowedLibraries native libraries that a {@code model.yaml} may name
   * @param closer is told when a version leaves
   */
  public ModelRepository(
      Path root,
      Engine engine,
      EngineOptions defaults,
      TuningOptions tuningDefaults,
      Set<Path> allowedLibraries,
      VersionCloser closer) {
    this.root = root;
    this.loader = new ModelLoader(engine, defaults, tuningDefaults, allowedLibraries);
    this.closer = closer;
  }

  /**
   * Has a listener told of every change of a model's versions and labels, on the thread that makes
   * it; the changes of one model come in order. The listener must be quick, and change no model.
   */
  public void listen(Consumer<ModelStatus> listener) {
    listeners.add(listener);
  }

  /**
   * Finds the models and loads what they want served. Returns when each version has loaded or
   * failed.
   *
   * @param executor runs the loads
   * @throws ModelException if the folder itself can't be read
   */
  public void load(Executor executor) throws ModelException {
    List<CompletableFuture<String>> loads = new ArrayList<>();
    for (Path folder : modelFolders()) {
      ModelEntry entry = entry(folder.getFileName().toString());
      try {
        ModelYaml yaml = ModelLoader.yaml(folder);
        entry.setLabels(yaml.labels());
        for (long number : wanted(folder, yaml, entry)) {
          loads.add(CompletableFuture.supplyAsync(() -> load(folder, entry, number), executor));
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
   * Reads one model's folder, which may be new, and serves what it now wants served: each of those
   * versions is loaded, one after the other, and takes the place of what was loaded under its
   * number before, without a gap; then the others are unloaded. Where a load fails, what served
   * before serves on. Takes as long as the loads take.
   *
   * @throws RankException NOT_FOUND if there is no such folder, INVALID_ARGUMENT if its name, its
   *     {@code model.yaml} or a version is wrong
   */
  public void load(String model) throws RankException {
    if (!NAME.matcher(model).matches() || model.startsWith(".")) {
      throw RankException.invalid(
          "model name '" + model + "' (expected: letters, digits, '.', '_' and '-')");
    }
    Path folder = root.resolve(model);
    synchronized (control) {
      if (!Files.isDirectory(folder)) {
        throw new RankException(
            FaultCode.NOT_FOUND, "model '" + model + "': no such folder in the repository");
      }
      ModelEntry entry = entry(model);
      List<String> failures = new ArrayList<>();
      try {
        ModelYaml yaml = ModelLoader.yaml(folder);
        NavigableSet<Long> wanted = wanted(folder, yaml, entry);
        for (long number : wanted) {
          String failure = load(folder, entry, number);
          if (failure != null) {
            failures.add("version " + number + ": " + failure);
          }
        }
        if (failures.isEmpty()) {
          entry.fail("");
          entry.setLabels(yaml.labels());
          entry.keepOnly(wanted);
        }
      } catch (ModelException e) {
        if (entry.status().versions().isEmpty()) {
          entry.fail(e.getMessage());
        }
        failures.add(e.getMessage());
      }
      if (!failures.isEmpty()) {
        throw RankException.invalid(
            "load failed for model '" + model + "': " + String.join("; ", failures));
      }
    }
  }

  /**
   * Takes a model's versions from new requests at once, and frees each when the requests that it
   * has are finished. A model that isn't loaded stays so.
   */
  public void unload(String model) {
    synchronized (control) {
      ModelEntry entry = models.get(model);
      if (entry != null) {
        entry.unloadAll();
        LOG.log(Level.INFO, "model {0} is unloaded", entry.name());
      }
    }
  }

  /**
   * Names of all model folders, those that came since the server started included.
   *
   * @throws ModelException if the repository can't be read
   */
  public Set<String> found() throws ModelException {
    Set<String> names = new TreeSet<>();
    modelFolders().forEach(folder -> names.add(folder.getFileName().toString()));
    return names;
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

  /**
   * The examples that lie beside available versions: their warm-up requests, each for its version.
   */
  public List<RankRequest> examples() {
    List<RankRequest> examples = new ArrayList<>();
    for (ModelStatus model : status()) {
      for (ModelStatus.Version version : model.versions()) {
        if (version.state() != VersionState.AVAILABLE) {
          continue;
        }
        Path folder = root.resolve(model.name()).resolve(Long.toString(version.number()));
        ModelSpec.Builder spec =
            ModelSpec.newBuilder().setName(model.name()).setVersion(version.number());
        try {
          for (RankRequest request : WarmUpRequests.read(folder)) {
            examples.add(request.toBuilder().setModel(spec).build());
          }
        } catch (ModelException e) {
          // They could be read when the version was loaded.
          LOG.log(Level.WARNING, "no examples of {0}: {1}", new Object[] {folder, e.getMessage()});
        }
      }
    }
    return examples;
  }

  /** All models, by name. */
  public List<ModelStatus> status() {
    return models.values().stream().map(ModelEntry::status).toList();
  }

  /** One model's status, or null if there is none of this name. */
  public ModelStatus status(String model) {
    ModelEntry entry = models.get(model);
    return entry == null ? null : entry.status();
  }

  /** One version's state. */
  public ModelStatus.Version status(LoadedVersion version) {
    return models.get(version.model()).status(version);
  }

  /** Lets go of all versions; their sessions close as the requests that hold them end. */
  @Override
  public void close() {
    models.values().forEach(ModelEntry::close);
  }

  private ModelEntry entry(String model) {
    return models.computeIfAbsent(
        model,
        name ->
            new ModelEntry(
                name, closer, status -> listeners.forEach(listener -> listener.accept(status))));
  }

  /** The versions that a model's folder wants served, marked as loading. */
  private static NavigableSet<Long> wanted(Path folder, ModelYaml yaml, ModelEntry entry)
      throws ModelException {
    NavigableSet<Long> present = VersionFolders.in(folder);
    NavigableSet<Long> wanted = yaml.versionPolicy().choose(present, yaml.labels().values());
    if (wanted.isEmpty()) {
      throw new ModelException(
          folder + ": no version to serve (expected: a folder named by a number, with model.onnx)");
    }
    wanted.forEach(entry::loading);
    return wanted;
  }

  /** Returns why it failed, or null. */
  private String load(Path folder, ModelEntry entry, long number) {
    try {
      LoadedVersion version = loader.load(folder, number);
      entry.available(version);
      LOG.log(Level.INFO, "model {0} available{1}", new Object[] {version, notes(version)});
      return null;
    } catch (ModelException e) {
      entry.failed(number, e.getMessage());
      LOG.log(
          Level.WARNING,
          "model {0} version {1} failed: {2}",
          new Object[] {entry.name(), Long.toString(number), e.getMessage()});
      return e.getMessage();
    } catch (RuntimeException | LinkageError e) {
      entry.failed(number, "internal error: " + e);
      LOG.log(Level.SEVERE, "model " + entry.name() + " version " + number + " failed", e);
      return "internal error: " + e;
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
