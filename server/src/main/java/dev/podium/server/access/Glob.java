package dev.podium.server.access;

/**
 * A name in a rule, in which {@code *} stands for any text. Matching takes time in proportion to
 * the name's length, whatever callers put into it: each part is looked for once, from where the
 * part before it ended. Immutable.
 */
final class Glob {
  private final String text;
  private final String[] parts;

  Glob(String text) {
    this.text = text;
    this.parts = text.split("\\*+", -1);
  }

  boolean matches(String name) {
    String first = parts[0];
    if (parts.length == 1) {
      return first.equals(name);
    }
    String last = parts[parts.length - 1];
    int end = name.length() - last.length();
    int at = first.length();
    if (at > end || !name.startsWith(first) || !name.endsWith(last)) {
      return false;
    }
    for (int i = 1; i < parts.length - 1; i++) {
      // The leftmost place leaves the most room for the parts behind it.
      int found = name.indexOf(parts[i], at);
      if (found < 0 || found + parts[i].length() > end) {
        return false;
      }
      at = found + parts[i].length();
    }
    return true;
  }

  @Override
  public String toString() {
    return text;
  }
}
