package dev.podium.cli;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.TypeConversionException;

/** Durations as people write them: {@code 50ms}, {@code 1.5s}, {@code 2m}. */
final class Durations {
  private static final Pattern FORM = Pattern.compile("(\\d{1,9}(?:\\.\\d{1,9})?)(ms|s|m|h)");

  private Durations() {}

  static Duration parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new TypeConversionException(
          "'" + text + "' (expected: a time such as 50ms, 1.5s or 2m)");
    }
    double number = Double.parseDouble(matcher.group(1));
    double seconds =
        switch (matcher.group(2)) {
          case "ms" -> number / 1e3;
          case "s" -> number;
          case "m" -> number * 60;
          default -> number * 3600;
        };
    return Duration.ofNanos(Math.round(seconds * 1e9));
  }
}
