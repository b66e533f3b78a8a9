package dev.podium.server.fault;

import java.nio.charset.StandardCharsets;
import java.util.Collection;

/**
 * Text that callers sent, as error sentences quote it: printable, on one line, and cut. A sentence
 * goes into the headers of an answer, which no flow control bounds; so nothing that a caller sends
 * may make it long.
 */
public final class Quoted {
  /** Characters of a caller's text that are shown. */
  static final int LONGEST_TEXT = 80;

  /** Characters of a list of names that are shown, about. */
  static final int LONGEST_LIST = 300;

  /** Characters of a whole sentence. */
  public static final int LONGEST_SENTENCE = 1_000;

  private Quoted() {}

  /** The text in quotes; of a long one the beginning and how long it is. */
  public static String text(String text) {
    if (text.length() <= LONGEST_TEXT) {
      return "'" + printable(text, text.length()) + "'";
    }
    return "'" + printable(text, LONGEST_TEXT) + "…' (" + text.length() + " characters)";
  }

  /** The same of UTF-8; decodes no more than is shown. */
  public static String utf8(byte[] bytes, int at, int length) {
    if (length <= LONGEST_TEXT) {
      return text(new String(bytes, at, length, StandardCharsets.UTF_8));
    }
    String head = new String(bytes, at, LONGEST_TEXT, StandardCharsets.UTF_8);
    return "'" + printable(head, head.length()) + "…' (" + length + " bytes)";
  }

  /** Names, the first of them if there are many. */
  public static String list(Collection<String> names) {
    StringBuilder text = new StringBuilder("[");
    int shown = 0;
    for (String name : names) {
      if (text.length() > LONGEST_LIST) {
        text.append(", … ").append(names.size() - shown).append(" more");
        break;
      }
      text.append(shown == 0 ? "" : ", ");
      text.append(printable(name, Math.min(name.length(), LONGEST_TEXT)));
      text.append(name.length() > LONGEST_TEXT ? "…" : "");
      shown++;
    }
    return text.append(']').toString();
  }

  /** A sentence that is at most {@link #LONGEST_SENTENCE} long: of a longer one both ends. */
  static String sentence(String sentence) {
    if (sentence == null || sentence.length() <= LONGEST_SENTENCE) {
      return sentence;
    }
    int head = LONGEST_SENTENCE * 2 / 3;
    int tail = LONGEST_SENTENCE - head - 3;
    return sentence.substring(0, head) + " … " + sentence.substring(sentence.length() - tail);
  }

  private static String printable(String text, int length) {
    for (int i = 0; i < length; i++) {
      if (Character.isISOControl(text.charAt(i))) {
        StringBuilder shown = new StringBuilder(length);
        for (int j = 0; j < length; j++) {
          char c = text.charAt(j);
          shown.append(Character.isISOControl(c) ? '\uFFFD' : c);
        }
        return shown.toString();
      }
    }
    return text.substring(0, length);
  }
}
