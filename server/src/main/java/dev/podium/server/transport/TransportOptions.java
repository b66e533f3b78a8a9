package dev.podium.server.transport;

import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.Set;

/**
 * Where and how the server listens for gRPC.
 *
 * @param host address to bind
 * @param port TCP port; 0 for a free one
 * @param uds path of a Unix domain socket to listen on besides, never with TLS; null for none
 * @param udsPermissions who may connect to it
 * @param tls null for plain text
 * @param limits what a client may ask of the transport
 */
public record TransportOptions(
    String host,
    int port,
    Path uds,
    Set<PosixFilePermission> udsPermissions,
    TlsOptions tls,
    Limits limits) {

  /**
   * What a client may ask of the transport.
   *
   * @param messageBytes the largest message
   * @param metadataBytes the largest headers of a call
   * @param window bytes of messages that a connection may have under way: HTTP/2's flow control
   * @param streams calls at once on one connection
   * @param connections at once, over TCP and as many over the Unix domain socket
   * @param idle after which a connection without calls is closed
   * @param age after which a connection is closed gracefully, so that clients spread anew; zero for
   *     never
   * @param pingInterval the least time between a client's pings
   * @param resets streams that a client may reset on one connection each second, on average over a
   *     few seconds
   */
  public record Limits(
      int messageBytes,
      int metadataBytes,
      int window,
      int streams,
      int connections,
      Duration idle,
      Duration age,
      Duration pingInterval,
      int resets) {}
}
