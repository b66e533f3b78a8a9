package dev.podium.server.repository.manager;

import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.VersionLoader;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.VersionFolder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Brings what is in memory to what is desired, model by model: loads, lets serve, unloads. All
 * loads take this way, those of a start and those that callers ask for. A version that can't be
 * loaded, for whatever reason, harms no other. Thread-safe.
 */
public final class VersionManager implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(VersionManager.class.getName());

  private final VersionLoader loader;
  private final VersionCloser closer;
  private final Executor loads;
  private final NavigableMap<String, ModelVersions> models = new ConcurrentSkipListMap<>();
  private final List<Consumer<ModelStatus>> listeners = new CopyOnWriteArrayList<>();
  private volatile boolean closed;

  /**
   * @param closer is told when a version leaves
   * @param loads runs loads, each for seconds to minutes; see {@link LoadThreads}
   */
  public VersionManager(VersionLoader loader, VersionCloser closer, Executor loads) {
    this.loader = loader;
    this.closer = closer;
    this.loads = loads;
  }

  /**
   * Has a listener told of every change of a model's versions and labels, on the thread that makes
   * it; the changes of one model come in order. The listener must be quick, and change no model.
   */
  public void listen(Consumer<ModelStatus> listener) {
    listeners.add(listener);
  }

  /**
   * Serves what a model's folder and rules ask for. Does the loads on the executor and returns at
   * once. One change of a model at a time: the caller waits for the end of one before it begins the
   * next.
   *
   * @param anew whether versions that serve are loaded anew, too
   * @return why something that is asked for isn't served, a sentence each; empty if all is
   */
  public CompletionStage<List<String>> serve(FoundModel found, boolean anew) {
    Desired desired;
    try {
      desired = Desired.of(found, loader.rules(found), anew);
    } catch (ModelException e) {
      desired = Desired.unreadable(found, e.getMessage());
    } catch (RuntimeException | Error e) {
      LOG.log(Level.SEVERE, "model " + found.name() + ": its rules can't be read", e);
      desired = Desired.unreadable(found, sentence(e));
    }
    return reconcile(desired);
  }

  /** Brings a model to what is desired, as {@link Reconciliation} decides. */
  CompletionStage<List<String>> reconcile(Desired desired) {
    ModelVersions model =
        models.computeIfAbsent(
            desired.model(), name -> new ModelVersions(name, closer, this::tell));
    model.begin(message(model, desired));
    desired
        .problems()
        .forEach(
            problem ->
                LOG.log(Level.WARNING, "model {0}: {1}", new Object[] {desired.model(), problem}));
    return steps(model, desired)
        .handle(
            (done, fault) -> {
              List<String> problems = problems(model, desired);
              if (fault != null) {
                LOG.log(Level.SEVERE, "model " + desired.model() + ": a change failed", fault);
                problems.add("internal error: " + fault);
              }
              return problems;
            });
  }

  private CompletableFuture<Void> steps(ModelVersions model, Desired desired) {
    List<Action> steps = Reconciliation.next(desired, model.versions(), model.view().labels());
    if (steps.isEmpty() || closed) {
      return CompletableFuture.completedFuture(null);
    }
    List<VersionFolder> toLoad = new ArrayList<>();
    for (Action step : steps) {
      if (step instanceof Action.Load load) {
        model.loading(load.version());
        toLoad.add(desired.versions().get(load.version()));
      } else if (step instanceof Action.Relabel) {
        model.relabel(desired.labels());
      } else if (step instanceof Action.Unload unload) {
        model.unload(unload.version());
      } else if (step instanceof Action.Forget forget) {
        model.forget(forget.version());
      }
    }
    CompletableFuture<?>[] running =
        toLoad.stream().map(version -> begin(model, version)).toArray(CompletableFuture<?>[]::new);
    return CompletableFuture.allOf(running).thenCompose(loaded -> steps(model, desired));
  }

  private CompletableFuture<Void> begin(ModelVersions model, VersionFolder version) {
    try {
      return CompletableFuture.runAsync(() -> load(model, version), loads);
    } catch (RejectedExecutionException e) {
      failed(model, version, "the server is stopping", null);
      return CompletableFuture.completedFuture(null);
    }
  }

  /**
   * Loads a version. Never throws: whatever a version's files do to the compiler or the runtime (a
   * graph too deep for the stack, too large for memory, a library that doesn't link) is that
   * version's failure alone, and a version that isn't available after this has failed.
   */
  private void load(ModelVersions model, VersionFolder version) {
    if (closed) {
      failed(model, version, "the server is stopping", null);
      return;
    }
    try {
      LoadedVersion loaded = loader.load(version);
      model.available(loaded);
      LOG.log(Level.INFO, "model {0} available{1}", new Object[] {version, remarks(loaded)});
    } catch (ModelException e) {
      failed(model, version, e.getMessage(), null);
    } catch (Throwable e) {
      try {
        failed(model, version, sentence(e), e);
      } catch (Throwable worse) {
        // Not even its words could be had; it has failed all the same.
        model.failed(version.number(), "internal error");
      }
    }
  }

  /** What went wrong, for faults that are none of the model's files' by their type. */
  private static String sentence(Throwable fault) {
    if (fault instanceof StackOverflowError) {
      return "its graph is nested too deeply for the compiler's stack";
    }
    if (fault instanceof OutOfMemoryError) {
      return "out of memory: " + fault.getMessage() + " (expected: room to load it)";
    }
    return "internal error: " + fault;
  }

  /**
   * @param fault logged with its stack; null for what the sentence says in full
   */
  private static void failed(
      ModelVersions model, VersionFolder version, String why, Throwable fault) {
    model.failed(version.number(), why);
    String line = "model " + version.model() + " version " + version.number() + " failed: " + why;
    boolean told = fault == null || fault instanceof StackOverflowError;
    LOG.log(fault == null ? Level.WARNING : Level.SEVERE, line, told ? null : fault);
  }

  private static String remarks(LoadedVersion version) {
    List<String> remarks = version.remarks();
    return remarks.isEmpty() ? "" : "; " + String.join("; ", remarks);
  }

  private static String message(ModelVersions model, Desired desired) {
    List<String> sentences = new ArrayList<>();
    if (!desired.problems().isEmpty() && model.view().available()) {
      sentences.add(
          "serves as loaded before; its new load failed: " + String.join("; ", desired.problems()));
    } else {
      sentences.addAll(desired.problems());
    }
    sentences.addAll(desired.notes());
    return String.join("; ", sentences);
  }

  private static List<String> problems(ModelVersions model, Desired desired) {
    List<String> problems = new ArrayList<>(desired.problems());
    for (Map.Entry<Long, ModelView.Slot> version : model.view().slots().entrySet()) {
      if (version.getValue().progress() == Progress.FAILED) {
        problems.add("version " + version.getKey() + ": " + version.getValue().message());
      }
    }
    return problems;
  }

  private void tell(ModelStatus status) {
    for (Consumer<ModelStatus> listener : listeners) {
      try {
        listener.accept(status);
      } catch (RuntimeException e) {
        LOG.log(Level.SEVERE, "model " + status.name() + ": who listens to it failed", e);
      }
    }
  }

  /** Takes a model's versions from new requests; a model that isn't loaded stays so. */
  public void unload(String model) {
    ModelVersions versions = models.get(model);
    if (versions != null) {
      versions.unloadAll();
      LOG.log(Level.INFO, "model {0} is unloaded", model);
    }
  }

  /** One model, or null if there was never one of this name. */
  public ModelView view(String model) {
    ModelVersions versions = models.get(model);
    return versions == null ? null : versions.view();
  }

  /** A version that is or was loaded, as operators see it. */
  public ModelStatus.Version status(LoadedVersion version) {
    return view(version.model()).status(version);
  }

  /** Names of the models, sorted. */
  public List<String> names() {
    return List.copyOf(models.keySet());
  }

  /** All models, by name. */
  public List<ModelStatus> status() {
    return models.values().stream().map(model -> model.view().status()).toList();
  }

  /** One model's status, or null if there is none of this name. */
  public ModelStatus status(String model) {
    ModelView view = view(model);
    return view == null ? null : view.status();
  }

  /** Lets go of all versions; their sessions close as the requests that hold them end. */
  @Override
  public void close() {
    closed = true;
    models.values().forEach(ModelVersions::close);
  }
}
