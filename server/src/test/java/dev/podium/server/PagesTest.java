package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.podium.server.yaml.StrictYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages say about the server is so. */
class PagesTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/podium/server");

  @Test
  void theSettingsPageHasEveryKeyWithItsDefault() throws Exception {
    JsonNode defaults = StrictYaml.tree(ConfigReader.read(null, Map.of(), Map.of()).toYaml());
    Map<String, String> expected =
        ConfigReader.keys().stream()
            .collect(
                Collectors.toMap(
                    key -> key,
                    key -> text(defaults.at("/" + key.replace('.', '/'))),
                    (a, b) -> a,
                    TreeMap::new));

    assertThat(table("../docs/configuration.md", "key"))
        .containsExactlyInAnyOrderEntriesOf(expected);
  }

  @Test
  void theRoomsAreTabledWithTheFirstSentenceOfTheirPackages() throws Exception {
    Map<String, String> expected = new TreeMap<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(f -> f.endsWith("package-info.java")).toList()) {
        String room = SOURCES.getParent().relativize(file.getParent()).toString();
        expected.put(room.replaceFirst("^server/", ""), firstSentence(file));
      }
    }

    assertThat(table("../ARCHITECTURE.md", "room", "is"))
        .containsExactlyInAnyOrderEntriesOf(expected);
  }

  /** First and second cells of a table with these headings, without the code marks of the first. */
  private static Map<String, String> table(String page, String... headings) throws IOException {
    Map<String, String> rows = new TreeMap<>();
    boolean inside = false;
    for (String line : Files.readAllLines(Path.of(page))) {
      if (line.startsWith("| " + String.join(" | ", headings) + " |")) {
        inside = true;
      } else if (!line.startsWith("|")) {
        inside = false;
      } else if (inside && line.startsWith("| `")) {
        String[] cells = line.split("\\s*\\|\\s*");
        rows.put(cells[1].replace("`", ""), cells[2]);
      }
    }
    return rows;
  }

  private static String text(JsonNode value) {
    return value.isNull() ? "–" : value.isArray() ? list(value) : value.asText();
  }

  private static String list(JsonNode array) {
    StringBuilder text = new StringBuilder();
    array.forEach(item -> text.append(text.isEmpty() ? "" : ", ").append(item.asText()));
    return "[" + text + "]";
  }

  private static String firstSentence(Path packageInfo) throws IOException {
    Matcher comment =
        Pattern.compile("/\\*\\*(.*?)\\*/", Pattern.DOTALL).matcher(Files.readString(packageInfo));
    assertThat(comment.find()).as("%s has a comment", packageInfo).isTrue();
    String text =
        comment
            .group(1)
            .replaceAll("\\R \\*", " ")
            .replaceAll("\\{@code ([\\w.]+)}", "`$1`")
            .replaceAll("\\s+", " ")
            .strip();
    int end = text.indexOf(". ");
    return end < 0 ? text : text.substring(0, end + 1);
  }
}
