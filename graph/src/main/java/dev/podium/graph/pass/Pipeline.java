package dev.podium.graph.pass;

import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Verifier;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/**
 * Passes in an order that follows from what they declare: phase by phase, and inside a phase each
 * after those that must run before it. After each pass that changed the function it is verified.
 * One pipeline compiles one graph.
 */
public final class Pipeline {
  private final List<Pass> inOrder;

  private Pipeline(List<Pass> inOrder) {
    this.inOrder = inOrder;
  }

  /**
   * All passes that there are.
   *
   * @param maxTableBytes bytes that passes together may spend on tables
   */
  public static Pipeline standard(long maxTableBytes) {
    return of(Passes.all(new TableBudget(maxTableBytes)));
  }

  /**
   * Orders passes.
   *
   * @param passes where their declarations leave the order open, they run as they stand here
   * @throws IllegalStateException if no order satisfies the declarations
   */
  static Pipeline of(List<Pass> passes) {
    Map<String, Pass> byName = new LinkedHashMap<>();
    for (Pass pass : passes) {
      String name = pass.declaration().name();
      if (byName.put(name, pass) != null) {
        throw new IllegalStateException("pass " + name + ": declared twice");
      }
    }
    for (Pass pass : passes) {
      check(pass.declaration(), byName);
    }
    List<Pass> inOrder = new ArrayList<>();
    Set<String> placed = new HashSet<>();
    for (Phase phase : Phase.values()) {
      for (Pass pass : passes) {
        if (pass.declaration().phase() == phase) {
          place(pass, byName, new LinkedHashSet<>(), placed, inOrder);
        }
      }
    }
    return new Pipeline(List.copyOf(inOrder));
  }

  private static void check(Declaration declared, Map<String, Pass> byName) {
    String option = declared.option();
    if (!option.equals(Declaration.ALWAYS)
        && (!byName.containsKey(option)
            || !byName.get(option).declaration().option().equals(option))) {
      throw new IllegalStateException(
          "pass " + declared.name() + ": part of " + option + " (expected: a pass of that name)");
    }
    for (String before : declared.after().keySet()) {
      Pass pass = byName.get(before);
      if (pass == null) {
        throw new IllegalStateException(
            "pass " + declared.name() + ": runs after " + before + ", which there is not");
      }
      Phase phase = pass.declaration().phase();
      if (phase.compareTo(declared.phase()) > 0) {
        throw new IllegalStateException(
            "pass "
                + declared.name()
                + " of phase "
                + declared.phase()
                + ": runs after "
                + before
                + " of phase "
                + phase
                + " (expected: the same phase or an earlier one)");
      }
    }
  }

  private static void place(
      Pass pass,
      Map<String, Pass> byName,
      Set<String> open,
      Set<String> placed,
      List<Pass> inOrder) {
    String name = pass.declaration().name();
    if (placed.contains(name)) {
      return;
    }
    if (!open.add(name)) {
      throw new IllegalStateException(
          "passes run after each other in a circle: " + String.join(", ", open));
    }
    for (String before : pass.declaration().after().keySet()) {
      place(byName.get(before), byName, open, placed, inOrder);
    }
    open.remove(name);
    placed.add(name);
    inOrder.add(pass);
  }

  /** What the passes declare, in the order in which they run. */
  List<Declaration> declarations() {
    return inOrder.stream().map(Pass::declaration).toList();
  }

  /**
   * What the passes made of a function.
   *
   * @param function the function that is left
   * @param counts places changed, by the name that the pass is switched by, in the order of passes
   * @param refused places left alone, each with its reason
   */
  public record Result(
      RowFunction function, Map<String, Integer> counts, Map<String, String> refused) {}

  /**
   * Runs passes.
   *
   * @param function the function
   * @param used which passes, by the name that they are switched by
   * @param changed is given each pass that changed the function, and the function after it
   * @throws IllegalStateException if a pass fails, or leaves a function behind that is not one of
   *     the same shapes, types and roles; the message names it
   */
  public Result run(
      RowFunction function, Predicate<String> used, BiConsumer<Declaration, RowFunction> changed) {
    Map<String, Integer> counts = new LinkedHashMap<>();
    Map<String, String> refused = new LinkedHashMap<>();
    RowFunction current = function;
    for (Pass pass : inOrder) {
      Declaration declared = pass.declaration();
      String option = declared.option();
      if (!option.equals(Declaration.ALWAYS) && !used.test(option)) {
        continue;
      }
      Pass.Log log = new Pass.Log();
      RowFunction after = applied(pass, current, log);
      if (!after.outputs().equals(current.outputs())) {
        changed.accept(declared, after);
      }
      current = after;
      counts.merge(option, log.count(), Integer::sum);
      log.refused().forEach((where, why) -> refused.put(option + " at " + where, why));
    }
    counts.remove(Declaration.ALWAYS);
    counts.values().removeIf(count -> count == 0);
    return new Result(current, counts, refused);
  }

  private static RowFunction applied(Pass pass, RowFunction function, Pass.Log log) {
    try {
      RowFunction after = pass.apply(function, log);
      if (!after.outputs().equals(function.outputs())) {
        Verifier.verify(function, after);
      }
      return after;
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          "pass " + pass.declaration().name() + ": " + e.getMessage(), e);
    }
  }
}
