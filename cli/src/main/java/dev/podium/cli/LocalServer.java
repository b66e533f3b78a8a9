package dev.podium.cli;

import java.nio.file.Path;

/**
 * A server in this process, on a free loopback port.
 *
 * @param target where it serves, {@code host:port}
 * @param startNanos what it took to start
 * @param stop stops it
 */
record LocalServer(String target, long startNanos, Runnable stop) implements AutoCloseable {
  /** Starts a server of the models in a repository and waits until it serves. */
  static LocalServer start(Path models) {
    throw CommandException.failed(
        "no server in this build for " + models + " (expected: --target)", null);
  }

  @Override
  public void close() {
    stop.run();
  }
}
