package dev.podium.server.repository;

import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionState;
import java.util.ArrayList;
import java.util.List;

/**
 * Whether the server should be sent requests: it has started, is not draining, and each model that
 * it must have is available. Thread-safe.
 */
public final class Readiness {
  private enum Phase {
    STARTING,
    SERVING,
    DRAINING
  }

  private final ModelRepository repository;
  private final boolean ofAll;
  private volatile List<String> required;
  private volatile Phase phase = Phase.STARTING;

  /**
   * @param required names of the models that must be available; null for all those that were found
   *     when the server started, and one at least
   */
  public Readiness(ModelRepository repository, List<String> required) {
    this.repository = repository;
    this.ofAll = required == null;
    this.required = required == null ? null : List.copyOf(required);
  }

  /** The first loads are done. */
  public void started() {
    if (required == null) {
      required = found();
    }
    phase = Phase.SERVING;
  }

  /** The server takes no more requests; for good. */
  public void draining() {
    phase = Phase.DRAINING;
  }

  /** Whether there is nothing {@link #missing}. */
  public boolean isReady() {
    return missing().isEmpty();
  }

  /** What the start waits for, a sentence each; empty once each model has loaded or failed. */
  public List<String> unstarted() {
    return phase == Phase.STARTING ? missing() : List.of();
  }

  /** What stands in the way, a sentence each. */
  public List<String> missing() {
    List<String> missing = new ArrayList<>();
    switch (phase) {
      case DRAINING:
        return List.of("draining");
      case STARTING:
        missing.add("starting");
        break;
      default:
    }
    List<String> wanted = required;
    if (wanted == null) {
      // Until the start is over, all that has been found.
      wanted = found();
    } else if (ofAll
        && wanted.isEmpty()
        && repository.status().stream().noneMatch(ModelStatus::available)) {
      missing.add(
          "no model is available (expected: models in the repository, or required_models: [])");
    }
    for (String model : wanted) {
      ModelStatus status = repository.status(model);
      if (status == null) {
        missing.add("model '" + model + "': not in the repository");
      } else if (!status.available()) {
        missing.add("model '" + model + "': " + why(status));
      }
    }
    return missing;
  }

  private List<String> found() {
    return repository.status().stream().map(ModelStatus::name).toList();
  }

  private static String why(ModelStatus status) {
    if (status.versions().isEmpty()) {
      return status.message().isEmpty() ? "no version" : status.message();
    }
    List<String> versions = new ArrayList<>();
    for (ModelStatus.Version version : status.versions()) {
      versions.add(
          "version "
              + version.number()
              + " "
              + version.state().word()
              + (version.state() == VersionState.FAILED ? " (" + version.message() + ")" : ""));
    }
    return String.join(", ", versions);
  }
}
