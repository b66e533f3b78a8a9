package dev.podium.server.log;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;

/**
 * An event with named values. {@link JsonFormatter} writes each as a field; any other formatter
 * sees them as {@code name=value} in the message.
 */
public final class LogEvent extends LogRecord {
  private static final long serialVersionUID = 1L;

  private final String title;

  // Never serialized: a LogRecord is serializable only by its history.
  private final transient Map<String, ?> fields;

  /**
   * @param title what happened, in a word or a few
   * @param fields in the order in which they are written; values are texts, numbers, truth values,
   *     or maps and lists of them
   */
  public LogEvent(Level level, String title, Map<String, ?> fields) {
    super(level, null);
    this.title = title;
    this.fields = fields;
  }

  String title() {
    return title;
  }

  Map<String, ?> fields() {
    return fields;
  }

  @Override
  public String getMessage() {
    StringBuilder text = new StringBuilder(title);
    fields.forEach((name, value) -> text.append(' ').append(name).append('=').append(text(value)));
    return text.toString();
  }

  /** Texts come from callers, too: one must not look like two, nor like another line. */
  private static String text(Object value) {
    String text = String.valueOf(value);
    boolean plain =
        !text.isEmpty() && text.chars().allMatch(c -> c > ' ' && c < 127 && c != '"' && c != '\\');
    return plain
        ? text
        : '"' + new String(JsonStringEncoder.getInstance().quoteAsString(text)) + '"';
  }
}
