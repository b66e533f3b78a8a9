package dev.podium.graph.pass;

import java.util.Collections;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a pass says about itself.
 *
 * @param name in capitals, as reports show it
 * @param phase the part of the pipeline that it runs in
 * @param after the passes that must have run before it, each with the reason
 * @param option the pass whose name switches it, and that reports count it as: its own, that of the
 *     pass that it is part of, or {@link #ALWAYS}
 * @param trial where its gain depends on the machine and the sizes: its turn among the passes that
 *     are timed with and without at load, from 1 on; 0 where it always saves arithmetic
 * @param needs what a device must be able to do for this pass to suit it
 */
public record Declaration(
    String name,
    Phase phase,
    Map<String, String> after,
    String option,
    int trial,
    Set<DeviceTrait> needs) {
  /** Computing context once, the ground that all passes stand on, which can't be left out. */
  public static final String ALWAYS = "HOIST";

  /** Copies the collections. */
  public Declaration {
    after = Collections.unmodifiableMap(new LinkedHashMap<>(after));
    needs = Set.copyOf(needs);
    if (trial < 0) {
      throw new IllegalArgumentException(
          "pass " + name + ": trial " + trial + " (expected: at least 0)");
    }
  }

  /** A pass that is switched by its own name, on any device, and not on trial. */
  static Declaration of(String name, Phase phase) {
    return new Declaration(name, phase, Map.of(), name, 0, EnumSet.noneOf(DeviceTrait.class));
  }

  /** Another pass must have run before this one, if both are used. */
  Declaration after(String pass, String why) {
    Map<String, String> all = new LinkedHashMap<>(after);
    all.put(pass, why);
    return new Declaration(name, phase, all, option, trial, needs);
  }

  /** It can't be left out, and reports don't count it. */
  Declaration always() {
    return partOf(ALWAYS);
  }

  /** It is used where another pass is, and counted with that. */
  Declaration partOf(String pass) {
    return new Declaration(name, phase, after, pass, trial, needs);
  }

  /** Its gain is measured at load; passes are tried in ascending order of turns. */
  Declaration onTrial(int turn) {
    return new Declaration(name, phase, after, option, turn, needs);
  }

  Declaration needs(DeviceTrait trait) {
    EnumSet<DeviceTrait> all = EnumSet.of(trait);
    all.addAll(needs);
    return new Declaration(name, phase, after, option, trial, all);
  }

  /** Whether the pass suits a device. */
  boolean suits(Set<DeviceTrait> device) {
    return device.containsAll(needs);
  }
}
