package dev.podium.server.access;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Lets some callers do some things with some models. Names may hold {@code *} for any text. */
public final class AccessRule {
  private final List<Glob> principals;
  private final Set<MethodGroup> methods;
  private final List<Glob> models;

  private AccessRule(List<Glob> principals, Set<MethodGroup> methods, List<Glob> models) {
    this.principals = principals;
    this.methods = methods;
    this.models = models;
  }

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
    return new AccessRule(globs(principals), groups, globs(models));
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

  private static List<Glob> globs(List<String> names) {
    return names.stream().map(Glob::new).toList();
  }

  /** Whether the rule lets its callers use these methods, with some model. */
  boolean allows(String principal, MethodGroup method) {
    return methods.contains(method) && matches(principals, principal);
  }

  boolean hasModel(String model) {
    return matches(models, model);
  }

  private static boolean matches(List<Glob> globs, String name) {
    for (Glob glob : globs) {
      if (glob.matches(name)) {
        return true;
      }
    }
    return false;
  }
}
