package dev.podium.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.server.settings.SettingException;
import dev.podium.server.settings.SettingKey;
import dev.podium.server.settings.Settings;
import dev.podium.server.yaml.StrictYaml;
import dev.podium.server.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.logging.Logger;
import java.util.regex.Pattern;

/**
 * Puts a server's settings together: the file, over it the environment, over that the command line.
 * A key is written {@code scheduler.workers} in the file and on the command line, {@code
 * PODIUM_SCHEDULER_WORKERS} in the environment. Only values that count are checked.
 */
public final class ConfigReader {
  private static final Logger LOG = Logger.getLogger(ConfigReader.class.getName());
  private static final String PREFIX = "PODIUM_";

  /** Variables that belong to the start script. */
  private static final Set<String> OTHERS = Set.of("PODIUM_NO_BUILD", "PODIUM_JAVA_OPTS");

  /** Variables that Kubernetes sets in every pod beside a service named podium or podium-… */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "PODIUM_([A-Z0-9_]+_)?"
              + "(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)");

  /** The value of those that would be settings, such as {@code PODIUM_GRPC_PORT}. */
  private static final Pattern SERVICE_ADDRESS = Pattern.compile("(tcp|udp|sctp)://.*");

  private final Map<String, SettingKey> keys = byName();
  private final ObjectNode tree;

  /** Where values came from, by key, for what is said of them. */
  private final Map<String, String> sources = new HashMap<>();

  private ConfigReader(ObjectNode tree) {
    this.tree = tree;
  }

  /** Why the settings can't be used: one line that names the key, and where it came from. */
  public static final class ConfigException extends Exception {
    private static final long serialVersionUID = 1L;

    ConfigException(String message) {
      super(message);
    }
  }

  /**
   * Reads the settings; what may be a mistake is logged.
   *
   * @param file YAML; null for none
   * @param environment variables; those that begin with {@code PODIUM_} count
   * @param flags values by key
   */
  public static ServerConfig read(
      Path file, Map<String, String> environment, Map<String, String> flags)
      throws ConfigException {
    return read(file, environment, flags, LOG::warning);
  }

  /**
   * Reads the settings.
   *
   * @param file YAML; null for none
   * @param environment variables; those that begin with {@code PODIUM_} count, but for those that
   *     Kubernetes makes for its services
   * @param flags values by key
   * @param warnings is told what may be a mistake, a line each
   */
  public static ServerConfig read(
      Path file,
      Map<String, String> environment,
      Map<String, String> flags,
      Consumer<String> warnings)
      throws ConfigException {
    ConfigReader reader =
        new ConfigReader(file == null ? JsonNodeFactory.instance.objectNode() : fileTree(file));
    reader.readEnvironment(environment, warnings);
    reader.readFlags(flags);
    return reader.settings(file);
  }

  /** The names of all keys that can be set, in alphabetical order. */
  public static Set<String> keys() {
    return new TreeSet<>(byName().keySet());
  }

  private static Map<String, SettingKey> byName() {
    Map<String, SettingKey> keys = new TreeMap<>();
    Settings.keys(ServerConfig.class).forEach(key -> keys.put(key.name(), key));
    return keys;
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

  private void readEnvironment(Map<String, String> environment, Consumer<String> warnings)
      throws ConfigException {
    Map<String, SettingKey> byVariable = new TreeMap<>();
    keys.forEach(
        (name, key) ->
            byVariable.put(PREFIX + name.replace('.', '_').toUpperCase(Locale.ROOT), key));
    List<String> unknown = new ArrayList<>();
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      String name = variable.getKey();
      if (!name.startsWith(PREFIX)
          || OTHERS.contains(name)
          || isServiceLink(name, variable.getValue())) {
        continue;
      }
      if (byVariable.containsKey(name)) {
        put(byVariable.get(name), variable.getValue(), "environment " + name + ": ");
      } else {
        unknown.add(name);
      }
    }
    if (!unknown.isEmpty()) {
      warnings.accept(
          "environment: "
              + String.join(", ", unknown)
              + ": ignored, no setting (expected: PODIUM_ and a key, as in"
              + " PODIUM_SCHEDULER_WORKERS)");
    }
  }

  private static boolean isServiceLink(String name, String value) {
    return SERVICE_LINK.matcher(name).matches()
        || (name.endsWith("_PORT") && SERVICE_ADDRESS.matcher(value).matches());
  }

  private void readFlags(Map<String, String> flags) throws ConfigException {
    for (Map.Entry<String, String> flag : flags.entrySet()) {
      if (!keys.containsKey(flag.getKey())) {
        throw new ConfigException(
            "command line: unknown key '"
                + flag.getKey()
                + "' (expected: one of "
                + keys.keySet()
                + ")");
      }
      put(keys.get(flag.getKey()), flag.getValue(), "command line: ");
    }
  }

  /** Only lists are read as YAML: in other values nothing is syntax. */
  private void put(SettingKey key, String text, String source) throws ConfigException {
    String[] path = key.name().split("\\.");
    ObjectNode at = tree;
    for (int i = 0; i < path.length - 1; i++) {
      at = at.get(path[i]) instanceof ObjectNode inner ? inner : at.putObject(path[i]);
    }
    sources.put(key.name(), source);
    try {
      JsonNode value =
          text.isBlank()
              ? JsonNodeFactory.instance.nullNode()
              : key.list() ? StrictYaml.tree(text) : JsonNodeFactory.instance.textNode(text);
      at.set(path[path.length - 1], value);
    } catch (YamlException e) {
      throw new ConfigException(source + key.name() + ": " + e.getMessage());
    }
  }

  private ServerConfig settings(Path file) throws ConfigException {
    try {
      return Settings.read(tree, ServerConfig.class);
    } catch (SettingException e) {
      String fileSource = file == null ? "" : file + ": ";
      throw new ConfigException(
          sources.getOrDefault(settable(e.key()), fileSource) + e.getMessage());
    }
  }

  /** The key that can be set of one such as {@code auth.rules[0].methods}. */
  private static String settable(String key) {
    int entry = key.indexOf('[');
    return entry < 0 ? key : key.substring(0, entry);
  }
}
