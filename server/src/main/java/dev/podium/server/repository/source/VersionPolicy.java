package dev.podium.server.repository.source;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;

/**
 * Which of a model's versions are to be served: the newest few, or those named.
 *
 * @param latest how many of the newest; 0 if versions are named
 * @param versions the versions named
 */
public record VersionPolicy(int latest, List<Long> versions) {
  public static final VersionPolicy LATEST = new VersionPolicy(1, List.of());
  public static final VersionPolicy ALL = new VersionPolicy(Integer.MAX_VALUE, List.of());

  public VersionPolicy {
    versions = List.copyOf(versions);
  }

  /** From the mapping in {@code model.yaml}. */
  @JsonCreator(mode = JsonCreator.Mode.PROPERTIES)
  static VersionPolicy of(
      @JsonProperty("latest") Integer latest, @JsonProperty("versions") List<Long> versions) {
    if ((latest == null) == (versions == null)) {
      throw new IllegalArgumentException("version_policy: (expected: either latest or versions)");
    }
    if (latest != null && latest < 1) {
      throw new IllegalArgumentException(
          "version_policy: latest " + latest + " (expected: at least 1)");
    }
    return latest != null ? new VersionPolicy(latest, List.of()) : new VersionPolicy(0, versions);
  }

  /** From the word in {@code model.yaml}. */
  @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
  static VersionPolicy named(String word) {
    return switch (word) {
      case "latest" -> LATEST;
      case "all" -> ALL;
      default ->
          throw new IllegalArgumentException(
              "version_policy: '"
                  + word
                  + "' (expected: latest, all, {latest: N} or {versions: [...]})");
    };
  }

  /** Of the versions present, those to serve. Labelled versions are served besides. */
  public NavigableSet<Long> choose(NavigableSet<Long> present, Iterable<Long> labelled) {
    NavigableSet<Long> chosen = new TreeSet<>();
    present.descendingSet().stream().limit(latest).forEach(chosen::add);
    versions.stream().filter(present::contains).forEach(chosen::add);
    for (long version : labelled) {
      if (present.contains(version)) {
        chosen.add(version);
      }
    }
    return chosen;
  }
}
