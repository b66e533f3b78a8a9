package dev.podium.graph.importer;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which side each input of the exported graph is on, and the shapes that the graph leaves open.
 *
 * @param wholeContext inputs that are context as a whole
 * @param contextColumns context columns of input matrices, in ascending order and without overlap
 * @param shapes dimensions after the rows, for inputs that leave them open
 */
public record InputSides(
    Set<String> wholeContext,
    Map<String, List<Range>> contextColumns,
    Map<String, List<Long>> shapes) {
  /** Columns {@code from} to {@code to - 1}. */
  public record Range(int from, int to) {
    @Override
    public String toString() {
      return "[" + from + ", " + to + ")";
    }
  }
}
