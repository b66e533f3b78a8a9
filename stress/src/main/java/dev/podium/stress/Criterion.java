package dev.podium.stress;

import java.util.Locale;

/**
 * One figure beside its target.
 *
 * @param name what was measured, with its unit
 * @param figure NaN if it could not be measured, which misses any target
 * @param atLeast whether the target is a lower bound; otherwise an upper one
 */
record Criterion(String name, double figure, boolean atLeast, double target) {

  static Criterion atLeast(String name, double figure, double target) {
    return new Criterion(name, figure, true, target);
  }

  static Criterion atMost(String name, double figure, double target) {
    return new Criterion(name, figure, false, target);
  }

  /** Whether the figure meets the target. */
  boolean passed() {
    return atLeast ? figure >= target : figure <= target;
  }

  /** Such as {@code PASS goodput at 3x ÷ capacity: 0.95 (target: at least 0.90)}. */
  String line() {
    return String.format(
        Locale.ROOT,
        "%s %s: %s (target: at %s %s)",
        passed() ? "PASS" : "MISS",
        name,
        number(figure),
        atLeast ? "least" : "most",
        number(target));
  }

  private static String number(double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1e15) {
      return String.format(Locale.ROOT, "%.0f", value);
    }
    return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%.2f", value);
  }
}
