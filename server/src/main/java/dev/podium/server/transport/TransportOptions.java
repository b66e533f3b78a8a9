package dev.podium.server.transport;

import dev.podium.server.settings.Setting;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

/**
 * Where and how the server listens for gRPC, and what a client may ask of the transport. {@code
 * uds} may be null; {@code eventLoops} is at least 1.
 */
public record TransportOptions(
    @Setting(value = "127.0.0.1", is = "address to bind for gRPC") String host,
    @Setting(value = "8001", min = "0", max = "65535", is = "TCP port; 0 for a free one") int port,
    @Setting(is = "path of a Unix domain socket to listen on, beside TCP") Path uds,
    @Setting(
            value = "rw-rw----",
            is = "permissions of the socket's file, which say who may connect")
        String udsPermissions,
    @Setting(
            value = "16MiB",
            min = "1KiB",
            max = "2047MiB",
            bytes = true,
            is = "the largest request that is accepted")
        long maxMessage,
    @Setting(
            value = "16KiB",
            min = "1KiB",
            max = "1MiB",
            bytes = true,
            is = "the largest headers of a call")
        long maxMetadata,
    @Setting(
            value = "256KiB",
            min = "65535",
            max = "64MiB",
            bytes = true,
            is =
                "bytes of messages that a connection may have under way before the server has"
                    + " taken them (HTTP/2's flow control); a smaller one keeps requests from"
                    + " ageing in sockets under overload, a larger one suits large requests over"
                    + " long distances")
        long window,
    @Setting(value = "1000", min = "1", max = "1000000", is = "calls at once on one connection")
        int maxStreams,
    @Setting(
            value = "10000",
            min = "1",
            max = "1000000",
            is = "connections at once; the server closes further ones as they come")
        int maxConnections,
    @Setting(
            value = "1800s",
            min = "1s",
            max = "8760h",
            is = "time after which the server closes a connection without calls")
        Duration maxIdle,
    @Setting(
            value = "0s",
            min = "0s",
            max = "8760h",
            is =
                "time after which the server closes a connection gracefully, so that "
                    + "clients spread over the fleet anew; 0s for never")
        Duration maxAge,
    @Setting(
            value = "30s",
            min = "10ms",
            max = "24h",
            is =
                "how long a request may take to arrive, from the call's first byte (in a stream: the"
                    + " message's) to its last, and an answer to be taken by its client; slower"
                    + " calls are ended")
        Duration maxTransfer,
    @Setting(
            value = "60s",
            min = "10ms",
            max = "24h",
            is =
                "time after which the server asks the client of a silent connection whether it is"
                    + " still there; the client has a third of this time to answer")
        Duration maxSilence,
    @Setting(
            value = "10s",
            min = "0s",
            max = "24h",
            is =
                "the least time between a client's keep-alive pings; faster ones end the"
                    + " connection")
        Duration minPingInterval,
    @Setting(
            value = "1000",
            min = "1",
            max = "1000000",
            is =
                "calls that a client may cancel on one connection each second; more end the"
                    + " connection")
        int maxResets,
    @Setting(
            value = "0",
            min = "0",
            max = "256",
            is =
                "threads for network input and output; 0 for one for every four processors,"
                    + " and at least one")
        int eventLoops,
    @Setting(value = "true", is = "whether the server offers gRPC reflection (v1 and v1alpha)")
        boolean reflection,
    @Setting(
            value = "false",
            is = "whether the server offers gRPC channelz, which shows connections and calls")
        boolean channelz,
    @Setting(
            value = "false",
            is = "whether answers say how loaded the server is (ORCA, in trailers and out of band)")
        boolean loadReports) {
  public TransportOptions {
    if (eventLoops == 0) {
      eventLoops = Math.max(1, Runtime.getRuntime().availableProcessors() / 4);
    }
    try {
      PosixFilePermissions.fromString(udsPermissions);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "uds_permissions: '" + udsPermissions + "' (expected: as in 'rw-rw----')", e);
    }
  }
}
