package dev.podium.loadtest.bench;

import dev.podium.loadtest.fault.InputException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One line of the table.
 *
 * @param candidates of each request
 * @param callers requests in flight
 */
public record Size(int candidates, int callers) {
  private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,5})x([1-9][0-9]{0,3})");

  /**
   * Reads {@code 10x1,500x4}: candidates and callers.
   *
   * @throws InputException naming the text
   */
  public static List<Size> parse(String text) {
    List<Size> sizes = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      Matcher matcher = FORM.matcher(part.strip());
      if (!matcher.matches()) {
        throw new InputException(
            "sizes: '" + text + "' (expected: CANDIDATESxCALLERS, such as 10x1,500x4)");
      }
      sizes.add(new Size(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))));
    }
    return sizes;
  }
}
