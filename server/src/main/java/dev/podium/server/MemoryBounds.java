package dev.podium.server;

import java.util.ArrayList;
import java.util.List;

/**
 * What the settings' bounds come to on the machine that there is: a bound that the memory or the
 * system can't hold is lowered, and said. A pure function.
 *
 * @param requestBytes of requests in flight, in all
 * @param connections at once
 * @param warnings sentences for the log
 */
record MemoryBounds(long requestBytes, int connections, List<String> warnings) {
  /** Requests lie in direct memory while they arrive and on the heap afterwards. */
  private static final int SHARE = 4;

  /** Files that a server opens beside its connections: models, libraries, logs. */
  private static final int OTHER_FILES = 64;

  /**
   * What there is.
   *
   * @param heap the most bytes that the heap can have
   * @param direct the most bytes of direct memory
   * @param files the most files that the process may have open; below 0 if that isn't known
   * @param open files that are open already
   */
  record Machine(long heap, long direct, long files, long open) {}

  /**
   * What was set.
   *
   * @param requestBytes {@code admission.max_bytes}
   * @param messageBytes {@code grpc.max_message}
   * @param assembledBytes {@code scheduler.max_assembled}
   * @param connections {@code grpc.max_connections}
   * @param listeners each of which takes as many connections
   */
  record Settings(
      long requestBytes, long messageBytes, long assembledBytes, int connections, int listeners) {}

  /** For these settings on this machine. */
  static MemoryBounds here(ServerConfig config) {
    return of(
        new Settings(
            config.admission().maxBytes(),
            config.grpc().maxMessage(),
            config.scheduler().maxAssembledBytes(),
            config.grpc().maxConnections(),
            config.grpc().uds() == null ? 1 : 2),
        ThisMachine.read());
  }

  static MemoryBounds of(Settings set, Machine machine) {
    List<String> warnings = new ArrayList<>();
    long least = Math.min(machine.heap, machine.direct);
    long requestBytes = Math.max(1, Math.min(set.requestBytes, least / SHARE));
    if (requestBytes < set.requestBytes) {
      warnings.add(
          "admission.max_bytes: "
              + mib(set.requestBytes)
              + ": "
              + mib(requestBytes)
              + " is used (expected: at most a quarter of the heap, "
              + mib(machine.heap)
              + ", and of the direct memory, "
              + mib(machine.direct)
              + ")");
    }
    if (set.messageBytes > requestBytes) {
      warnings.add(
          "grpc.max_message: "
              + mib(set.messageBytes)
              + ": so large a request is taken only while there is no other (expected: at most "
              + mib(requestBytes)
              + ", what all requests in flight may take)");
    }
    if (set.assembledBytes + requestBytes > machine.direct) {
      warnings.add(
          "scheduler.max_assembled: "
              + mib(set.assembledBytes)
              + ": with requests in flight more than the direct memory, "
              + mib(machine.direct)
              + " (expected: less, or a larger -XX:MaxDirectMemorySize)");
    }
    int connections = set.connections;
    long room = (machine.files - machine.open - OTHER_FILES) / set.listeners;
    if (machine.files >= 0 && connections > room) {
      connections = (int) Math.max(1, room);
      warnings.add(
          "grpc.max_connections: "
              + set.connections
              + ": "
              + connections
              + " are taken (expected: less, or more files than the "
              + machine.files
              + " that the process may open; see ulimit -n)");
    }
    return new MemoryBounds(requestBytes, connections, List.copyOf(warnings));
  }

  private static String mib(long bytes) {
    return bytes % (1 << 20) == 0 || bytes >= 100 << 20 ? (bytes >> 20) + " MiB" : bytes + " bytes";
  }
}
