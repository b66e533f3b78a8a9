package dev.podium.graph;

import dev.podium.graph.pass.DeviceTrait;
import dev.podium.graph.pass.Passes;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the compiler may do, and what it can't read from the graph.
 *
 * @param passes names of the passes to use, of {@link Passes#names()}; computing context once is
 *     part of any compilation
 * @param inputShapes for inputs whose dimensions after the row axis are open in the graph: those
 *     dimensions, by input name. The compiled halves hold for exactly these
 * @param maxTableBytes bytes of memory that passes together may spend on tables; at least 0
 */
public record CompilerOptions(
    Set<String> passes, Map<String, List<Long>> inputShapes, long maxTableBytes) {
  private static final long DEFAULT_TABLE_BYTES = 64L << 20;

  /** Checks and copies. */
  public CompilerOptions {
    if (maxTableBytes < 0) {
      throw new IllegalArgumentException(
          "maxTableBytes: " + maxTableBytes + " (expected: at least 0)");
    }
    passes = Collections.unmodifiableSet(new TreeSet<>(known(passes)));
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
    inputShapes = Collections.unmodifiableMap(shapes);
  }

  private static Collection<String> known(Collection<String> names) {
    for (String name : names) {
      if (!Passes.names().contains(name)) {
        throw new IllegalArgumentException(
            "pass '" + name + "': not known (expected: one of " + Passes.names() + ")");
      }
    }
    return names;
  }

  /** All passes, no shapes, tables of up to 64 MiB. */
  public static CompilerOptions defaults() {
    return new CompilerOptions(Passes.names(), Map.of(), DEFAULT_TABLE_BYTES);
  }

  /**
   * These options without some passes.
   *
   * @throws IllegalArgumentException if there is no pass of a name
   */
  public CompilerOptions without(String... dropped) {
    Set<String> left = new LinkedHashSet<>(passes);
    left.removeAll(known(Arrays.asList(dropped)));
    return new CompilerOptions(left, inputShapes, maxTableBytes);
  }

  /** These options without the passes that need what a device can't do. */
  public CompilerOptions on(Set<DeviceTrait> device) {
    return without(Passes.unsuited(device).toArray(String[]::new));
  }

  /** These options with the dimensions after the row axis of one input. */
  public CompilerOptions withInputShape(String input, long... dimensionsAfterRows) {
    TreeMap<String, List<Long>> shapes = new TreeMap<>(inputShapes);
    shapes.put(input, Arrays.stream(dimensionsAfterRows).boxed().toList());
    return new CompilerOptions(passes, shapes, maxTableBytes);
  }

  /** These options with another bound on the bytes of tables. */
  public CompilerOptions withMaxTableBytes(long bytes) {
    return new CompilerOptions(passes, inputShapes, bytes);
  }
}
