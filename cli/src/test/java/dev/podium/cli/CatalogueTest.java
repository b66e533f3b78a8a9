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

class CatalogueTest {
  private static final String FILMS =
      """
      {"film_id": 22, "title": "Braveheart", "year": 1995, "genres": ["War", "Drama"]}
      {"film_id": 267, "title": "unknown", "year": null, "genres": []}
      """;
  private static final String VIEWERS =
      """
      {"name": "war", "taste": "War", "profile": {"user_id": 7}, "context": {"hour": 20}, "liked": [22]}
      """;

  @TempDir Path folder;

  @BeforeEach
  void writeFiles() throws Exception {
    Files.writeString(folder.resolve("films.jsonl"), FILMS);
    Files.writeString(folder.resolve("viewers.jsonl"), VIEWERS);
  }

  @Test
  void filmsAndViewersAreRead() {
    Catalogue catalogue = Catalogue.read(folder);

    Film braveheart = catalogue.films().get(22L);
    assertThat(braveheart.title()).isEqualTo("Braveheart");
    assertThat(braveheart.hasYear()).isTrue();
    assertThat(braveheart.genre()).isEqualTo("War");
    Film unknown = catalogue.films().get(267L);
    assertThat(unknown.hasYear()).isFalse();
    assertThat(unknown.genre()).isEmpty();
    Viewer viewer = catalogue.viewers().get(0);
    assertThat(viewer.profile().get("user_id").asLong()).isEqualTo(7);
    assertThat(catalogue.likedBy(viewer)).containsExactly(braveheart);
  }

  @Test
  void aWrongLineIsToldWithItsNumber() throws Exception {
    Files.writeString(
        folder.resolve("films.jsonl"),
        FILMS
            + "{\"film_id\": 1, \"titel\": \"x\", \"title\": \"x\", \"year\": 1, \"genres\": []}\n");

    assertThatThrownBy(() -> Catalogue.read(folder))
        .isInstanceOfSatisfying(CommandException.class, e -> assertThat(e.status()).isEqualTo(2))
        .hasMessageStartingWith(folder.resolve("films.jsonl") + ": line 3: ")
        .hasMessageContaining("titel");
  }

  @Test
  void aMissingPropertyIsAnError() throws Exception {
    Files.writeString(
        folder.resolve("films.jsonl"), "{\"film_id\": 1, \"year\": 1995, \"genres\": []}\n");

    assertThatThrownBy(() -> Catalogue.read(folder))
        .hasMessageStartingWith(folder.resolve("films.jsonl") + ": line 1: ")
        .hasMessageContaining("title");
  }

  @Test
  void aMissingFileIsAnError() throws Exception {
    Files.delete(folder.resolve("viewers.jsonl"));

    assertThatThrownBy(() -> Catalogue.read(folder))
        .hasMessage(
            folder.resolve("viewers.jsonl") + ": no such file (expected: one JSON object a line)");
  }

  @Test
  void aViewerLikesFilmsOfTheCatalogueOnly() throws Exception {
    Files.writeString(folder.resolve("viewers.jsonl"), VIEWERS.replace("[22]", "[22, 23]"));

    assertThatThrownBy(() -> Catalogue.read(folder))
        .hasMessage(folder.resolve("viewers.jsonl") + ": war liked 23 (expected: a film's id)");
  }
}
