package dev.podium.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.server.yaml.StrictYaml;
import dev.podium.server.yaml.YamlException;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Puts a server's settings together: the file, over it the environment, over that the command line.
 * A key is written {@code scheduler.workers} in the file and on the command line, {@code
 * PODIUM_SCHEDULER_WORKERS} in the environment.
 */
public final class ConfigReader {
  private static final String PREFIX = "PODIUM_";

  /** Variables that belong to the start script. */
  private static final Set<String> OTHERS = Set.of("PODIUM_NO_BUILD", "PODIUM_JAVA_OPTS");

  private ConfigReader() {}

  /** Why the settings can't be used: one line that names the key, and where it came from. */
  public static final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    ConfigException(String message) {
      super(message);
    }
  }

  /**
   * Reads the settings.
   *
   * @param file YAML; null for none
   * @param environment variables; those that begin with {@code PODIUM_} count
   * @param flags values by key
   */
  public static ServerConfig read(
      Path file, Map<String, String> environment, Map<String, String> flags)
      throws ConfigException {
    ObjectNode tree = file == null ? JsonNodeFactory.instance.objectNode() : fileTree(file);
    check(tree, file == null ? "" : file + ": ");
    Map<String, String> byVariable = new TreeMap<>();
    for (String key : keys()) {
      byVariable.put(PREFIX + key.replace('.', '_').toUpperCase(Locale.ROOT), key);
    }
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(PREFIX) || OTHERS.contains(name)) {
        continue;
      }
      if (!byVariable.containsKey(name)) {
        throw new ConfigException(
            "environment: unknown variable "
                + name
                + " (expected: one of "
                + byVariable.keySet()
                + ")");
      }
      put(tree, byVariable.get(name), variable.getValue(), "environment " + name + ": ");
    }
    check(tree, "environment: ");
    for (Map.Entry<String, String> flag : flags.entrySet()) {
      if (!keys().contains(flag.getKey())) {
        throw new ConfigException(
            "command line: unknown key '" + flag.getKey() + "' (expected: one of " + keys() + ")");
      }
      put(tree, flag.getKey(), flag.getValue(), "command line: ");
    }
    return check(tree, "command line: ");
  }

  /** Every key that can be set, in alphabetical order. */
  public static Set<String> keys() {
    Set<String> keys = new TreeSet<>();
    collect("", ServerConfig.class, keys);
    return keys;
  }

  private static void collect(String prefix, Class<?> type, Set<String> keys) {
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + snake(component.getName());
      if (component.getType().getEnclosingClass() == ServerConfig.class) {
        collect(key + ".", component.getType(), keys);
      } else {
        keys.add(key);
      }
    }
  }

  private static String snake(String camel) {
    return camel.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
  }

  private static ObjectNode fileTree(Path file) throws ConfigException {
    try {
      JsonNode tree = StrictYaml.tree(Files.readString(file));
      if (tree == null) {
        return JsonNodeFactory.instance.objectNode();
      }
      if (tree instanceof ObjectNode object) {
        return object;
      }
      throw new ConfigException(file + ": no mapping (expected: keys and values)");
    } catch (YamlException e) {
      throw new ConfigException(file + ": " + e.getMessage());
    } catch (IOException e) {
      throw new ConfigException(file + ": can't be read: " + e.getMessage());
    }
  }

  private static void put(ObjectNode tree, String key, String value, String source)
      throws ConfigException {
    String[] path = key.split("\\.");
    ObjectNode at = tree;
    for (int i = 0; i < path.length - 1; i++) {
      at = at.get(path[i]) instanceof ObjectNode inner ? inner : at.putObject(path[i]);
    }
    try {
      at.set(path[path.length - 1], StrictYaml.tree(value));
    } catch (YamlException e) {
      throw new ConfigException(source + key + ": " + e.getMessage());
    }
  }

  private static ServerConfig check(ObjectNode tree, String source) throws ConfigException {
    try {
      return StrictYaml.bind(tree, ServerConfig.class);
    } catch (YamlException e) {
      throw new ConfigException(source + e.getMessage());
    }
  }
}
