package dev.podium.loadtest.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.podium.loadtest.fault.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reports as JSON files. */
public final class JsonReport {
  private static final ObjectMapper MAPPER =
      JsonMapper.builder()
          .configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false)
          .build();

  private JsonReport() {}

  /** Any report as JSON on one line. */
  public static String toJson(Object report) {
    try {
      return MAPPER.writeValueAsString(report);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Any report as JSON for people. */
  public static String toPrettyJson(Object report) {
    try {
      return MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n";
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A report from its file.
   *
   * @throws InputException if the file is no report
   */
  public static RunReport read(Path file) {
    try {
      RunReport report = MAPPER.readValue(Files.readAllBytes(file), RunReport.class);
      if (report != null && RunReport.FORMAT.equals(report.format())) {
        return report;
      }
    } catch (IOException e) {
      throw notAReport(file, e);
    }
    throw notAReport(file, null);
  }

  private static InputException notAReport(Path file, Throwable cause) {
    return new InputException(
        file + ": not a load-test report (expected: a file written by loadtest --json)", cause);
  }
}
