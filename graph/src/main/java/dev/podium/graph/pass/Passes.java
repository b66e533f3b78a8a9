package dev.podium.graph.pass;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** The passes that there are, and what they declare. */
public final class Passes {
  /**
   * Keeps the rows of the candidate half on the last axis where values are normalised row by row or
   * scaled unit by unit. The pass of this name prepares the function; the lowering keeps the rows.
   */
  public static final String ROWS_LAST = "ROWS_LAST";

  private static final List<Declaration> DECLARED = Pipeline.standard(0).declarations();

  private Passes() {}

  /** All passes. Where their declarations leave the order open, they run as they stand here. */
  static List<Pass> all(TableBudget budget) {
    return List.of(
        new JoinedParts(),
        new Transposes(),
        new InnerProducts(),
        new FoldScales(),
        Reassociate.exported(),
        new Gates(),
        new Centre(),
        new SplitSums(),
        new PickedColumns(),
        new EmbeddingBags(budget),
        new TargetAttention(),
        new Pooling(),
        new SumsOfVectors(),
        new LookUps(budget),
        Reassociate.afterSplit(),
        new UnitsFirst());
  }

  /** What the passes declare, in the order in which they run. */
  public static List<Declaration> declared() {
    return DECLARED;
  }

  /** Names that passes are switched by, in the order in which they run. */
  public static Set<String> names() {
    return named(declaration -> true);
  }

  /** Names of the passes that don't suit a device: they need what it can't do. */
  public static Set<String> unsuited(Set<DeviceTrait> device) {
    return named(declaration -> !declaration.suits(device));
  }

  private static Set<String> named(java.util.function.Predicate<Declaration> which) {
    return DECLARED.stream()
        .filter(which)
        .map(Declaration::option)
        .filter(option -> !option.equals(Declaration.ALWAYS))
        .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
  }

  /**
   * Names of the passes that suit a device and whose gain depends on the machine and the sizes, in
   * the order in which they are to be timed with and without.
   *
   * @param device what the device can do
   */
  public static List<String> onTrial(Set<DeviceTrait> device) {
    return DECLARED.stream()
        .filter(declaration -> declaration.trial() > 0 && declaration.suits(device))
        .sorted(Comparator.comparingInt(Declaration::trial))
        .map(Declaration::option)
        .toList();
  }
}
