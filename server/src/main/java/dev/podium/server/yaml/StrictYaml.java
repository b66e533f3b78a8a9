package dev.podium.server.yaml;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.deser.std.FromStringDeserializer;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.ToStringSerializer;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Reads YAML into records whose components are named in camel case and whose keys are in snake
 * case. Thread-safe.
 */
public final class StrictYaml {
  private static final ObjectMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder()
                  .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                  .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
                  .build())
          .addModule(paths())
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_ENUMS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .enable(DeserializationFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
          .build();

  /** The text that Jackson quotes where it wants a number. */
  private static final Pattern GIVEN_TEXT = Pattern.compile("\\(\"([^\"]*)\"\\)");

  private StrictYaml() {}

  /** Paths as people write them, where Jackson would write URLs. */
  private static SimpleModule paths() {
    return new SimpleModule()
        .addSerializer(Path.class, ToStringSerializer.instance)
        .addDeserializer(
            Path.class,
            new FromStringDeserializer<>(Path.class) {
              private static final long serialVersionUID = 1L;

              @Override
              protected Path _deserialize(String text, DeserializationContext context) {
                return Path.of(text);
              }
            });
  }

  /** Reads a text; null if it is empty. */
  public static JsonNode tree(String text) throws YamlException {
    try {
      JsonNode node = YAML.readTree(text);
      return node == null || node.isMissingNode() || node.isNull() ? null : node;
    } catch (JsonProcessingException e) {
      throw new YamlException(line(e) + sentence(e), e);
    }
  }

  /** Reads a text into a record; null if it is empty. Messages begin with the line's number. */
  public static <T> T read(String text, Class<T> type) throws YamlException {
    if (text.isBlank()) {
      return null;
    }
    try {
      return YAML.readValue(text, type);
    } catch (JsonProcessingException e) {
      throw new YamlException(line(e) + sentence(e), e);
    }
  }

  /** Binds a tree to a record. */
  public static <T> T bind(JsonNode tree, Class<T> type) throws YamlException {
    try {
      return YAML.treeToValue(tree, type);
    } catch (JsonProcessingException e) {
      throw new YamlException(sentence(e), e);
    }
  }

  /** Writes a record. */
  public static String write(Object value) {
    try {
      return YAML.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("no YAML for " + value, e);
    }
  }

  private static String line(JsonProcessingException e) {
    JsonLocation at = e.getLocation();
    return at == null ? "" : "line " + at.getLineNr() + ": ";
  }

  private static String sentence(JsonProcessingException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      String known =
          unknown.getKnownPropertyIds().stream()
              .map(Object::toString)
              .sorted()
              .collect(Collectors.joining(", "));
      return "unknown key '" + key(unknown) + "' (expected: one of " + known + ")";
    }
    if (e instanceof InvalidFormatException format && format.getTargetType().isEnum()) {
      String known =
          Arrays.stream(format.getTargetType().getEnumConstants())
              .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
              .collect(Collectors.joining(", "));
      return key(format) + ": '" + format.getValue() + "' (expected: one of " + known + ")";
    }
    if (e instanceof MismatchedInputException wrong && words(wrong.getTargetType()) != null) {
      Matcher text = GIVEN_TEXT.matcher(e.getOriginalMessage());
      String given = text.find() ? "'" + text.group(1) + "' " : "";
      return key(wrong) + ": " + given + "(expected: " + words(wrong.getTargetType()) + ")";
    }
    if (syntax(e) != null) {
      String problem = syntax(e).getProblem() + " (expected: YAML; texts like '[::1]' need quotes)";
      boolean inside = e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty();
      return inside ? key((JsonMappingException) e) + ": " + problem : problem;
    }
    String message = e.getOriginalMessage().replaceAll("\\s+", " ").strip();
    if (e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()) {
      boolean own = e.getCause() instanceof IllegalArgumentException;
      return key(mapping) + ": " + (own ? e.getCause().getMessage() : message);
    }
    return message;
  }

  /** What the text's syntax breaks, if that is what is wrong with it. */
  private static MarkedYAMLException syntax(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof MarkedYAMLException marked) {
        return marked;
      }
    }
    return null;
  }

  /** What a scalar type takes, in words; null for other types. */
  private static String words(Class<?> type) {
    if (type == null) {
      return null;
    }
    if (type == Integer.class || type == int.class || type == Long.class || type == long.class) {
      return "a whole number";
    }
    if (type == Double.class || type == double.class) {
      return "a number";
    }
    return type == Boolean.class || type == boolean.class ? "true or false" : null;
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
