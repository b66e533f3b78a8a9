package dev.podium.server;

import dev.podium.server.ConfigReader.ConfigException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** Settings for servers in tests: on free loopback ports, with the keys that matter set. */
public final class TestConfigs {
  private TestConfigs() {}

  /** Settings of a server of these models; keys and values in turn. */
  public static ServerConfig of(Path models, String... keysAndValues) throws ConfigException {
    Map<String, String> flags = new HashMap<>();
    flags.put("models", models.toString());
    flags.put("grpc.port", "0");
    flags.put("admin.port", "0");
    for (int i = 0; i < keysAndValues.length; i += 2) {
      flags.put(keysAndValues[i], keysAndValues[i + 1]);
    }
    return ConfigReader.read(null, Map.of(), flags);
  }
}
