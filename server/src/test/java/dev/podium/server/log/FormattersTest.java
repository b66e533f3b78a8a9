package dev.podium.server.log;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

/** Events as text and as JSON. */
class FormattersTest {
  private static final Instant TIME = Instant.parse("2026-01-02T03:04:05.006Z");

  private static LogRecord event(String message, Object... parameters) {
    LogRecord event = new LogRecord(Level.WARNING, message);
    event.setLoggerName("io.grpc.Something");
    event.setInstant(TIME);
    event.setParameters(parameters);
    return event;
  }

  private static JsonNode json(LogRecord event) throws Exception {
    String line = new JsonFormatter().format(event);
    assertThat(line).endsWith("}\n");
    assertThat(line.strip().lines()).as("lines of an event").hasSize(1);
    return new ObjectMapper().readTree(line);
  }

  @Test
  void aLibrarysEventIsOneObject() throws Exception {
    JsonNode line = json(event("{0}: can''t be used\nat \"all\"", "a\tfile"));
    assertThat(line.toString())
        .isEqualTo(
            "{\"time\":\"2026-01-02T03:04:05.006Z\",\"level\":\"WARNING\","
                + "\"logger\":\"io.grpc.Something\","
                + "\"message\":\"a\\tfile: can't be used\\nat \\\"all\\\"\"}");
  }

  @Test
  void anExceptionIsAFieldWithItsTraceAndCause() throws Exception {
    LogRecord event = event("it failed");
    event.setThrown(new IllegalStateException("outside", new RuntimeException("inside")));
    assertThat(json(event).path("exception").asText())
        .startsWith("java.lang.IllegalStateException: outside\n\tat dev.podium.server.log.")
        .contains("Caused by: java.lang.RuntimeException: inside");
    assertThat(new TextFormatter().format(event))
        .contains(" WARNING it failed\njava.lang.IllegalStateException: outside\n");
  }

  @Test
  void namedValuesAreFieldsInJsonAndPairsInText() throws Exception {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model", "din");
    fields.put("rows", 500);
    fields.put("request_id", "two words");
    LogEvent event = new LogEvent(Level.INFO, "request", fields);
    event.setLoggerName("podium.access");
    event.setInstant(TIME);
    assertThat(json(event).toString())
        .endsWith(
            "\"message\":\"request\",\"model\":\"din\",\"rows\":500,\"request_id\":\"two words\"}");
    assertThat(new TextFormatter().format(event))
        .endsWith(" INFO request model=din rows=500 request_id=\"two words\"\n");
  }

  /** A caller's text must not make a line, or a value, of its own. */
  @Test
  void textsOfCallersStayOneValue() throws Exception {
    String forged = "x\" status=OK\n2026-01-01 INFO request {0} \u0000é";
    LogEvent event = new LogEvent(Level.INFO, "request", Map.of("request_id", forged));
    event.setParameters(new Object[] {"filled in"});
    assertThat(json(event).path("request_id").asText()).isEqualTo(forged);
    String text = new TextFormatter().format(event);
    assertThat(text.lines()).hasSize(1);
    assertThat(text).contains("request_id=\"x\\\" status=OK\\n2026");
  }
}
