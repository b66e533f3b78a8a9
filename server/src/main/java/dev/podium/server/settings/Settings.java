package dev.podium.server.settings;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Reads and writes records whose components are {@link Setting}s, or records of such. What two
 * settings ask of each other is for the record's constructor to check: it throws an {@code
 * IllegalArgumentException} of the form {@code key: what came (expected: ...)}, whose key is one of
 * the record's own.
 */
public final class Settings {
  private Settings() {}

  /** Every key of a record and of the records in it, in their order. */
  public static List<SettingKey> keys(Class<? extends Record> type) {
    List<SettingKey> keys = new ArrayList<>();
    collect("", type, keys);
    return keys;
  }

  private static void collect(String prefix, Class<?> type, List<SettingKey> keys) {
    for (Slot slot : slots(type)) {
      if (slot.isSection()) {
        collect(prefix + slot.key() + ".", slot.component().getType(), keys);
      } else if (slot.setting() != null) {
        keys.add(slot.describe(prefix));
      }
    }
  }

  /** A record with all defaults. */
  public static <R extends Record> R defaults(Class<R> type) {
    try {
      return read(JsonNodeFactory.instance.objectNode(), type);
    } catch (SettingException e) {
      throw new IllegalStateException("the defaults of " + type.getName(), e);
    }
  }

  /**
   * Reads a record; what the tree doesn't have gets its default.
   *
   * @throws SettingException if a key is unknown, or a value has another form, is out of range or
   *     doesn't fit to others
   */
  public static <R extends Record> R read(JsonNode tree, Class<R> type) throws SettingException {
    return type.cast(record(type, tree, "settings", ""));
  }

  /**
   * Returns the record, which was made without {@link #read}.
   *
   * @throws IllegalArgumentException if a value of it is out of its range
   */
  public static <R extends Record> R checked(R made) {
    for (Slot slot : slots(made.getClass())) {
      SettingException problem =
          slot.setting() == null ? null : slot.problem(component(made, slot.component()));
      if (problem != null) {
        throw new IllegalArgumentException(problem.getMessage());
      }
    }
    return made;
  }

  /** The tree from which {@link #read} makes an equal record. */
  public static ObjectNode tree(Record settings) {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    for (Slot slot : slots(settings.getClass())) {
      Object value = component(settings, slot.component());
      if (slot.isSection()) {
        tree.set(slot.key(), tree((Record) value));
      } else if (slot.setting() != null) {
        tree.set(slot.key(), slot.write(value));
      }
    }
    return tree;
  }

  /**
   * Reads a record.
   *
   * @param name of the whole, for what is said of it
   * @param prefix of its keys
   */
  static Object record(Class<?> type, JsonNode tree, String name, String prefix)
      throws SettingException {
    Map<String, Slot> slots = new LinkedHashMap<>();
    for (Slot slot : slots(type)) {
      if (slot.isSection() || slot.setting() != null) {
        slots.put(slot.key(), slot);
      }
    }
    if (!tree.isObject()) {
      throw new SettingException(name, shown(tree) + " (expected: keys and values)");
    }
    for (Iterator<String> keys = tree.fieldNames(); keys.hasNext(); ) {
      String key = keys.next();
      if (!slots.containsKey(key)) {
        throw new SettingException(
            prefix + key,
            "unknown key (expected: one of " + String.join(", ", slots.keySet()) + ")");
      }
    }
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      Slot slot = Slot.of(components[i]);
      JsonNode node = tree.path(slot.key());
      boolean given = !node.isMissingNode() && !node.isNull();
      String key = prefix + slot.key();
      if (slot.isSection()) {
        JsonNode section = given ? node : JsonNodeFactory.instance.objectNode();
        values[i] = record(components[i].getType(), section, key, key + ".");
      } else if (slot.setting() == null) {
        values[i] = nothing(components[i].getType());
      } else {
        values[i] = given ? slot.read(node, key) : slot.defaultValue();
      }
    }
    return make(type, values, prefix);
  }

  private static Object make(Class<?> type, Object[] values, String prefix)
      throws SettingException {
    Class<?>[] types =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof IllegalArgumentException wrong) {
        String[] parts = wrong.getMessage().split(": ", 2);
        throw new SettingException(prefix + parts[0], parts[parts.length - 1]);
      }
      throw new IllegalStateException("can't make a " + type.getName(), e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("can't make a " + type.getName(), e);
    }
  }

  /** What a component that can't be set begins as: null, 0 or false. */
  private static Object nothing(Class<?> type) {
    return type == int.class ? (Object) 0 : type == boolean.class ? (Object) false : null;
  }

  /** A value as one line of its own text. */
  static String shown(JsonNode node) {
    if (node.isArray()) {
      return "a list";
    }
    return node.isObject() ? "keys and values" : "'" + node.asText() + "'";
  }

  private static List<Slot> slots(Class<?> type) {
    return Stream.of(type.getRecordComponents()).map(Slot::of).toList();
  }

  private static Object component(Record settings, RecordComponent component) {
    try {
      return component.getAccessor().invoke(settings);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("can't read " + component, e);
    }
  }
}
