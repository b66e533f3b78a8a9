package dev.podium.server.repository.manager;

import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.manager.ModelView.Slot;
import dev.podium.server.repository.manager.Reconciliation.Version;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * One model's versions as they change. Thread-safe; readers take no lock, they get a {@link
 * ModelView}.
 */
final class ModelVersions {
  private final VersionCloser closer;
  private final Consumer<ModelStatus> listener;
  private volatile ModelView view;
  private long lives;
  private boolean closed;

  /**
   * @param listener is told of every change, in order
   */
  ModelVersions(String name, VersionCloser closer, Consumer<ModelStatus> listener) {
    this.closer = closer;
    this.listener = listener;
    this.view = new ModelView(name, new TreeMap<>(), Map.of(), "");
  }

  ModelView view() {
    return view;
  }

  /** Begins a change. */
  synchronized void begin(String message) {
    publish(view.untouched(message));
  }

  /** What the next steps are decided by. */
  NavigableMap<Long, Version> versions() {
    NavigableMap<Long, Version> versions = new TreeMap<>();
    view.slots()
        .forEach(
            (number, slot) -> versions.put(number, new Version(slot.state(), slot.progress())));
    return versions;
  }

  /** A version that serves goes on until its successor is {@link #available}. */
  synchronized void loading(long number) {
    Slot slot = view.slot(number);
    if (slot != null && slot.holding() != null) {
      set(number, slot.with(slot.state(), slot.message(), slot.holding(), Progress.LOADING));
    } else {
      Slot born = new Slot(++lives, VersionState.LOADING, "", null, Progress.LOADING);
      publish(view.with(number, born));
    }
  }

  /** Serves a version, in the place of what was loaded under its number before. */
  synchronized void available(LoadedVersion version) {
    Holding holding = new Holding(version);
    if (closed) {
      retire(holding, () -> {});
      return;
    }
    Slot before = view.slot(version.number());
    String notes = String.join("; ", version.notes());
    if (before.holding() == null) {
      set(version.number(), before.with(VersionState.AVAILABLE, notes, holding, Progress.LOADED));
    } else {
      // Its successor was loaded behind it, so nobody ever saw that load.
      publish(
          view.with(
              version.number(),
              new Slot(++lives, VersionState.AVAILABLE, notes, holding, Progress.LOADED)));
      retire(before.holding(), () -> {});
    }
  }

  /** A version can't be loaded; what was loaded under its number before serves on. */
  synchronized void failed(long number, String why) {
    Slot slot = view.slot(number);
    if (slot.holding() != null) {
      String message = "serves as loaded before; its new load failed: " + why;
      set(number, slot.with(slot.state(), message, slot.holding(), Progress.FAILED));
    } else {
      set(number, slot.with(VersionState.FAILED, why, null, Progress.FAILED));
    }
  }

  synchronized void relabel(Map<String, Long> labels) {
    publish(view.withLabels(labels));
  }

  /** Takes a version from new requests; it is closed when the last lease is. */
  synchronized void unload(long number) {
    Slot slot = view.slot(number);
    if (slot != null && slot.holding() != null) {
      set(number, slot.with(VersionState.UNLOADING, "", null, Progress.LEAVING));
      retire(slot.holding(), () -> unloaded(number, slot.life()));
    }
  }

  private synchronized void unloaded(long number, long life) {
    Slot slot = view.slot(number);
    // Its number may have been loaded again meanwhile.
    if (slot != null && slot.life() == life) {
      set(number, slot.with(VersionState.UNLOADED, "unloaded", null, slot.progress()));
    }
  }

  synchronized void forget(long number) {
    publish(view.without(number));
  }

  synchronized void unloadAll() {
    view.versions().forEach(this::unload);
  }

  /** As {@link #unloadAll}, for good. */
  synchronized void close() {
    closed = true;
    unloadAll();
  }

  private void retire(Holding holding, Runnable then) {
    holding.letGo(
        () ->
            closer
                .retire(holding.version())
                .thenRun(
                    () -> {
                      holding.version().close();
                      then.run();
                    }));
  }

  private void set(long number, Slot next) {
    VersionState before = view.slot(number).state();
    if (before != next.state() && !before.leadsTo(next.state())) {
      throw new IllegalStateException(
          view.name() + " version " + number + ": from " + before + " to " + next.state());
    }
    publish(view.with(number, next));
  }

  private void publish(ModelView next) {
    boolean seen = next.differsFrom(view);
    view = next;
    if (seen) {
      listener.accept(next.status());
    }
  }
}
