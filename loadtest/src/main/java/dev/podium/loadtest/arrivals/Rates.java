package dev.podium.loadtest.arrivals;

import dev.podium.loadtest.fault.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads the rates of a run. */
public final class Rates {
  private static final Pattern RAMP = Pattern.compile("([0-9.]+)\\.\\.([0-9.]+):([0-9]{1,3})");

  private Rates() {}

  /**
   * Reads {@code 200}, a list of steps {@code 100,200,400}, or a ramp {@code 100..1000:10} of ten
   * equal steps.
   *
   * @return requests a second, each greater than 0
   * @throws InputException naming the text
   */
  public static List<Double> parse(String text) {
    Matcher ramp = RAMP.matcher(text);
    List<Double> rates = new ArrayList<>();
    try {
      if (ramp.matches()) {
        double from = Double.parseDouble(ramp.group(1));
        double to = Double.parseDouble(ramp.group(2));
        int steps = Integer.parseInt(ramp.group(3));
        for (int i = 0; i < steps; i++) {
          rates.add(steps == 1 ? from : from + (to - from) * i / (steps - 1));
        }
      } else {
        for (String part : text.split(",", -1)) {
          rates.add(Double.parseDouble(part.strip()));
        }
      }
    } catch (NumberFormatException e) {
      throw wrong(text, e);
    }
    for (double rate : rates) {
      if (!(rate > 0 && rate <= 1e7)) {
        throw wrong(text, null);
      }
    }
    if (rates.isEmpty()) {
      throw wrong(text, null);
    }
    return rates;
  }

  private static InputException wrong(String text, Throwable cause) {
    return new InputException(
        "rate: '"
            + text
            + "' (expected: requests a second greater than 0, such as 200, 100,200,400 or 100..1000:10)",
        cause);
  }
}
