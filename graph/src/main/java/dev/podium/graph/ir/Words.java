package dev.podium.graph.ir;

import java.util.ArrayList;
import java.util.List;

/** One line of the text form, word by word. */
final class Words {
  private final String line;
  private int at;

  Words(String line) {
    this.line = line;
  }

  private void skipSpace() {
    while (at < line.length() && line.charAt(at) == ' ') {
      at++;
    }
  }

  /** Whether something comes next. */
  boolean sees(String prefix) {
    skipSpace();
    return line.startsWith(prefix, at);
  }

  /** Whether a word comes next; it is taken if so. */
  boolean takes(String word) {
    boolean seen = sees(word);
    at += seen ? word.length() : 0;
    return seen;
  }

  void expect(String word) {
    if (!takes(word)) {
      throw new IllegalArgumentException("'" + line.substring(at) + "' (expected: " + word + ")");
    }
  }

  /** Letters, digits, and what numbers and names have besides. */
  String word() {
    skipSpace();
    int from = at;
    while (at < line.length() && isInWord(line.charAt(at))) {
      at++;
    }
    if (from == at) {
      throw new IllegalArgumentException("'" + line.substring(at) + "' (expected: a word)");
    }
    return line.substring(from, at);
  }

  private static boolean isInWord(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '%' || c == '-' || c == '.';
  }

  /** Whether {@code name=} comes next. */
  boolean seesField() {
    skipSpace();
    int i = at;
    while (i < line.length() && isInWord(line.charAt(i))) {
      i++;
    }
    return i > at && line.startsWith("=", i);
  }

  /** The name of a field, with its equals sign. */
  String field() {
    String name = word();
    expect("=");
    return name;
  }

  /** Text in quotation marks. */
  String text() {
    expect("\"");
    StringBuilder text = new StringBuilder();
    while (at < line.length() && line.charAt(at) != '"') {
      char c = line.charAt(at++);
      if (c == '\\') {
        c = line.charAt(at++);
        c = c == 'n' ? '\n' : c;
      }
      text.append(c);
    }
    expect("\"");
    return text.toString();
  }

  /** What stands between brackets, cut at commas outside of quotation marks. */
  List<String> between(char open, char close) {
    expect(String.valueOf(open));
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    boolean quoted = false;
    while (at < line.length() && (quoted || line.charAt(at) != close)) {
      char c = line.charAt(at++);
      if (quoted && c == '\\') {
        part.append(c);
        c = line.charAt(at++);
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        parts.add(part.toString().strip());
        part.setLength(0);
        continue;
      }
      part.append(c);
    }
    expect(String.valueOf(close));
    if (!parts.isEmpty() || !part.toString().isBlank()) {
      parts.add(part.toString().strip());
    }
    return parts;
  }

  List<Integer> integers() {
    return between('[', ']').stream().map(Integer::parseInt).toList();
  }

  /** What is left of the line. */
  String rest() {
    skipSpace();
    String rest = line.substring(at).strip();
    at = line.length();
    return rest;
  }

  void end() {
    String rest = rest();
    if (!rest.isEmpty()) {
      throw new IllegalArgumentException("'" + rest + "' (expected: the end of the line)");
    }
  }
}
