package dev.podium.loadtest.arrivals;

import dev.podium.loadtest.fault.InputException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Times as people write them: {@code 20s}, {@code 1.5ms}, {@code 250us}, {@code 2m}. */
public final class Durations {
  private static final Pattern FORM = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(us|ms|s|m|h)");

  private Durations() {}

  /**
   * Nanoseconds of a written time.
   *
   * @param name what the time is of, for the message
   * @throws InputException naming it, what came and what was expected
   */
  public static long parseNanos(String name, String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new InputException(
          name + ": '" + text + "' (expected: a number with us, ms, s, m or h, such as 20s)");
    }
    double number = Double.parseDouble(matcher.group(1));
    double unit =
        switch (matcher.group(2)) {
          case "us" -> 1e3;
          case "ms" -> 1e6;
          case "s" -> 1e9;
          case "m" -> 60e9;
          default -> 3600e9;
        };
    double nanos = number * unit;
    if (nanos > 7 * 24 * 3600e9) {
      throw new InputException(name + ": " + text + " (expected: at most a week)");
    }
    return Math.round(nanos);
  }
}
