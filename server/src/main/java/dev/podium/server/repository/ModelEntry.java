package dev.podium.server.repository;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** One model's versions and their states. Thread-safe; readers take no lock. */
final class ModelEntry {
  /** What is known of a version; {@code loaded} is null but while it is available. */
  private record Slot(VersionState state, String message, LoadedVersion loaded) {}

  private final String name;
  private volatile NavigableMap<Long, Slot> slots = new TreeMap<>();
  private volatile Map<String, Long> labels = Map.of();
  private volatile String message = "";

  ModelEntry(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  void setLabels(Map<String, Long> labels) {
    this.labels = Map.copyOf(labels);
  }

  /** No version of this model can be served. */
  void fail(String why) {
    message = why;
  }

  void loading(long number) {
    set(number, new Slot(VersionState.LOADING, "", null));
  }

  void available(LoadedVersion version) {
    set(
        version.number(),
        new Slot(VersionState.AVAILABLE, String.join("; ", version.notes()), version));
  }

  void failed(long number, String why) {
    set(number, new Slot(VersionState.FAILED, why, null));
  }

  LoadedVersion acquire(long version, String label) throws RankException {
    NavigableMap<Long, Slot> now = slots;
    long number = version;
    if (!label.isEmpty()) {
      Long labelled = labels.get(label);
      if (labelled == null) {
        throw notFound("label '" + label + "'", "one of " + labels.keySet());
      }
      number = labelled;
    }
    if (number != 0) {
      return acquire(number, now.get(number));
    }
    for (Map.Entry<Long, Slot> entry : now.descendingMap().entrySet()) {
      LoadedVersion loaded = entry.getValue().loaded();
      if (loaded != null && loaded.tryRetain()) {
        return loaded;
      }
    }
    if (!now.isEmpty()) {
      return acquire(now.lastKey(), now.lastEntry().getValue());
    }
    throw new RankException(FaultCode.NOT_FOUND, "model '" + name + "': " + message);
  }

  private LoadedVersion acquire(long number, Slot slot) throws RankException {
    if (slot == null) {
      throw notFound("version " + number, "one of " + slots.keySet());
    }
    if (slot.loaded() != null && slot.loaded().tryRetain()) {
      return slot.loaded();
    }
    String what = "model '" + name + "' version " + number + ": ";
    switch (slot.state()) {
      case FAILED ->
          throw new RankException(FaultCode.NOT_FOUND, what + "failed to load: " + slot.message());
      case LOADING -> throw new RankException(FaultCode.UNAVAILABLE, what + "is loading");
      default -> throw new RankException(FaultCode.UNAVAILABLE, what + "is unloaded");
    }
  }

  private RankException notFound(String what, String expected) {
    return new RankException(
        FaultCode.NOT_FOUND, "model '" + name + "': no " + what + " (expected: " + expected + ")");
  }

  ModelStatus status() {
    List<ModelStatus.Version> versions = new ArrayList<>();
    slots.descendingMap().keySet().forEach(number -> versions.add(status(number)));
    return new ModelStatus(name, versions, message);
  }

  ModelStatus.Version status(long number) {
    Slot slot = slots.get(number);
    List<String> pointing =
        labels.entrySet().stream()
            .filter(label -> label.getValue() == number)
            .map(Map.Entry::getKey)
            .sorted(Comparator.naturalOrder())
            .toList();
    return new ModelStatus.Version(number, slot.state(), slot.message(), pointing);
  }

  void unloadAll(VersionCloser closer) {
    slots.forEach(
        (number, slot) -> {
          LoadedVersion loaded = slot.loaded();
          if (loaded != null) {
            set(number, new Slot(VersionState.UNLOADING, slot.message(), null));
            loaded.letGo(
                () ->
                    closer
                        .retire(loaded)
                        .thenRun(
                            () -> {
                              loaded.session().close();
                              set(number, new Slot(VersionState.UNLOADED, "", null));
                            }));
          }
        });
  }

  private synchronized void set(long number, Slot slot) {
    NavigableMap<Long, Slot> next = new TreeMap<>(slots);
    next.put(number, slot);
    slots = next;
  }
}
