package dev.podium.cli;

import com.google.common.net.InetAddresses;
import dev.podium.server.ConfigReader;
import dev.podium.server.ConfigReader.ConfigException;
import dev.podium.server.PodiumServer;
import dev.podium.server.ServerConfig;
import dev.podium.server.ServerLogging;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.WrongFileException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Logger;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Serves a model repository until it is told to stop. */
@Command(name = "serve", description = "Serves a model repository until it gets SIGTERM or SIGINT.")
final class ServeCommand implements Runnable {
  private static final Logger LOG = Logger.getLogger(ServeCommand.class.getName());
  private static final String LEAK_DETECTION = "io.netty.leakDetection.level";

  @Spec private CommandSpec spec;

  @Option(names = "--config", paramLabel = "FILE", description = "Settings, in YAML.")
  private Path config;

  @Option(names = "--models", paramLabel = "DIR", description = "The model repository.")
  private String models;

  @Option(names = "--host", paramLabel = "HOST", description = "Address to bind for gRPC.")
  private String host;

  @Option(names = "--port", paramLabel = "PORT", description = "Port for gRPC; 0 for a free one.")
  private String port;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      description = "Port for HTTP; 0 for a free one.")
  private String adminPort;

  @Option(
      names = "--uds",
      paramLabel = "PATH",
      description = "Unix domain socket to listen on besides.")
  private String uds;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Any other setting, such as scheduler.workers=4.")
  private Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--print-config",
      description = "Print all settings as YAML, those with their defaults too, and serve nothing.")
  private boolean printConfig;

  @Override
  public void run() {
    watchNoBuffers();
    List<String> warnings = new ArrayList<>();
    ServerConfig effective = read(warnings);
    if (printConfig) {
      spec.commandLine().getOut().print(effective.toYaml());
      return;
    }
    ServerLogging.install(effective.logging().format());
    warnings.forEach(LOG::warning);
    PodiumServer server = start(effective);
    StopSignals.install(server);
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "ready grpc=" + text(server.grpcAddress()) + " admin=" + text(server.adminAddress()));
    out.flush();
    waitForever();
  }

  /**
   * Netty looks for leaks by noting where one buffer in 128 was touched, which takes a twentieth of
   * the network thread's CPU. To look for a leak, set the property.
   */
  private static void watchNoBuffers() {
    if (System.getProperty(LEAK_DETECTION) == null) {
      System.setProperty(LEAK_DETECTION, "disabled");
    }
  }

  private ServerConfig read(List<String> warnings) {
    Map<String, String> flags = new LinkedHashMap<>(settings);
    put(flags, "models", models);
    put(flags, "grpc.host", host);
    put(flags, "grpc.port", port);
    put(flags, "grpc.uds", uds);
    put(flags, "admin.port", adminPort == null && "0".equals(port) ? "0" : adminPort);
    try {
      return ConfigReader.read(config, System.getenv(), flags, warnings::add);
    } catch (ConfigException e) {
      throw CommandException.wrong(e.getMessage());
    }
  }

  private static void put(Map<String, String> flags, String key, String value) {
    if (value != null) {
      flags.put(key, value);
    }
  }

  private static PodiumServer start(ServerConfig config) {
    try {
      return PodiumServer.start(config);
    } catch (IOException | ModelException e) {
      ServerLogging.flush(); // what led to it
      throw failure(e);
    }
  }

  private static CommandException failure(Exception e) {
    return e instanceof ModelException || e instanceof WrongFileException
        ? CommandException.wrong(e.getMessage())
        : CommandException.failed(e.getMessage(), e);
  }

  private static void waitForever() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static String text(InetSocketAddress address) {
    return InetAddresses.toUriString(address.getAddress()) + ":" + address.getPort();
  }
}
