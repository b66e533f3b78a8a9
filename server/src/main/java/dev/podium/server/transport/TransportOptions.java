package dev.podium.server.transport;

import java.nio.file.Path;

/**
 * Where and how the server listens for gRPC.
 *
 * @param host address to bind
 * @param port TCP port; 0 for a free one
 * @param uds path of a Unix domain socket to listen on besides; null for none
 * @param maxMessageBytes the largest message taken
 * @param eventLoops threads that do network input and output, at least 1
 */
public record TransportOptions(
    String host, int port, Path uds, int maxMessageBytes, int eventLoops) {}
