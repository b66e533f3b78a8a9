package dev.podium.server.repository.manager;

import dev.podium.server.repository.loader.LoadedVersion;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;

/** One model's versions and labels at one moment. Immutable. */
public final class ModelView {
  /**
   * What is known of a version.
   *
   * @param life tells loads of one version apart
   * @param holding null but while it is available
   * @param progress how far the present change has come with it
   */
  record Slot(long life, VersionState state, String message, Holding holding, Progress progress) {
    Slot with(VersionState next, String why, Holding held, Progress now) {
      return new Slot(life, next, why, held, now);
    }
  }

  private final String name;
  private final NavigableMap<Long, Slot> slots;
  private final Map<String, Long> labels;
  private final String message;

  ModelView(String name, NavigableMap<Long, Slot> slots, Map<String, Long> labels, String message) {
    this.name = name;
    this.slots = Collections.unmodifiableNavigableMap(new TreeMap<>(slots));
    this.labels = Map.copyOf(labels);
    this.message = message;
  }

  public String name() {
    return name;
  }

  /** The versions that are known, loaded or not. */
  public NavigableSet<Long> versions() {
    return slots.navigableKeySet();
  }

  /** Versions by label; they may not be there. */
  public Map<String, Long> labels() {
    return labels;
  }

  /** Why none of it can be served, or what to know of it; may be empty. */
  public String message() {
    return message;
  }

  /** Null for a version that isn't known. */
  public VersionState state(long version) {
    Slot slot = slots.get(version);
    return slot == null ? null : slot.state();
  }

  /** Why a version failed, or what to know of it; may be empty. */
  public String message(long version) {
    Slot slot = slots.get(version);
    return slot == null ? "" : slot.message();
  }

  /**
   * Takes a version for one holder, who closes the lease.
   *
   * @return null if it isn't available; if it was in this view, there is a newer view by now
   */
  public Lease lease(long version) {
    Slot slot = slots.get(version);
    return slot == null || slot.holding() == null ? null : slot.holding().lease();
  }

  NavigableMap<Long, Slot> slots() {
    return slots;
  }

  Slot slot(long version) {
    return slots.get(version);
  }

  ModelView with(long version, Slot slot) {
    NavigableMap<Long, Slot> next = new TreeMap<>(slots);
    next.put(version, slot);
    return new ModelView(name, next, labels, message);
  }

  ModelView without(long version) {
    NavigableMap<Long, Slot> next = new TreeMap<>(slots);
    next.remove(version);
    return new ModelView(name, next, labels, message);
  }

  ModelView withLabels(Map<String, Long> next) {
    return new ModelView(name, slots, next, message);
  }

  /** At the start of a change nothing has been done for any version. */
  ModelView untouched(String newMessage) {
    return new ModelView(name, untouched(slots), labels, newMessage);
  }

  private static NavigableMap<Long, Slot> untouched(NavigableMap<Long, Slot> slots) {
    NavigableMap<Long, Slot> untouched = new TreeMap<>();
    slots.forEach(
        (version, slot) ->
            untouched.put(
                version,
                slot.with(slot.state(), slot.message(), slot.holding(), Progress.UNTOUCHED)));
    return untouched;
  }

  /** Whether anything but progress is other than in an earlier view. */
  boolean differsFrom(ModelView before) {
    return !message.equals(before.message)
        || !labels.equals(before.labels)
        || !untouched(slots).equals(untouched(before.slots));
  }

  /** Whether a request that names no version can be answered. */
  boolean available() {
    return slots.values().stream().anyMatch(slot -> slot.state() == VersionState.AVAILABLE);
  }

  /** As operators see it. */
  ModelStatus status() {
    return new ModelStatus(
        name,
        slots.descendingMap().entrySet().stream()
            .map(version -> status(version.getKey(), version.getValue()))
            .toList(),
        message);
  }

  /** Of a version that is or was loaded. */
  ModelStatus.Version status(LoadedVersion version) {
    long number = version.number();
    // Long gone, and still held by somebody.
    Slot forgotten = new Slot(0, VersionState.UNLOADING, "", null, Progress.UNTOUCHED);
    return status(number, slots.getOrDefault(number, forgotten));
  }

  private ModelStatus.Version status(long version, Slot slot) {
    LoadedVersion loaded = slot.holding() == null ? null : slot.holding().version();
    return new ModelStatus.Version(
        version,
        slot.state(),
        slot.message(),
        labels.entrySet().stream()
            .filter(label -> label.getValue() == version)
            .map(Map.Entry::getKey)
            .sorted()
            .toList(),
        loaded == null ? 0 : loaded.fileBytes());
  }
}
