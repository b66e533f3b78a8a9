package dev.podium.server.settings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.podium.server.yaml.StrictYaml;
import dev.podium.server.yaml.YamlException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * A component of a record of settings.
 *
 * @param key its key within the record
 * @param component of the record
 * @param setting null for a record of further settings, and for what can't be set
 */
record Slot(String key, RecordComponent component, Setting setting) {

  static Slot of(RecordComponent component) {
    Setting setting = component.getAnnotation(Setting.class);
    String key = setting == null ? "" : setting.key();
    return new Slot(key.isEmpty() ? snake(component.getName()) : key, component, setting);
  }

  private static String snake(String camel) {
    return camel.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  /** Whether it is a record of further settings. */
  boolean isSection() {
    return setting == null && component.getType().isRecord();
  }

  private boolean isList() {
    return component.getType() == List.class;
  }

  private Class<?> element() {
    return isList()
        ? (Class<?>) ((ParameterizedType) component.getGenericType()).getActualTypeArguments()[0]
        : component.getType();
  }

  private boolean holdsRecords() {
    return element().isRecord() && !Scalar.hasText(element());
  }

  private Scalar scalar() {
    return Scalar.of(element(), setting.bytes());
  }

  /** What users know of it. */
  SettingKey describe(String prefix) {
    return new SettingKey(
        prefix + key,
        setting.value(),
        setting.min(),
        setting.max(),
        holdsRecords() ? "" : form(),
        setting.is(),
        isList(),
        !isList() && scalar().isText());
  }

  private String form() {
    return setting.min().isEmpty() ? scalar().form() : setting.min() + " to " + setting.max();
  }

  /** Its default; null if it has none. */
  Object defaultValue() {
    try {
      if (setting.value().isEmpty()) {
        return null;
      }
      return isList()
          ? list(StrictYaml.tree(setting.value()), key)
          : fit(one(setting.value(), key));
    } catch (SettingException | YamlException e) {
      throw new IllegalStateException("the default of " + component, e);
    }
  }

  /** Reads a value that a user has written. */
  Object read(JsonNode node, String name) throws SettingException {
    return isList() ? list(node, name) : fit(one(text(node, name), name));
  }

  private String text(JsonNode node, String name) throws SettingException {
    if (!node.isValueNode()) {
      String hint = scalar().isText() ? "; YAML's syntax characters need quotes" : "";
      throw new SettingException(name, Settings.shown(node) + " (expected: " + form() + hint + ")");
    }
    return node.asText();
  }

  private List<Object> list(JsonNode node, String name) throws SettingException {
    if (!node.isArray()) {
      throw new SettingException(name, Settings.shown(node) + " (expected: a list such as [a, b])");
    }
    List<Object> values = new ArrayList<>();
    for (JsonNode entry : node) {
      String at = name + "[" + values.size() + "]";
      values.add(
          holdsRecords()
              ? Settings.record(element(), entry, at, at + ".")
              : fit(one(text(entry, at), at)));
    }
    return Collections.unmodifiableList(values);
  }

  private Object one(String text, String name) throws SettingException {
    Object value = scalar().parse().apply(text.strip());
    if (value == null) {
      throw new SettingException(name, "'" + text + "' (expected: " + scalar().form() + ")");
    }
    if (!inRange(value)) {
      throw new SettingException(name, text.strip() + " (expected: " + form() + ")");
    }
    return value;
  }

  /** Says what is wrong with a value that didn't come as text; null if nothing is. */
  SettingException problem(Object value) {
    if (setting.min().isEmpty() || value == null) {
      return null;
    }
    List<?> values = isList() ? (List<?>) value : List.of(value);
    for (Object each : values) {
      if (!inRange(widen(each))) {
        return new SettingException(key, written(each).asText() + " (expected: " + form() + ")");
      }
    }
    return null;
  }

  private boolean inRange(Object value) {
    return setting.min().isEmpty()
        || (compare(value, bound(setting.min())) >= 0 && compare(value, bound(setting.max())) <= 0);
  }

  private Object bound(String text) {
    Object value = scalar().parse().apply(text);
    if (value == null) {
      throw new IllegalStateException(
          component + ": '" + text + "' is no bound (expected: " + scalar().form() + ")");
    }
    return value;
  }

  @SuppressWarnings("unchecked")
  private static int compare(Object a, Object b) {
    return ((Comparable<Object>) a).compareTo(b);
  }

  /** Whole numbers are read as {@code long}. */
  private Object fit(Object value) {
    boolean narrow = element() == int.class || element() == Integer.class;
    return narrow ? (Object) Math.toIntExact((Long) value) : value;
  }

  private static Object widen(Object value) {
    return value instanceof Integer number ? (Object) number.longValue() : value;
  }

  /** As YAML that {@link #read} reads. */
  JsonNode write(Object value) {
    if (value == null) {
      return JsonNodeFactory.instance.nullNode();
    }
    if (!isList()) {
      return written(value);
    }
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (Object each : (List<?>) value) {
      array.add(holdsRecords() ? Settings.tree((Record) each) : written(each));
    }
    return array;
  }

  private JsonNode written(Object value) {
    return scalar().write().apply(widen(value));
  }
}
