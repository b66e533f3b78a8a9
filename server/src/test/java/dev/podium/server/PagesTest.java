package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.settings.SettingKey;
import dev.podium.server.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages say about the server is so. */
class PagesTest {
  private static final Path SETTINGS = Path.of("../docs/configuration.md");
  private static final Path SOURCES = Path.of("src/main/java/dev/podium/server");

  /** Run with {@code -Dpodium.pages=write} to have the page's table written instead. */
  @Test
  void theSettingsPageHasEveryKeyWithItsDefaultRangeAndSentence() throws Exception {
    List<String> expected = new ArrayList<>();
    expected.add("| key | default | range | is |");
    expected.add("|---|---|---|---|");
    for (SettingKey key : Settings.keys(ServerConfig.class)) {
      String value = key.value().isEmpty() ? "–" : key.value();
      expected.add(
          "| `" + key.name() + "` | " + value + " | " + range(key) + " | " + key.is() + " |");
    }
    List<String> page = Files.readAllLines(SETTINGS);
    List<String> table = page.stream().filter(line -> line.startsWith("|")).toList();
    if ("write".equals(System.getProperty("podium.pages"))) {
      List<String> written = new ArrayList<>(page);
      int at = written.indexOf(table.get(0));
      written.removeAll(table);
      written.addAll(at, expected);
      Files.write(SETTINGS, written);
      return;
    }

    assertThat(table).containsExactlyElementsOf(expected);
  }

  private static String range(SettingKey key) {
    if (key.form().isEmpty() || key.form().equals("text") || key.form().equals("a path")) {
      return "–";
    }
    return (key.list() ? "each " : "") + key.form();
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
