package dev.podium.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Rows of text under a heading, printed in columns as wide as their widest cell. */
final class Table {
  private final List<Column> columns = new ArrayList<>();
  private final List<String[]> rows = new ArrayList<>();

  private record Column(String heading, boolean right) {}

  /** Adds a column of text. */
  Table left(String heading) {
    columns.add(new Column(heading, false));
    return this;
  }

  /** Adds a column of numbers. */
  Table right(String heading) {
    columns.add(new Column(heading, true));
    return this;
  }

  /** Adds a row: a cell for each column. */
  void row(String... cells) {
    if (cells.length != columns.size()) {
      throw new IllegalArgumentException(
          "row: " + cells.length + " cells (expected: " + columns.size() + ")");
    }
    rows.add(cells);
  }

  void print(PrintWriter out, String indent) {
    String[] headings = columns.stream().map(Column::heading).toArray(String[]::new);
    int[] widths = new int[columns.size()];
    for (int c = 0; c < widths.length; c++) {
      widths[c] = width(headings[c]);
      for (String[] row : rows) {
        widths[c] = Math.max(widths[c], width(row[c]));
      }
    }
    print(out, indent, headings, widths);
    rows.forEach(row -> print(out, indent, row, widths));
  }

  private void print(PrintWriter out, String indent, String[] cells, int[] widths) {
    StringBuilder line = new StringBuilder(indent);
    for (int c = 0; c < cells.length; c++) {
      String padding = " ".repeat(widths[c] - width(cells[c]));
      line.append(c == 0 ? "" : "  ");
      line.append(columns.get(c).right() ? padding + cells[c] : cells[c] + padding);
    }
    out.println(line.toString().stripTrailing());
  }

  private static int width(String cell) {
    return cell.codePointCount(0, cell.length());
  }
}
