package dev.podium.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.server.access.AccessOptions;
import dev.podium.server.admin.AdminOptions;
import dev.podium.server.admission.AdmissionOptions;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.log.LogOptions;
import dev.podium.server.requestlog.AccessLogOptions;
import dev.podium.server.requestlog.TraceOptions;
import dev.podium.server.rpc.InferenceOptions;
import dev.podium.server.rpc.RankingOptions;
import dev.podium.server.schedule.SchedulerOptions;
import dev.podium.server.settings.Setting;
import dev.podium.server.settings.SettingException;
import dev.podium.server.settings.Settings;
import dev.podium.server.transport.TlsOptions;
import dev.podium.server.transport.TransportOptions;
import dev.podium.server.yaml.StrictYaml;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * All settings of a server: its own, and a section for each room that has some. Immutable. Read
 * with {@link ConfigReader}; {@code requiredModels} may be null.
 */
public record ServerConfig(
    @Setting(value = "models/repository", is = "folder of [model folders](model-folder.md)")
        Path models,
    @Setting(
            is =
                "models that must be available for the server to be ready; without the "
                    + "setting, all models found at the start; `[]` for none")
        List<String> requiredModels,
    @Setting(
            value = "true",
            is =
                "whether callers may load and unload models; without authentication they "
                    + "may only if `grpc.host` is loopback")
        boolean modelControl,
    @Setting(
            value = "2s",
            min = "0s",
            max = "1h",
            is =
                "how long a starting server ranks the models' examples (`warmup.jsonl`, or "
                    + "else `golden.jsonl`) before it serves, so that its first callers don't "
                    + "wait for the JVM; 0s to skip this")
        Duration warmUp,
    @Setting(
            value = "30s",
            min = "1ms",
            max = "24h",
            is = "how often the server checks the files of keys and credentials for changes")
        Duration reload,
    @Setting(
            value = "30s",
            min = "0s",
            max = "24h",
            is = "how long a stopping server waits for the requests in flight")
        Duration drainTimeout,
    @Setting(
            value = "3s",
            min = "0s",
            max = "1h",
            is = "how long a stopping server then spends on spans and log lines that wait")
        Duration flushTimeout,
    TransportOptions grpc,
    TlsOptions tls,
    AccessOptions auth,
    AdminOptions admin,
    RankingOptions ranking,
    InferenceOptions inference,
    AdmissionOptions admission,
    SchedulerOptions scheduler,
    EngineOptions engine,
    TuningOptions compiler,
    TraceOptions traces,
    LogOptions logging,
    AccessLogOptions accessLog) {
  public ServerConfig {
    if (grpc.port() != 0 && grpc.port() == admin.port() && grpc.host().equals(admin.host())) {
      throw new IllegalArgumentException(
          "admin.port: " + admin.port() + " (expected: another than grpc.port)");
    }
  }

  /** A server of this folder with all defaults, on free loopback ports, that need not warm up. */
  public static ServerConfig onFreePorts(Path models) {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    tree.put("models", models.toString());
    tree.put("warm_up", "0s");
    tree.putObject("grpc").put("port", 0);
    tree.putObject("admin").put("port", 0);
    try {
      return Settings.read(tree, ServerConfig.class);
    } catch (SettingException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * All settings as YAML that {@link ConfigReader} reads. Holds no secrets: those stay in files.
   */
  public String toYaml() {
    return StrictYaml.write(tree());
  }

  /** The same as a tree. */
  JsonNode tree() {
    return Settings.tree(this);
  }
}
