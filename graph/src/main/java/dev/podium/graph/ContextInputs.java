package dev.podium.graph;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Which graph inputs are the same for all rows of a request: whole inputs, or ranges of the columns
 * of an input matrix {@code [rows, columns]}. Everything else is a candidate input. Immutable.
 */
public final class ContextInputs {
  /** A half-open range of columns. */
  public record ColumnRange(int from, int to) {
    /** Checks the order. */
    public ColumnRange {
      if (from < 0 || to <= from) {
        throw new IllegalArgumentException(
            "column range [" + from + ", " + to + ") (expected: 0 <= from < to)");
      }
    }
  }

  private final Set<String> whole;
  private final Map<String, List<ColumnRange>> columns;

  private ContextInputs(Set<String> whole, Map<String, List<ColumnRange>> columns) {
    this.whole = whole;
    this.columns = columns;
  }

  /** Starts an empty description. */
  public static Builder builder() {
    return new Builder();
  }

  /** Whole inputs only. */
  public static ContextInputs of(String... inputs) {
    Builder builder = builder();
    for (String input : inputs) {
      builder.input(input);
    }
    return builder.build();
  }

  /** Names of the inputs that are context as a whole, in alphabetical order. */
  public Set<String> wholeInputs() {
    return whole;
  }

  /** Context columns by input matrix, in ascending order and without overlap. */
  public Map<String, List<ColumnRange>> columnRanges() {
    return columns;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ContextInputs that
        && whole.equals(that.whole)
        && columns.equals(that.columns);
  }

  @Override
  public int hashCode() {
    return Objects.hash(whole, columns);
  }

  @Override
  public String toString() {
    return "ContextInputs" + whole + columns;
  }

  /** Collects context inputs. Not thread-safe. */
  public static final class Builder {
    private final TreeSet<String> whole = new TreeSet<>();
    private final TreeMap<String, TreeSet<Integer>> columns = new TreeMap<>();

    private Builder() {}

    /** The whole input is context. */
    public Builder input(String name) {
      whole.add(Objects.requireNonNull(name));
      return this;
    }

    /**
     * Columns {@code from} to {@code to - 1} of the input matrix are context. May be called again
     * for more columns.
     */
    public Builder columns(String name, int from, int to) {
      ColumnRange range = new ColumnRange(from, to);
      TreeSet<Integer> set = columns.computeIfAbsent(name, key -> new TreeSet<>());
      for (int column = range.from(); column < range.to(); column++) {
        set.add(column);
      }
      return this;
    }

    /**
     * The description.
     *
     * @throws IllegalArgumentException if an input was named both as a whole and by columns
     */
    public ContextInputs build() {
      TreeMap<String, List<ColumnRange>> ranges = new TreeMap<>();
      columns.forEach(
          (name, set) -> {
            if (whole.contains(name)) {
              throw new IllegalArgumentException(
                  "input '" + name + "': named as a whole and by columns (expected: one of them)");
            }
            ranges.put(name, merge(set));
          });
      return new ContextInputs(
          Collections.unmodifiableSet(new TreeSet<>(whole)), Collections.unmodifiableMap(ranges));
    }

    private static List<ColumnRange> merge(TreeSet<Integer> columns) {
      var ranges = new java.util.ArrayList<ColumnRange>();
      int from = columns.first();
      int last = from;
      for (int column : columns.tailSet(from, false)) {
        if (column != last + 1) {
          ranges.add(new ColumnRange(from, last + 1));
          from = column;
        }
        last = column;
      }
      ranges.add(new ColumnRange(from, last + 1));
      return List.copyOf(ranges);
    }
  }
}
