package dev.podium.server.log;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Formatter;
import java.util.logging.LogRecord;

/**
 * One JSON object a line: {@code time} (UTC), {@code level}, {@code logger}, {@code message}, the
 * values of a {@link LogEvent} by their names, and {@code exception} with its stack trace.
 * Thread-safe.
 */
public final class JsonFormatter extends Formatter {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSX").withZone(ZoneOffset.UTC);

  @Override
  public String format(LogRecord event) {
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("time", TIME.format(event.getInstant()));
    line.put("level", event.getLevel().getName());
    line.put("logger", event.getLoggerName());
    if (event instanceof LogEvent named) {
      line.put("message", named.title());
      line.putAll(named.fields());
    } else {
      line.put("message", formatMessage(event));
    }
    if (event.getThrown() != null) {
      line.put("exception", TextFormatter.trace(event.getThrown()));
    }
    try {
      return JSON.writeValueAsString(line) + '\n';
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("an event that isn't JSON: " + line.keySet(), e);
    }
  }
}
