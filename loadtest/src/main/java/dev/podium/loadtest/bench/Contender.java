package dev.podium.loadtest.bench;

import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.Protocol;

/**
 * A server in the bench.
 *
 * @param pid its process, or -1 if that is not known
 * @param heap null if its heap can't be read
 */
record Contender(
    String name, Connections connections, Protocols protocols, long pid, HeapMeter heap) {

  /** The protocol for each model. */
  @FunctionalInterface
  interface Protocols {
    Protocol of(String model);
  }
}
