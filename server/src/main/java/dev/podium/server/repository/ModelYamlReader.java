package dev.podium.server.repository;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.podium.server.fault.ModelException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * Reads {@code model.yaml}; unknown keys, doubles and wrong types are errors with a line number.
 */
final class ModelYamlReader {
  private static final ObjectMapper YAML =
      YAMLMapper.builder(new YAMLFactory())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .build();

  private ModelYamlReader() {}

  /** The file's content, or {@link ModelYaml#EMPTY} if there is no such file. */
  static ModelYaml read(Path file) throws ModelException {
    if (!Files.exists(file)) {
      return ModelYaml.EMPTY;
    }
    try {
      String text = Files.readString(file);
      if (text.isBlank()) {
        return ModelYaml.EMPTY;
      }
      return Objects.requireNonNullElse(YAML.readValue(text, ModelYaml.class), ModelYaml.EMPTY);
    } catch (JsonProcessingException e) {
      throw new ModelException(file + ":" + line(e) + ": " + sentence(e), e);
    } catch (IOException e) {
      throw new ModelException(file + ": can't be read: " + e.getMessage(), e);
    }
  }

  private static String line(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null ? "?" : Integer.toString(at.getLineNr());
  }

  private static String sentence(JsonProcessingException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      String known =
          unknown.getKnownPropertyIds().stream()
              .map(Object::toString)
              .sorted()
              .collect(Collectors.joining(", "));
      return "unknown key '" + unknown.getPropertyName() + "' (expected: one of " + known + ")";
    }
    if (e instanceof InvalidFormatException format && format.getTargetType().isEnum()) {
      String known =
          Arrays.stream(format.getTargetType().getEnumConstants())
              .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", "));
      return key(format) + ": '" + format.getValue() + "' (expected: one of " + known + ")";
    }
    String message = e.getOriginalMessage().replaceAll("\\s+", " ").strip();
    if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
      String cause =
          e.getCause() instanceof IllegalArgumentException own ? own.getMessage() : message;
      return key(mapping) + ": " + cause;
    }
    return message;
  }

  /** The key's path, such as {@code features[3].role}. */
  private static String key(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference reference : e.getPath()) {
      if (reference.getFieldName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append(path.length() == 0 ? "" : ".").append(reference.getFieldName());
      }
    }
    return path.toString();
  }
}
