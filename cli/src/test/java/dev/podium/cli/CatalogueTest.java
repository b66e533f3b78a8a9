package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.cli.Catalogue.Film;
import dev.podium.cli.Catalogue.Viewer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CatalogueTest {
  private static final String FILM =
      "{\"film_id\": 22, \"title\": \"Braveheart\", \"year\": 1995.0, \"genres\": [\"War\"]}\n";
  private static final String VIEWER =
      "{\"name\": \"war\", \"taste\": \"War\", \"liked\": [22], \"context\": {\"hour\": 20}}\n";

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws Exception {
    Files.writeString(folder.resolve("films.jsonl"), FILM);
    Files.writeString(folder.resolve("viewers.jsonl"), VIEWER);
  }

  @Test
  void filmsAndViewersAreRead() {
    Catalogue catalogue = Catalogue.read(folder);

    Film film = catalogue.films().get(22L);
    assertThat(film.title()).isEqualTo("Braveheart");
    assertThat(film.year()).isEqualTo(1995);
    assertThat(film.genres()).containsExactly("War");
    Viewer viewer = catalogue.viewers().get(0);
    assertThat(viewer.name()).isEqualTo("war");
    assertThat(viewer.liked()).containsExactly(22L);
    assertThat(viewer.features().get("hour").asInt()).isEqualTo(20);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"title\" | \"titel\"  | 'title': missing (expected: see models/README.md)",
        "1995.0    | \"1995\"   | 'year': \"1995\" (expected: see models/README.md)",
        "22        | null       | 'film_id': null (expected: see models/README.md)",
        "[\"War\"] | \"War\"    | 'genres': \"War\" (expected: see models/README.md)",
        "}         | ]          | Unexpected close marker ']'"
      })
  void aWrongLineIsToldWithItsNumber(String right, String wrong, String message) throws Exception {
    Path films = folder.resolve("films.jsonl");
    Files.writeString(films, FILM + FILM.replace(right, wrong));

    assertThatThrownBy(() -> Catalogue.read(folder))
        .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.status()).isEqualTo(2))
        .hasMessageStartingWith(films + ": line 2: " + message);
  }

  @Test
  void aMissingFileIsAnError() throws Exception {
    Path viewers = folder.resolve("viewers.jsonl");
    Files.delete(viewers);

    assertThatThrownBy(() -> Catalogue.read(folder))
        .hasMessage(viewers + ": no such file (expected: one JSON object a line)");
  }
}
