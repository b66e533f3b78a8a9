package dev.podium.graph;

import dev.podium.graph.pass.Pass;
import java.util.Arrays;
import java.util.Collections;
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
 * @param maxTableBytes bytes of memory that {@link Pass#EMBEDDING_BAGS} and {@link Pass#LOOK_UPS}
 *     together may spend on tables; at least 0
 */
public record CompilerOptions(
    Set<Pass> passes, Map<String, List<Long>> inputShapes, long maxTableBytes) {
  private static final long DEFAULT_TABLE_BYTES = 64L << 20;

  /** Checks and copies. */
  public CompilerOptions {
    if (maxTableBytes < 0) {
      throw new IllegalArgumentException(
          "maxTableBytes: " + maxTableBytes + " (expected: at least 0)");
    }
    EnumSet<Pass> copy = EnumSet.of(Pass.HOIST);
    copy.addAll(passes);
    passes = Collections.unmodifiableSet(copy);
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

  /** All passes, no shapes, tables of up to 64 MiB. */
  public static CompilerOptions defaults() {
    return new CompilerOptions(EnumSet.allOf(Pass.class), Map.of(), DEFAULT_TABLE_BYTES);
  }

  /** These options without some passes. */
  public CompilerOptions without(Pass... dropped) {
    EnumSet<Pass> left = EnumSet.copyOf(passes);
    left.removeAll(Arrays.asList(dropped));
    return new CompilerOptions(left, inputShapes, maxTableBytes);
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
