package dev.podium.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.StreamSupport;

/**
 * The films and viewers of the demo, as models/README.md describes their files.
 *
 * @param films by their ids, in the file's order
 */
record Catalogue(Map<Long, Film> films, List<Viewer> viewers) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * One film.
   *
   * @param year of its release
   * @param genres the rarest of the catalogue first
   * @param features candidate features by name: numbers, text, and lists of text
   */
  record Film(long id, String title, int year, List<String> genres, JsonNode features) {
    private static Film of(JsonNode line) {
      return new Film(
          property(line, "film_id", JsonNode::isIntegralNumber).asLong(),
          property(line, "title", JsonNode::isTextual).asText(),
          property(line, "year", JsonNode::isNumber).asInt(),
          elements(property(line, "genres", JsonNode::isArray), JsonNode::asText),
          line);
    }
  }

  /**
   * One viewer.
   *
   * @param taste what the viewer likes, for people
   * @param liked films by id, oldest first
   * @param features context features by name: numbers, text, and lists of them
   */
  record Viewer(String name, String taste, List<Long> liked, JsonNode features) {
    private static Viewer of(JsonNode line) {
      return new Viewer(
          property(line, "name", JsonNode::isTextual).asText(),
          property(line, "taste", JsonNode::isTextual).asText(),
          elements(property(line, "liked", JsonNode::isArray), JsonNode::asLong),
          property(line, "context", JsonNode::isObject));
    }
  }

  /**
   * Reads films.jsonl and viewers.jsonl of a folder.
   *
   * @throws CommandException with exit status 2 if one of them can't be read or does not make sense
   */
  static Catalogue read(Path folder) {
    Map<Long, Film> films = new LinkedHashMap<>();
    for (Film film : lines(folder.resolve("films.jsonl"), Film::of)) {
      films.put(film.id(), film);
    }
    return new Catalogue(films, lines(folder.resolve("viewers.jsonl"), Viewer::of));
  }

  private static <T> List<T> lines(Path file, Function<JsonNode, T> reader) {
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
        values.add(reader.apply(JSON.readTree(lines.get(i))));
      } catch (JsonProcessingException e) {
        throw CommandException.wrong(file + ": line " + (i + 1) + ": " + e.getOriginalMessage(), e);
      } catch (IllegalArgumentException e) {
        throw CommandException.wrong(file + ": line " + (i + 1) + ": " + e.getMessage(), e);
      }
    }
    return values;
  }

  private interface Check {
    boolean test(JsonNode value);
  }

  private static JsonNode property(JsonNode line, String name, Check check) {
    JsonNode value = line.path(name);
    if (!check.test(value)) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "': "
              + (value.isMissingNode() ? "missing" : value.toString())
              + " (expected: see models/README.md)");
    }
    return value;
  }

  private static <T> List<T> elements(JsonNode array, Function<JsonNode, T> reader) {
    return StreamSupport.stream(array.spliterator(), false).map(reader).toList();
  }
}
