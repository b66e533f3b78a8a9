package dev.podium.server.settings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.math.BigInteger;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How one type of value is written.
 *
 * @param form what is expected, in words
 * @param parse from its text; null if the text has another form. Numbers beyond {@code long} become
 *     its greatest or least, which is out of any setting's range
 * @param write to its text, or to the number or truth value that YAML has for it
 */
record Scalar(String form, Function<String, Object> parse, Function<Object, JsonNode> write) {
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");
  private static final Pattern NUMBER =
      Pattern.compile("[+-]?[0-9]+(\\.[0-9]*)?([eE][+-]?[0-9]+)?");
  private static final Pattern TIME = Pattern.compile("(-?[0-9]+(?:\\.[0-9]+)?)(us|ms|s|m|h)");
  private static final Pattern SIZE = Pattern.compile("(-?[0-9]+)(KiB|MiB|GiB)?");
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private static final Scalar INTEGER =
      new Scalar("a whole number", Scalar::whole, value -> NODES.numberNode((Long) value));
  private static final Scalar DOUBLE =
      new Scalar(
          "a number",
          text -> NUMBER.matcher(text).matches() ? Double.valueOf(text) : null,
          value -> NODES.numberNode((Double) value));
  private static final Scalar BOOLEAN =
      new Scalar(
          "true or false",
          text ->
              switch (text) {
                case "true" -> true;
                case "false" -> false;
                default -> null;
              },
          value -> NODES.booleanNode((Boolean) value));
  private static final Scalar DURATION =
      new Scalar(
          "a time such as 50ms, 1.5s or 2m",
          Scalar::time,
          value -> NODES.textNode(timeText((Duration) value)));
  private static final Scalar BYTES =
      new Scalar(
          "a size such as 4096, 512KiB or 16MiB",
          Scalar::size,
          value -> NODES.textNode(sizeText((Long) value)));
  private static final Scalar STRING =
      new Scalar("text", text -> text, value -> NODES.textNode((String) value));
  private static final Scalar PATH =
      new Scalar("a path", Scalar::path, value -> NODES.textNode(value.toString()));

  /**
   * The form of a type.
   *
   * @throws IllegalArgumentException if settings can't have that type
   */
  static Scalar of(Class<?> type, boolean bytes) {
    if (bytes) {
      return BYTES;
    }
    if (type == int.class || type == long.class || type == Integer.class || type == Long.class) {
      return INTEGER;
    }
    if (type == double.class || type == Double.class) {
      return DOUBLE;
    }
    if (type == boolean.class || type == Boolean.class) {
      return BOOLEAN;
    }
    if (type == Duration.class) {
      return DURATION;
    }
    if (type == String.class) {
      return STRING;
    }
    if (type == Path.class) {
      return PATH;
    }
    if (type.isEnum()) {
      return choice(type);
    }
    if (hasText(type)) {
      return new Scalar("text", text -> parsed(type, text), v -> NODES.textNode(v.toString()));
    }
    throw new IllegalArgumentException("no setting can be a " + type.getName());
  }

  /** Whether a type of ours has a text form: a static {@code parse}, and {@code toString}. */
  static boolean hasText(Class<?> type) {
    return Stream.of(type.getMethods()).anyMatch(Scalar::isParse);
  }

  private static boolean isParse(Method method) {
    return method.getName().equals("parse")
        && Modifier.isStatic(method.getModifiers())
        && Arrays.equals(method.getParameterTypes(), new Class<?>[] {String.class});
  }

  private static Object parsed(Class<?> type, String text) {
    try {
      return type.getMethod("parse", String.class).invoke(null, text);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type + ": can't parse '" + text + "'", e);
    }
  }

  /** Whether values are text for YAML, too, which nothing in them must be taken for syntax. */
  boolean isText() {
    return this != INTEGER && this != DOUBLE && this != BOOLEAN;
  }

  private static Scalar choice(Class<?> type) {
    Object[] constants = type.getEnumConstants();
    return new Scalar(
        Arrays.stream(constants)
            .map(Scalar::lower)
            .collect(Collectors.joining(", ", "one of ", "")),
        text ->
            Arrays.stream(constants)
                .filter(constant -> lower(constant).equals(text.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElse(null),
        value -> NODES.textNode(lower(value)));
  }

  private static String lower(Object constant) {
    return ((Enum<?>) constant).name().toLowerCase(Locale.ROOT);
  }

  private static Object whole(String text) {
    return WHOLE.matcher(text).matches() ? clamp(new BigInteger(text)) : null;
  }

  private static Object time(String text) {
    Matcher matcher = TIME.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    double nanos =
        switch (matcher.group(2)) {
          case "us" -> 1e3;
          case "ms" -> 1e6;
          case "s" -> 1e9;
          case "m" -> 60e9;
          default -> 3600e9;
        };
    return Duration.ofNanos(Math.round(Double.parseDouble(matcher.group(1)) * nanos));
  }

  private static String timeText(Duration time) {
    long nanos = time.toNanos();
    if (nanos % 1_000_000_000 == 0) {
      return nanos / 1_000_000_000 + "s";
    }
    return nanos % 1_000_000 == 0 ? nanos / 1_000_000 + "ms" : nanos / 1e3 + "us";
  }

  private static Object size(String text) {
    Matcher matcher = SIZE.matcher(text);
    if (!matcher.matches()) {
      return null;
    }
    int shift =
        switch (matcher.group(2) == null ? "" : matcher.group(2)) {
          case "KiB" -> 10;
          case "MiB" -> 20;
          case "GiB" -> 30;
          default -> 0;
        };
    return clamp(new BigInteger(matcher.group(1)).shiftLeft(shift));
  }

  private static String sizeText(long bytes) {
    if (bytes != 0 && bytes % (1 << 20) == 0) {
      return (bytes >> 20) + "MiB";
    }
    return bytes != 0 && bytes % (1 << 10) == 0 ? (bytes >> 10) + "KiB" : Long.toString(bytes);
  }

  private static long clamp(BigInteger number) {
    return number
        .min(BigInteger.valueOf(Long.MAX_VALUE))
        .max(BigInteger.valueOf(Long.MIN_VALUE))
        .longValue();
  }

  private static Object path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      return null;
    }
  }
}
