package dev.podium.server.repository.manager;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.loader.LoadedVersion;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** One model's versions and their states. Thread-safe; readers take no lock. */
public final class ModelEntry {
  /** What is known of a version; {@code loaded} is null but while it is available. */
  private record Slot(VersionState state, String message, LoadedVersion loaded) {}

  private final String name;
  private final VersionCloser closer;
  private final Consumer<ModelStatus> listener;
  private volatile NavigableMap<Long, Slot> slots = new TreeMap<>();
  private volatile Map<String, Long> labels = Map.of();
  private volatile String message = "";
  private boolean closed;

  /**
   * @param listener is told of every change, in order
   */
  public ModelEntry(String name, VersionCloser closer, Consumer<ModelStatus> listener) {
    this.name = name;
    this.closer = closer;
    this.listener = listener;
  }

  public String name() {
    return name;
  }

  public synchronized void setLabels(Map<String, Long> labels) {
    this.labels = Map.copyOf(labels);
    listener.accept(status());
  }

  /** No version of this model can be served; empty if that is not so. */
  public synchronized void fail(String why) {
    message = why;
    listener.accept(status());
  }

  /** A version that serves goes on until its successor is {@link #available}. */
  public synchronized void loading(long number) {
    Slot slot = slots.get(number);
    if (slot == null || slot.loaded() == null) {
      set(number, new Slot(VersionState.LOADING, "", null));
    }
  }

  /** Serves a version, in the place of what was loaded under its number before. */
  public synchronized void available(LoadedVersion version) {
    if (closed) {
      retire(version, () -> {});
      return;
    }
    Slot before = slots.get(version.number());
    set(
        version.number(),
        new Slot(VersionState.AVAILABLE, String.join("; ", version.notes()), version));
    if (before != null && before.loaded() != null) {
      retire(before.loaded(), () -> {});
    }
  }

  /** A version can't be loaded; what was loaded under its number before serves on. */
  public synchronized void failed(long number, String why) {
    Slot slot = slots.get(number);
    if (slot != null && slot.loaded() != null) {
      set(
          number,
          new Slot(
              slot.state(), "serves as loaded before; its new load failed: " + why, slot.loaded()));
    } else {
      set(number, new Slot(VersionState.FAILED, why, null));
    }
  }

  /** Lets go of the versions that are not wanted, and forgets those that are long gone. */
  public synchronized void keepOnly(Set<Long> wanted) {
    for (Map.Entry<Long, Slot> entry : slots.entrySet()) {
      Slot slot = entry.getValue();
      if (!wanted.contains(entry.getKey())
          && (slot.state() == VersionState.UNLOADED || slot.state() == VersionState.FAILED)) {
        remove(entry.getKey());
      }
    }
    unload(wanted);
  }

  public synchronized void unloadAll() {
    unload(Set.of());
  }

  /** As {@link #unloadAll}, for good. */
  public synchronized void close() {
    closed = true;
    unloadAll();
  }

  private void unload(Set<Long> but) {
    slots.forEach(
        (number, slot) -> {
          if (slot.loaded() != null && !but.contains(number)) {
            Slot leaving = new Slot(VersionState.UNLOADING, "", null);
            set(number, leaving);
            retire(slot.loaded(), () -> unloaded(number, leaving));
          }
        });
  }

  private synchronized void unloaded(long number, Slot leaving) {
    // Its number may have been loaded again meanwhile.
    if (slots.get(number) == leaving) {
      set(number, new Slot(VersionState.UNLOADED, "unloaded", null));
    }
  }

  private void retire(LoadedVersion version, Runnable then) {
    version.letGo(
        () ->
            closer
                .retire(version)
                .thenRun(
                    () -> {
                      version.close();
                      then.run();
                    }));
  }

  public LoadedVersion acquire(long version, String label) throws RankException {
    while (true) {
      NavigableMap<Long, Slot> now = slots;
      LoadedVersion taken = take(now, version, label);
      if (taken != null) {
        return taken;
      }
      // A version that was replaced between the look and the grip has a successor: look again.
      if (slots == now) {
        throw refusal(now, number(version, label));
      }
    }
  }

  private LoadedVersion take(NavigableMap<Long, Slot> now, long version, String label)
      throws RankException {
    long number = number(version, label);
    if (number != 0) {
      Slot slot = now.get(number);
      return slot == null ? null : take(slot);
    }
    for (Slot slot : now.descendingMap().values()) {
      LoadedVersion taken = take(slot);
      if (taken != null) {
        return taken;
      }
    }
    return null;
  }

  private static LoadedVersion take(Slot slot) {
    return slot.loaded() != null && slot.loaded().tryRetain() ? slot.loaded() : null;
  }

  private long number(long version, String label) throws RankException {
    if (label.isEmpty()) {
      return version;
    }
    Map<String, Long> now = labels;
    Long labelled = now.get(label);
    if (labelled == null) {
      throw notFound("label '" + label + "'", "one of " + now.keySet());
    }
    return labelled;
  }

  /**
   * @param number 0 if any version would have done
   */
  private RankException refusal(NavigableMap<Long, Slot> now, long number) {
    if (number == 0 && now.isEmpty()) {
      return new RankException(FaultCode.NOT_FOUND, "model '" + name + "': " + message);
    }
    long asked = number == 0 ? now.lastKey() : number;
    Slot slot = now.get(asked);
    if (slot == null) {
      return notFound("version " + asked, "one of " + now.keySet());
    }
    String what = "model '" + name + "' version " + asked + ": ";
    return switch (slot.state()) {
      case FAILED ->
          new RankException(FaultCode.NOT_FOUND, what + "failed to load: " + slot.message());
      case LOADING -> new RankException(FaultCode.UNAVAILABLE, what + "is loading");
      default -> new RankException(FaultCode.UNAVAILABLE, what + "is unloaded");
    };
  }

  private RankException notFound(String what, String expected) {
    return new RankException(
        FaultCode.NOT_FOUND, "model '" + name + "': no " + what + " (expected: " + expected + ")");
  }

  public ModelStatus status() {
    NavigableMap<Long, Slot> now = slots;
    List<ModelStatus.Version> versions = new ArrayList<>();
    now.descendingMap().forEach((number, slot) -> versions.add(status(number, slot)));
    return new ModelStatus(name, versions, message);
  }

  /** Of a version that is or was loaded. */
  public ModelStatus.Version status(LoadedVersion version) {
    Slot slot = slots.get(version.number());
    return status(
        version.number(), slot == null ? new Slot(VersionState.UNLOADING, "", null) : slot);
  }

  private ModelStatus.Version status(long number, Slot slot) {
    List<String> pointing =
        labels.entrySet().stream()
            .filter(label -> label.getValue() == number)
            .map(Map.Entry::getKey)
            .sorted(Comparator.naturalOrder())
            .toList();
    return new ModelStatus.Version(
        number,
        slot.state(),
        slot.message(),
        pointing,
        slot.loaded() == null ? 0 : slot.loaded().fileBytes());
  }

  private void set(long number, Slot slot) {
    NavigableMap<Long, Slot> next = new TreeMap<>(slots);
    next.put(number, slot);
    slots = next;
    listener.accept(status());
  }

  private void remove(long number) {
    NavigableMap<Long, Slot> next = new TreeMap<>(slots);
    next.remove(number);
    slots = next;
    listener.accept(status());
  }
}
