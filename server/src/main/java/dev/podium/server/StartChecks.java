package dev.podium.server;

import dev.podium.server.engine.ort.NativeLibraries;
import dev.podium.server.schedule.CpuAffinity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/** What can be found wrong with settings before models are loaded, which takes long. */
final class StartChecks {
  private static final Logger LOG = Logger.getLogger(StartChecks.class.getName());

  private StartChecks() {}

  /**
   * Looks at the machine.
   *
   * @throws IOException if it hasn't what the settings name, naming the setting
   */
  static void run(ServerConfig config) throws IOException {
    checkCpus(config.scheduler().cpus());
    NativeLibraries.prepare();
    checkPort("grpc", config.grpc().host(), config.grpc().port());
    checkPort("admin", config.admin().host(), config.admin().port());
    warnIfOpen(config);
  }

  /** Says which bounds the machine can't hold. */
  static void warn(MemoryBounds bounds) {
    bounds.warnings().forEach(LOG::warning);
  }

  /** The port is free again afterwards: nobody is to find it open before the server serves. */
  private static void checkPort(String section, String host, int port) throws IOException {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new IOException(
          section + ".host: '" + host + "' (expected: an address or name of this machine)");
    }
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(address);
    } catch (IOException e) {
      throw new IOException(section + " " + address + ": can't listen there: " + e.getMessage(), e);
    }
  }

  /** A server that others can reach should not be open to them by mistake. */
  private static void warnIfOpen(ServerConfig config) throws IOException {
    boolean tls = config.tls().enabled();
    boolean auth = config.auth().enabled();
    String missing = tls ? "authentication" : auth ? "TLS" : "TLS and authentication";
    if (!InetAddress.getByName(config.grpc().host()).isLoopbackAddress() && !(tls && auth)) {
      LOG.log(
          Level.WARNING,
          "grpc.host {0}: not loopback, without {1} (expected: both; see docs/security.md)",
          new Object[] {config.grpc().host(), missing});
    }
    if (!InetAddress.getByName(config.admin().host()).isLoopbackAddress()) {
      LOG.log(
          Level.WARNING,
          "admin.host {0}: not loopback; the admin port has no authentication",
          config.admin().host());
    }
  }

  /** Strangers must not unload models: beyond loopback, callers need credentials for that. */
  static boolean mayControl(ServerConfig config) throws IOException {
    return config.modelControl()
        && (config.auth().enabled()
            || InetAddress.getByName(config.grpc().host()).isLoopbackAddress());
  }

  private static void checkCpus(List<Integer> cpus) throws IOException {
    if (cpus.isEmpty()) {
      return;
    }
    try {
      CpuAffinity.check(cpus);
    } catch (IOException e) {
      throw new IOException("scheduler.cpus: " + e.getMessage(), e);
    }
  }
}
