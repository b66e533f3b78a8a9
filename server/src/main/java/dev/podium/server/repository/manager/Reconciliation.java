package dev.podium.server.repository.manager;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;

/**
 * Decides what is done next to get from what a model has to what is desired. It keeps what serves:
 * versions are loaded first, and only when all that are desired serve do labels move and do the
 * others leave. Where a load fails, or something desired can't be had, what served before serves on
 * under its labels. A function of its arguments alone.
 */
final class Reconciliation {
  private Reconciliation() {}

  /** One version's place in it. */
  record Version(VersionState state, Progress progress) {
    private boolean serves() {
      return state == VersionState.AVAILABLE;
    }

    private boolean ended() {
      return state == VersionState.UNLOADED || state == VersionState.FAILED;
    }
  }

  /**
   * The next steps, in order; none if there is nothing left to do. Loads may run side by side; the
   * next steps after them are asked for when all have ended.
   *
   * @param now the model's versions
   * @param labels where its labels point now
   */
  static List<Action> next(
      Desired desired, NavigableMap<Long, Version> now, Map<String, Long> labels) {
    List<Action> steps = new ArrayList<>();
    boolean serves = now.values().stream().anyMatch(Version::serves);
    boolean reached =
        desired.problems().isEmpty()
            && desired.versions().keySet().stream().allMatch(v -> reached(desired, now.get(v)));
    boolean nothingToKeep = !serves && !desired.versions().isEmpty();
    if ((reached || nothingToKeep) && !labels.equals(desired.labels())) {
      steps.add(new Action.Relabel());
    }
    for (long version : desired.versions().keySet()) {
      Version current = now.get(version);
      boolean untried = current == null || current.progress() == Progress.UNTOUCHED;
      if (untried && !reached(desired, current)) {
        steps.add(new Action.Load(version));
      }
    }
    if (reached) {
      now.forEach(
          (version, current) -> {
            if (desired.versions().containsKey(version)) {
              return;
            }
            if (current.serves()) {
              steps.add(new Action.Unload(version));
            } else if (current.ended() && current.progress() == Progress.UNTOUCHED) {
              steps.add(new Action.Forget(version));
            }
          });
    }
    return steps;
  }

  private static boolean reached(Desired desired, Version version) {
    return version != null
        && version.serves()
        && (!desired.anew() || version.progress() == Progress.LOADED);
  }
}
