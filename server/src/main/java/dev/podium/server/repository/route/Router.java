package dev.podium.server.repository.route;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.ModelView;
import dev.podium.server.repository.manager.VersionManager;
import dev.podium.server.repository.manager.VersionState;
import java.util.List;
import java.util.NavigableSet;
import java.util.function.Predicate;

/** Finds the version that a request asks for: by number, by label, or the newest. Thread-safe. */
public final class Router {
  /** More names would fill an answer's headers and help nobody. */
  private static final int MOST_NAMES = 10;

  private final VersionManager manager;

  public Router(VersionManager manager) {
    this.manager = manager;
  }

  /**
   * Takes a version for one request.
   *
   * @param version 0 for the newest available
   * @param label empty for none
   * @param visible which models' names a refusal may tell the caller
   * @throws RankException NOT_FOUND, or UNAVAILABLE for a version that is loading or leaving
   */
  public Route route(String model, long version, String label, Predicate<String> visible)
      throws RankException {
    while (true) {
      ModelView view = manager.view(model);
      if (view == null) {
        throw new RankException(
            FaultCode.NOT_FOUND, "model " + Quoted.text(model) + ": unknown" + others(visible));
      }
      Lease lease = view.lease(choose(view, version, label));
      if (lease != null) {
        return new Route(lease);
      }
      // It was replaced between the look and the grip, and has a successor: look again.
    }
  }

  /** The number of an available version. */
  private static long choose(ModelView model, long version, String label) throws RankException {
    long number = label.isEmpty() ? version : labelled(model, label);
    if (number != 0) {
      if (model.state(number) != VersionState.AVAILABLE) {
        throw refusal(model, number);
      }
      return number;
    }
    for (long candidate : model.versions().descendingSet()) {
      if (model.state(candidate) == VersionState.AVAILABLE) {
        return candidate;
      }
    }
    if (model.versions().isEmpty()) {
      throw new RankException(
          FaultCode.NOT_FOUND, "model '" + model.name() + "': " + model.message());
    }
    throw refusal(model, model.versions().last());
  }

  private static long labelled(ModelView model, String label) throws RankException {
    Long version = model.labels().get(label);
    if (version == null) {
      throw notFound(
          model, "label " + Quoted.text(label), model.labels().keySet().stream().sorted().toList());
    }
    return version;
  }

  private static RankException refusal(ModelView model, long version) {
    VersionState state = model.state(version);
    if (state == null) {
      NavigableSet<Long> known = model.versions();
      return notFound(model, "version " + version, List.copyOf(known));
    }
    String what = "model '" + model.name() + "' version " + version + ": ";
    return switch (state) {
      case FAILED ->
          new RankException(
              FaultCode.NOT_FOUND, what + "failed to load: " + model.message(version));
      case LOADING -> new RankException(FaultCode.UNAVAILABLE, what + "is loading");
      default -> new RankException(FaultCode.UNAVAILABLE, what + "is unloaded");
    };
  }

  private static RankException notFound(ModelView model, String what, List<?> expected) {
    return new RankException(
        FaultCode.NOT_FOUND,
        "model '" + model.name() + "': no " + what + " (expected: one of " + expected + ")");
  }

  private String others(Predicate<String> visible) {
    List<String> names = manager.names().stream().filter(visible).toList();
    if (names.isEmpty()) {
      return "";
    }
    String more = names.size() > MOST_NAMES ? " and " + (names.size() - MOST_NAMES) + " more" : "";
    return " (expected: one of "
        + String.join(", ", names.subList(0, Math.min(MOST_NAMES, names.size())))
        + more
        + ")";
  }
}
