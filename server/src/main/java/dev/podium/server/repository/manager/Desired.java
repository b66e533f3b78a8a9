package dev.podium.server.repository.manager;

import dev.podium.server.repository.loader.ServingRules;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.Ignored;
import dev.podium.server.repository.source.VersionFolder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;

/**
 * What a model's folder and its {@code model.yaml} ask for.
 *
 * @param versions those to serve
 * @param anew whether versions that serve are loaded anew, too
 * @param problems what is asked for and can't be had, a sentence each. While there are any, nothing
 *     that serves is taken away
 * @param notes what else an operator should know, a sentence each
 */
record Desired(
    String model,
    NavigableMap<Long, VersionFolder> versions,
    Map<String, Long> labels,
    boolean anew,
    List<String> problems,
    List<String> notes) {
  Desired {
    versions = Collections.unmodifiableNavigableMap(new TreeMap<>(versions));
    labels = Map.copyOf(labels);
    problems = List.copyOf(problems);
    notes = List.copyOf(notes);
  }

  /** Of the versions found, those that the rules choose. */
  static Desired of(FoundModel found, ServingRules rules, boolean anew) {
    NavigableSet<Long> present = found.versions().navigableKeySet();
    NavigableMap<Long, VersionFolder> versions = new TreeMap<>(found.versions());
    versions.keySet().retainAll(rules.policy().choose(present, rules.labels().values()));
    List<String> problems = new ArrayList<>();
    if (versions.isEmpty()) {
      problems.add(
          found.folder()
              + ": no version to serve (expected: a folder named by a number, with model.onnx)");
    }
    for (long version : rules.policy().versions()) {
      if (!present.contains(version)) {
        problems.add(missing("version_policy", version, present));
      }
    }
    for (Map.Entry<String, Long> label : new TreeMap<>(rules.labels()).entrySet()) {
      if (!present.contains(label.getValue())) {
        problems.add(missing("label '" + label.getKey() + "'", label.getValue(), present));
      }
    }
    List<String> notes = found.ignored().stream().map(Ignored::toString).toList();
    return new Desired(found.name(), versions, rules.labels(), anew, problems, notes);
  }

  /** Of a model that can't be read. */
  static Desired unreadable(FoundModel found, String why) {
    List<String> notes = found.ignored().stream().map(Ignored::toString).toList();
    return new Desired(
        found.name(), Collections.emptyNavigableMap(), Map.of(), false, List.of(why), notes);
  }

  private static String missing(String what, long version, NavigableSet<Long> present) {
    return "model.yaml: "
        + what
        + ": no version "
        + version
        + " (expected: one of "
        + present
        + ")";
  }
}
