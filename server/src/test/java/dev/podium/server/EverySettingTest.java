package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.server.ConfigReader.ConfigException;
import dev.podium.server.settings.SettingKey;
import dev.podium.server.settings.Settings;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A table of all settings: default, both ends of the range, one beyond each end, other forms. */
class EverySettingTest {
  private static final List<SettingKey> KEYS = Settings.keys(ServerConfig.class);

  /** Forms that need a range, as they stand in for one if there is none. */
  private static final Set<String> UNBOUNDED =
      Set.of(
          "a whole number",
          "a number",
          "a time such as 50ms, 1.5s or 2m",
          "a size such as 4096, 512KiB or 16MiB");

  /** Settings that hold a value's neighbours to it. */
  private static final Map<String, Map<String, String>> TOGETHER =
      Map.of(
          "admission.min_rows", Map.of("admission.max_rows", "1000000000"),
          "admission.max_rows", Map.of("admission.min_rows", "1"));

  @TempDir Path folder;

  static List<SettingKey> all() {
    return KEYS;
  }

  static List<SettingKey> withRange() {
    return KEYS.stream().filter(key -> !key.min().isEmpty()).toList();
  }

  static List<SettingKey> withForm() {
    return KEYS.stream().filter(key -> !isFreeText(key)).toList();
  }

  private static boolean isFreeText(SettingKey key) {
    return !key.list() && (key.form().equals("text") || key.form().equals("a path"));
  }

  @ParameterizedTest
  @MethodSource("all")
  void numbersTimesAndSizesHaveARange(SettingKey key) {
    assertThat(key.form()).isNotIn(UNBOUNDED);
    assertThat(key.min().isEmpty()).isEqualTo(key.max().isEmpty());
    assertThat(key.is()).isNotBlank();
  }

  @ParameterizedTest
  @MethodSource("all")
  void theDefaultMayBeWritten(SettingKey key) throws Exception {
    assertThat(ConfigReader.read(null, Map.of(), Map.of(key.name(), key.value())))
        .isEqualTo(ConfigReader.read(null, Map.of(), Map.of()));
  }

  @ParameterizedTest
  @MethodSource("withRange")
  void bothEndsOfTheRangeAreTaken(SettingKey key) throws Exception {
    for (String end : List.of(key.min(), key.max())) {
      Map<String, String> flags = new HashMap<>(TOGETHER.getOrDefault(key.name(), Map.of()));
      flags.put(key.name(), entry(key, end));
      ServerConfig config = ConfigReader.read(null, Map.of(), flags);

      Path file = Files.writeString(folder.resolve("podium.yaml"), config.toYaml());
      assertThat(ConfigReader.read(file, Map.of(), Map.of())).isEqualTo(config);
    }
  }

  @ParameterizedTest
  @MethodSource("withRange")
  void oneBeyondEachEndIsALineThatNamesTheKeyAndWhereItStands(SettingKey key) throws Exception {
    for (String beyond : List.of(step(key.min(), -1), step(key.max(), 1))) {
      String name = key.name() + (key.list() ? "[0]" : "");
      String line = name + ": " + beyond + " (expected: " + key.min() + " to " + key.max() + ")";
      String value = entry(key, beyond);

      refused(null, Map.of(), Map.of(key.name(), value), "command line: " + line);
      refused(
          null,
          Map.of(variable(key), value),
          Map.of(),
          "environment " + variable(key) + ": " + line);
      Path file = Files.writeString(folder.resolve("podium.yaml"), yaml(key, value));
      refused(file, Map.of(), Map.of(), file + ": " + line);
      assertThatCode(
              () -> ConfigReader.read(file, Map.of(), Map.of(key.name(), entry(key, key.value()))))
          .as("a value that doesn't count is not checked")
          .doesNotThrowAnyException();
    }
  }

  @ParameterizedTest
  @MethodSource("withForm")
  void anotherFormIsALineThatNamesTheKeyAndWhatWasExpected(SettingKey key) {
    assertThatThrownBy(() -> ConfigReader.read(null, Map.of(), Map.of(key.name(), "no such thing")))
        .isInstanceOf(ConfigException.class)
        .message()
        .startsWith("command line: " + key.name() + ": 'no such thing' (expected: ")
        .doesNotContain("dev.podium", "java.", "\n");
    assertThatThrownBy(
            () ->
                ConfigReader.read(
                    Files.writeString(folder.resolve("podium.yaml"), yaml(key, "{no: such}")),
                    Map.of(),
                    Map.of()))
        .isInstanceOf(ConfigException.class)
        .message()
        .contains(key.name() + ": keys and values (expected: ")
        .doesNotContain("dev.podium", "java.", "\n");
  }

  /** What a room checks beyond the declared ranges would be a second, narrower range. */
  @Test
  void aServerStartsWithTheLeastAndWithTheGreatestOfEverything() throws Exception {
    for (boolean least : new boolean[] {true, false}) {
      Map<String, String> flags = new HashMap<>();
      for (SettingKey key : withRange()) {
        flags.put(key.name(), entry(key, least ? key.min() : key.max()));
      }
      flags.put("models", Files.createDirectories(folder.resolve("models")).toString());
      flags.put("grpc.port", "0");
      flags.put("admin.port", "0");
      flags.put("traces.endpoint", "http://127.0.0.1:9");
      flags.put("access_log.enabled", "true");
      // This machine has not as many processors, and need not run as many threads.
      flags.put("scheduler.cpus", "[]");
      flags.put("scheduler.workers", "1");
      ServerConfig config = ConfigReader.read(null, Map.of(), flags);

      try (PodiumServer server = PodiumServer.start(config)) {
        assertThat(server.grpcAddress().getPort()).isPositive();
      }
    }
  }

  private static void refused(
      Path file, Map<String, String> environment, Map<String, String> flags, String line) {
    assertThatThrownBy(() -> ConfigReader.read(file, environment, flags))
        .isInstanceOf(ConfigException.class)
        .hasMessage(line);
  }

  private static String entry(SettingKey key, String value) {
    return key.list() && !value.startsWith("[") ? "[" + value + "]" : value;
  }

  private static String variable(SettingKey key) {
    return "PODIUM_" + key.name().replace('.', '_').toUpperCase(Locale.ROOT);
  }

  private static String yaml(SettingKey key, String value) {
    String[] path = key.name().split("\\.");
    return path.length == 1
        ? key.name() + ": " + value + "\n"
        : path[0] + ":\n  " + path[1] + ": " + value + "\n";
  }

  /**
   * The next value in the smallest unit: a whole one, a microsecond, a byte; twice or half a power.
   */
  private static String step(String end, int sign) {
    Matcher parts = Pattern.compile("([0-9.e-]+)([a-zA-Z]*)").matcher(end);
    assertThat(parts.matches()).as(end).isTrue();
    BigDecimal number = new BigDecimal(parts.group(1));
    if (end.contains("e")) {
      return Double.toString(number.doubleValue() * (sign < 0 ? 0.5 : 2));
    }
    return switch (parts.group(2)) {
      case "" -> number.add(BigDecimal.valueOf(sign)).toString();
      case "KiB", "MiB", "GiB" -> number.longValueExact() * bytes(parts.group(2)) + sign + "";
      default -> number.longValueExact() * micros(parts.group(2)) + sign + "us";
    };
  }

  private static long bytes(String unit) {
    return switch (unit) {
      case "KiB" -> 1L << 10;
      case "MiB" -> 1L << 20;
      default -> 1L << 30;
    };
  }

  private static long micros(String unit) {
    return switch (unit) {
      case "us" -> 1;
      case "ms" -> 1_000;
      case "s" -> 1_000_000;
      case "m" -> 60_000_000;
      default -> 3_600_000_000L;
    };
  }
}
