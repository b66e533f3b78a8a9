package dev.podium.graph;

import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the compiler may do, and what it can't read from the graph.
 *
 * @param passes the passes to use; {@link Pass#HOIST} is used in any case
 * @param inputShapes for inputs whose dimensions after the row axis are open in the graph: those
 *     dimensions, by input name. The compiled halves hold for exactly these
 */
public record CompilerOptions(Set<Pass> passes, Map<String, List<Long>> inputShapes) {
  /** Checks and copies. */
  public CompilerOptions {
    EnumSet<Pass> copy = EnumSet.of(Pass.HOIST);
    copy.addAll(passes);
    passes = java.util.Collections.unmodifiableSet(copy);
    TreeMap<String, List<Long>> shapes = new TreeMap<>();
    inputShapes.forEach(
        (name, shape) -> {
          for (long dim : shape) {
            if (dim < 1) {
              throw new IllegalArgumentException(
                  "shape of input '" + name + "': " + shape + " (expected: each at least 1)");
            }
          }
          shapes.put(Objects.requireNonNull(name), List.copyOf(shape));
        });
    inputShapes = java.util.Collections.unmodifiableMap(shapes);
  }

  /** All passes, no shapes. */
  public static CompilerOptions defaults() {
    return new CompilerOptions(EnumSet.allOf(Pass.class), Map.of());
  }

  /** These options without some passes. */
  public CompilerOptions without(Pass... dropped) {
    EnumSet<Pass> left = EnumSet.copyOf(passes);
    for (Pass pass : dropped) {
      left.remove(pass);
    }
    return new CompilerOptions(left, inputShapes);
  }

  /** These options with the dimensions after the row axis of one input. */
  public CompilerOptions withInputShape(String input, long... dimensionsAfterRows) {
    TreeMap<String, List<Long>> shapes = new TreeMap<>(inputShapes);
    shapes.put(input, java.util.Arrays.stream(dimensionsAfterRows).boxed().toList());
    return new CompilerOptions(passes, shapes);
  }
}
