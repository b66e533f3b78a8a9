package dev.podium.cli;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The films and viewers of the demo, as models/catalogue describes them.
 *
 * @param films in the order of their ids
 */
record Catalogue(List<Film> films, List<Viewer> viewers) {
  private static final JsonMapper JSON =
      JsonMapper.builder().disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES).build();

  /**
   * One film.
   *
   * @param year of its release; null if unknown
   * @param genres the rarest of the catalogue first; empty if unknown
   */
  record Film(@JsonProperty("film_id") long id, String title, Integer year, List<String> genres) {
    /** The genre that says most about the film; empty if it has none. */
    String genre() {
      return genres.isEmpty() ? "" : genres.get(0);
    }
  }

  /**
   * One viewer.
   *
   * @param profile context features by name: numbers and text
   * @param liked films by id, oldest first
   */
  record Viewer(String name, Map<String, JsonNode> profile, List<Long> liked) {}

  /**
   * Reads films.jsonl and viewers.jsonl of a folder.
   *
   * @throws CommandException with exit status 2 if one of them can't be read or does not make sense
   */
  static Catalogue read(Path folder) {
    List<Film> films = lines(folder.resolve("films.jsonl"), JSON.readerFor(Film.class));
    List<Viewer> viewers = lines(folder.resolve("viewers.jsonl"), JSON.readerFor(Viewer.class));
    return new Catalogue(films, viewers);
  }

  Map<Long, Film> filmsById() {
    return films.stream()
        .collect(Collectors.toMap(Film::id, Function.identity(), (a, b) -> b, LinkedHashMap::new));
  }

  private static <T> List<T> lines(Path file, ObjectReader reader) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (NoSuchFileException e) {
      throw CommandException.wrong(file + ": no such file (expected: one JSON object a line)", e);
    } catch (IOException e) {
      throw CommandException.wrong(file + ": can't be read: " + e.getMessage(), e);
    }
    List<T> values = new ArrayList<>(lines.size());
    for (int i = 0; i < lines.size(); i++) {
      try {
        values.add(reader.readValue(lines.get(i)));
      } catch (JsonProcessingException e) {
        throw CommandException.wrong(file + ": line " + (i + 1) + ": " + e.getOriginalMessage(), e);
      }
    }
    return values;
  }
}
