package dev.podium.server;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/** Ports for tests that must know one before it is open, or after it is closed. */
final class FreePorts {
  private FreePorts() {}

  /** One that is free now, and that no system gives to a connection of its own accord. */
  static int next() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(10_000, 32_000);
      if (isFree(port)) {
        return port;
      }
    }
  }

  /** Whether a server could listen on this port of 127.0.0.1. */
  static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress("127.0.0.1", port));
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
