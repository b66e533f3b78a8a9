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

/**
 * The films and viewers of the demo, as models/catalogue describes them.
 *
 * @param films by their ids, in the file's order
 */
record Catalogue(Map<Long, Film> films, List<Viewer> viewers) {
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES).build();

  /**
   * One film.
   *
   * @param year of its release; null if unknown
   * @param genres the rarest of the catalogue first; empty if unknown
   */
  record Film(@JsonProperty("film_id") long id, String title, JsonNode year, List<String> genres) {
    boolean hasYear() {
      return year.isInt();
    }

    /** The genre that says most about the film; empty if it has none. */
    String genre() {
      return genres.isEmpty() ? "" : genres.get(0);
    }
  }

  /**
   * One viewer.
   *
   * @param taste what the viewer likes, for people
   * @param profile features of the viewer by name: numbers and text
   * @param context features of the moment by name: numbers and text
   * @param liked films by id, oldest first
   */
  record Viewer(
      String name,
      String taste,
      Map<String, JsonNode> profile,
      Map<String, JsonNode> context,
      List<Long> liked) {}

  /**
   * Reads films.jsonl and viewers.jsonl of a folder.
   *
   * @throws CommandException with exit status 2 if one of them can't be read or does not make sense
   */
  static Catalogue read(Path folder) {
    List<Film> list = lines(folder.resolve("films.jsonl"), JSON.readerFor(Film.class));
    Map<Long, Film> films = new LinkedHashMap<>();
    list.forEach(film -> films.put(film.id(), film));
    Path viewersFile = folder.resolve("viewers.jsonl");
    List<Viewer> viewers = lines(viewersFile, JSON.readerFor(Viewer.class));
    for (Viewer viewer : viewers) {
      for (long id : viewer.liked()) {
        if (!films.containsKey(id)) {
          throw CommandException.wrong(
              viewersFile + ": " + viewer.name() + " liked " + id + " (expected: a film's id)");
        }
      }
    }
    return new Catalogue(films, viewers);
  }

  /** The films that a viewer liked, oldest first. */
  List<Film> likedBy(Viewer viewer) {
    return viewer.liked().stream().map(films::get).toList();
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
