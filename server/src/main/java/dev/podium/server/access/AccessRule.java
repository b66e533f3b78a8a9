package dev.podium.server.access;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Lets some callers do some things with some models. Names may hold {@code *} for any text.
 *
 * @param principals callers' names
 * @param methods method groups
 * @param models models' names
 */
public record AccessRule(List<Pattern> principals, Set<MethodGroup> methods, List<Pattern> models) {

  /**
   * A rule as configuration has it.
   *
   * @param methods names of groups, or {@code *}
   * @throws IllegalArgumentException naming a method that isn't known
   */
  public static AccessRule of(List<String> principals, List<String> methods, List<String> models) {
    Set<MethodGroup> groups =
        methods.contains("*")
            ? Set.of(MethodGroup.values())
            : methods.stream().map(AccessRule::group).collect(Collectors.toSet());
    return new AccessRule(patterns(principals), groups, patterns(models));
  }

  private static MethodGroup group(String name) {
    MethodGroup group = MethodGroup.named(name);
    if (group == null) {
      throw new IllegalArgumentException(
          "methods: '"
              + name
              + "' (expected: '*' or any of "
              + List.of(MethodGroup.values())
              + ")");
    }
    return group;
  }

  private static List<Pattern> patterns(List<String> globs) {
    return globs.stream().map(AccessRule::pattern).toList();
  }

  private static Pattern pattern(String glob) {
    StringBuilder regex = new StringBuilder();
    for (String part : glob.split("\\*", -1)) {
      regex.append(regex.isEmpty() ? "" : ".*").append(Pattern.quote(part));
    }
    return Pattern.compile(regex.toString());
  }

  boolean isFor(String principal) {
    return matches(principals, principal);
  }

  boolean hasModel(String model) {
    return matches(models, model);
  }

  private static boolean matches(List<Pattern> patterns, String name) {
    for (Pattern pattern : patterns) {
      if (pattern.matcher(name).matches()) {
        return true;
      }
    }
    return false;
  }
}
