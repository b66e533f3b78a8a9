package dev.podium.server.repository;

import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.loader.VersionLoader;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.ModelView;
import dev.podium.server.repository.manager.VersionCloser;
import dev.podium.server.repository.manager.VersionManager;
import dev.podium.server.repository.route.Route;
import dev.podium.server.repository.route.Router;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.Ignored;
import dev.podium.server.repository.source.ModelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * The models of one folder: finds them, has the versions that their rules ask for loaded, and hands
 * them to requests. Thread-safe.
 */
public final class ModelRepository implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(ModelRepository.class.getName());

  private final ModelSource source;
  private final VersionManager manager;
  private final Router router;

  /** What is not served though it lies there, by model; under the empty name, models themselves. */
  private final Map<String, List<Ignored>> ignored = new ConcurrentHashMap<>();

  /** Held by the one change at a time. */
  private final Object control = new Object();

  /**
   * @param root holds one folder a model
   * @param closer is told when a version leaves
   * @param loads runs loads, each for seconds to minutes
   */
  public ModelRepository(Path root, VersionLoader loader, VersionCloser closer, Executor loads) {
    this.source = new ModelSource(root);
    this.manager = new VersionManager(loader, closer, loads);
    this.router = new Router(manager);
  }

  /**
   * Has a listener told of every change of a model's versions and labels, on the thread that makes
   * it; the changes of one model come in order. The listener must be quick, and change no model.
   */
  public void listen(Consumer<ModelStatus> listener) {
    manager.listen(listener);
  }

  /**
   * Finds the models and loads what they want served, several at a time. Returns when each version
   * has loaded or failed. A model that can't be loaded harms no other.
   *
   * @throws ModelException if the folder itself can't be read
   */
  public void load() throws ModelException {
    synchronized (control) {
      ModelSource.Snapshot found = source.look();
      ignore("", found.ignored());
      CompletableFuture.allOf(
              found.models().stream()
                  .map(model -> change(model, false))
                  .toArray(CompletableFuture<?>[]::new))
          .join();
    }
  }

  /**
   * Reads one model's folder, which may be new, and serves what it now wants served: each of those
   * versions is loaded anew and takes the place of what was loaded under its number before, without
   * a gap; then the others are unloaded. Where a load fails, what served before serves on. Takes as
   * long as the loads take.
   *
   * @throws RankException NOT_FOUND if there is no such folder, INVALID_ARGUMENT if its name, its
   *     {@code model.yaml} or a version is wrong
   */
  public void load(String model) throws RankException {
    if (!ModelSource.isModelName(model)) {
      throw RankException.invalid(
          "model name " + Quoted.text(model) + " (expected: letters, digits, '.', '_' and '-')");
    }
    synchronized (control) {
      List<String> problems;
      try {
        FoundModel found = source.look(model);
        if (found == null) {
          throw new RankException(
              FaultCode.NOT_FOUND,
              "model " + Quoted.text(model) + ": no such folder in the repository");
        }
        problems = change(found, true).join();
      } catch (ModelException e) {
        LOG.log(Level.WARNING, "model {0}: {1}", new Object[] {model, e.getMessage()});
        problems = List.of(e.getMessage());
      }
      if (!problems.isEmpty()) {
        throw RankException.invalid(
            "load failed for model '" + model + "': " + String.join("; ", problems));
      }
    }
  }

  private CompletableFuture<List<String>> change(FoundModel found, boolean anew) {
    ignore(found.name(), found.ignored());
    return manager.serve(found, anew).toCompletableFuture();
  }

  /** Logs what is ignored once. */
  private void ignore(String model, List<Ignored> now) {
    List<Ignored> before = ignored.put(model, now);
    String where = model.isEmpty() ? "repository " + source.root() : "model " + model;
    for (Ignored one : now) {
      if (before == null || !before.contains(one)) {
        LOG.log(Level.WARNING, "{0}: {1}", new Object[] {where, one});
      }
    }
  }

  /** Folders of the repository that are no models, a sentence each. */
  public List<String> ignored() {
    return ignored.getOrDefault("", List.of()).stream().map(Ignored::toString).toList();
  }

  /**
   * Takes a model's versions from new requests at once, and frees each when the requests that it
   * has are finished. A model that isn't loaded stays so.
   */
  public void unload(String model) {
    synchronized (control) {
      manager.unload(model);
    }
  }

  /**
   * Names of all models that lie in the folder, those that came since the server started included.
   *
   * @throws ModelException if the repository can't be read
   */
  public Set<String> found() throws ModelException {
    Set<String> names = new TreeSet<>();
    source.look().models().forEach(model -> names.add(model.name()));
    return names;
  }

  /**
   * Takes a version for one request, which closes the route's leases.
   *
   * @param version 0 for the newest available
   * @param label empty for none
   * @param visible which models' names a refusal may tell the caller
   * @throws RankException NOT_FOUND, or UNAVAILABLE for a version that is loading or leaving
   */
  public Route route(String model, long version, String label, Predicate<String> visible)
      throws RankException {
    return router.route(model, version, label, visible);
  }

  /**
   * Takes a version that was seen available, to look at it.
   *
   * @return null if it is no longer; else the caller closes it
   */
  public Lease lease(String model, long version) {
    ModelView view = manager.view(model);
    return view == null ? null : view.lease(version);
  }

  /**
   * The examples that lie beside available versions: their warm-up requests, each for its version.
   */
  public List<RankRequest> examples() {
    List<RankRequest> examples = new ArrayList<>();
    for (ModelStatus model : status()) {
      for (ModelStatus.Version version : model.versions()) {
        try (Lease lease = lease(model.name(), version.number())) {
          if (lease != null) {
            examples(lease.version(), examples);
          }
        }
      }
    }
    return examples;
  }

  private static void examples(LoadedVersion version, List<RankRequest> examples) {
    ModelSpec.Builder spec =
        ModelSpec.newBuilder().setName(version.model()).setVersion(version.number());
    try {
      for (RankRequest request : ModelLoader.examples(version)) {
        examples.add(request.toBuilder().setModel(spec).build());
      }
    } catch (ModelException e) {
      // They could be read when the version was loaded.
      LOG.log(Level.WARNING, "no examples of {0}: {1}", new Object[] {version, e.getMessage()});
    }
  }

  /** All models, by name. */
  public List<ModelStatus> status() {
    return manager.status();
  }

  /** One model's status, or null if there is none of this name. */
  public ModelStatus status(String model) {
    return manager.status(model);
  }

  /** The state of a version that is or was loaded. */
  public ModelStatus.Version status(LoadedVersion version) {
    return manager.status(version);
  }

  /** Lets go of all versions; their sessions close as the requests that hold them end. */
  @Override
  public void close() {
    manager.close();
  }
}
