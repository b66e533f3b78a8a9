package dev.podium.stress;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a program found: a table, remarks, criteria.
 *
 * @param program its name on the command line
 * @param columns heads of the table
 * @param rows cells, as many as there are columns: text, numbers, or null where there is no figure
 * @param notes what a reader of the figures must know
 */
record StressReport(
    String program,
    List<String> columns,
    List<List<Object>> rows,
    List<String> notes,
    List<Criterion> criteria,
    Map<String, Object> machine) {

  /** Whether every criterion is met. */
  boolean passed() {
    return criteria.stream().allMatch(Criterion::passed);
  }

  /** For a terminal. */
  String text() {
    List<List<String>> lines = new ArrayList<>();
    lines.add(columns);
    rows.forEach(row -> lines.add(row.stream().map(StressReport::cell).toList()));
    int[] widths = new int[columns.size()];
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line.get(i).length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (List<String> line : lines) {
      for (int i = 0; i < widths.length; i++) {
        String format = i == 0 ? "%-" + widths[i] + "s" : "  %" + widths[i] + "s";
        text.append(String.format(Locale.ROOT, format, line.get(i)));
      }
      text.append('\n');
    }
    notes.forEach(note -> text.append("note: ").append(note).append('\n'));
    criteria.forEach(criterion -> text.append(criterion.line()).append('\n'));
    return text.toString();
  }

  private static String cell(Object value) {
    if (value == null || (value instanceof Double number && !Double.isFinite(number))) {
      return "-";
    }
    if (value instanceof Double number) {
      double size = Math.abs(number);
      return String.format(
          Locale.ROOT, size >= 1000 ? "%.0f" : size >= 10 ? "%.1f" : "%.3f", number);
    }
    return value.toString();
  }

  /** As it stands in the JSON file: rows with the names of their columns. */
  Map<String, Object> toJson() {
    List<Map<String, Object>> named = new ArrayList<>();
    for (List<Object> row : rows) {
      Map<String, Object> cells = new LinkedHashMap<>();
      for (int i = 0; i < columns.size(); i++) {
        Object value = row.get(i);
        cells.put(
            columns.get(i),
            value instanceof Double number && !Double.isFinite(number) ? null : value);
      }
      named.add(cells);
    }
    List<Map<String, Object>> judged = new ArrayList<>();
    for (Criterion criterion : criteria) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", criterion.name());
      entry.put("figure", Double.isFinite(criterion.figure()) ? criterion.figure() : null);
      entry.put(criterion.atLeast() ? "at_least" : "at_most", criterion.target());
      entry.put("passed", criterion.passed());
      judged.add(entry);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("program", program);
    json.put("rows", named);
    json.put("notes", notes);
    json.put("criteria", judged);
    json.put("machine", machine);
    return json;
  }
}
