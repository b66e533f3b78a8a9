package dev.podium.server.access;

import java.util.List;

/**
 * What callers may do: what any rule lets them. Immutable.
 *
 * @param rules empty to let everybody who has credentials rank, infer, and look at what is served
 */
public record AccessRules(List<AccessRule> rules) {
  private static final AccessRule DEFAULT =
      AccessRule.of(List.of("*"), List.of("rank", "infer", "describe", "reflection"), List.of("*"));

  public AccessRules {
    rules = rules.isEmpty() ? List.of(DEFAULT) : List.copyOf(rules);
  }

  /** Whether a caller may use a method with at least one model. */
  boolean allows(String principal, MethodGroup method) {
    for (AccessRule rule : rules) {
      if (rule.allows(principal, method)) {
        return true;
      }
    }
    return false;
  }

  /** Whether a caller may use a method with a model. */
  boolean allows(String principal, MethodGroup method, String model) {
    for (AccessRule rule : rules) {
      if (rule.allows(principal, method) && rule.hasModel(model)) {
        return true;
      }
    }
    return false;
  }
}
