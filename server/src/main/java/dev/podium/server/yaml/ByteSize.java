package dev.podium.server.yaml;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An amount of memory as people write it: {@code 4096}, {@code 512KiB}, {@code 16MiB}, {@code
 * 2GiB}.
 */
public record ByteSize(long bytes) {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,12})(KiB|MiB|GiB)?");

  /** From its text. */
  @JsonCreator
  public static ByteSize parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'" + text + "' (expected: a size such as 4096, 512KiB or 16MiB)");
    }
    int shift =
        switch (matcher.group(2) == null ? "" : matcher.group(2)) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          case "GiB" -> 30;
          default -> 0;
        };
    return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
  }

  /** From a plain number of bytes. */
  @JsonCreator
  public static ByteSize of(long bytes) {
    return parse(Long.toString(bytes));
  }

  @JsonValue
  @Override
  public String toString() {
    if (bytes >= 1 << 20 && bytes % (1 << 20) == 0) {
      return (bytes >> 20) + "MiB";
    }
    return bytes >= 1 << 10 && bytes % (1 << 10) == 0
        ? (bytes >> 10) + "KiB"
        : Long.toString(bytes);
  }
}
