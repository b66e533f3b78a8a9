package dev.podium.client;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.UnixDomainSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * A channel and what must be closed with it.
 *
 * @param close to be run once, when no call is in flight
 */
record Connection(Channel channel, Runnable close) {
  private static final String UNIX = "unix:";
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

  /** A channel that someone else closes. */
  static Connection borrowed(Channel channel) {
    return new Connection(channel, () -> {});
  }

  /**
   * A channel to a gRPC target, such as {@code host:port}, {@code dns:///name:port} or {@code
   * unix:/path}.
   */
  static Connection open(String target, ChannelCredentials credentials) {
    if (target.startsWith(UNIX)) {
      return openUnix(target.substring(UNIX.length()), credentials);
    }
    ManagedChannel channel = Grpc.newChannelBuilder(target, credentials).build();
    return new Connection(channel, () -> shutDown(channel));
  }

  /** The JDK's own Unix domain sockets (JEP 380) need no native library, on Linux as on macOS. */
  private static Connection openUnix(String path, ChannelCredentials credentials) {
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("podium-client-unix", true), NioIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(
                UnixDomainSocketAddress.of(withoutSlashes(path)), credentials)
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            // TCP's, which gRPC sets on every connection: Netty would warn of it.
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .eventLoopGroup(loop)
            .overrideAuthority("localhost")
            .build();
    return new Connection(
        channel,
        () -> {
          shutDown(channel);
          var unused = loop.shutdownGracefully(0, CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        });
  }

  /** {@code unix:///path} is {@code unix:/path} with an empty authority. */
  private static String withoutSlashes(String path) {
    return path.startsWith("///") ? path.substring(2) : path;
  }

  private static void shutDown(ManagedChannel channel) {
    channel.shutdownNow();
    try {
      // If it takes longer, nothing is lost: the transport's threads are daemons.
      channel.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
