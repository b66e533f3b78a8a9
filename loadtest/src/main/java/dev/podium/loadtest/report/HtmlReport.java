package dev.podium.loadtest.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * One page with everything in it: style, script, data. It loads nothing, so it can be mailed and
 * archived.
 */
public final class HtmlReport {
  private HtmlReport() {}

  /** A page about one run, or two side by side. */
  public static String toHtml(List<RunReport> runs) {
    // "<" could end the script element, so JSON says it by its number.
    String data = JsonReport.toJson(runs).replace("<", "\\u003c");
    return resource("report.html")
        .replace("@@STYLE@@", resource("report.css"))
        .replace("@@SCRIPT@@", resource("report.js"))
        .replace("@@DATA@@", data);
  }

  private static String resource(String name) {
    try (InputStream stream = HtmlReport.class.getResourceAsStream(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
