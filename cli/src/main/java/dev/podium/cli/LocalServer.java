package dev.podium.cli;

import dev.podium.server.PodiumServer;
import dev.podium.server.ServerConfig;
import dev.podium.server.fault.ModelException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;

/** A server in this process, on free loopback ports. */
final class LocalServer implements AutoCloseable {
  private final PodiumServer server;

  private LocalServer(PodiumServer server) {
    this.server = server;
  }

  /**
   * Starts a server of the models in a repository and waits until it serves.
   *
   * @throws CommandException with exit status 2 if the repository can't be read, 1 if the server
   *     can't start
   */
  static LocalServer start(Path models) {
    Logging.embedServer();
    try {
      return new LocalServer(PodiumServer.start(ServerConfig.onFreePorts(models)));
    } catch (ModelException e) {
      throw CommandException.wrong(e.getMessage(), e);
    } catch (IOException e) {
      throw CommandException.failed("the server can't start: " + e.getMessage(), e);
    }
  }

  /** The address that it serves on, as {@code HOST:PORT}. */
  String target() {
    InetSocketAddress address = server.grpcAddress();
    return address.getHostString() + ":" + address.getPort();
  }

  @Override
  public void close() {
    server.close();
  }
}
