package dev.podium.loadtest.protocol;

import io.grpc.ManagedChannel;
import io.grpc.netty.NegotiationType;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.handler.ssl.SslContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Several channels to one target, each a connection of its own, on one group of event loops.
 * Thread-safe.
 */
public final class Connections implements AutoCloseable {
  /**
   * Held, or its level would be forgotten. Netty tells of each frame that comes after a deadline,
   * and of options that a Unix socket lacks, while the clock runs; whatever goes wrong reaches a
   * call's status anyway.
   */
  private static final Logger NETTY_LOG = Logger.getLogger("io.netty");

  private static final int MAX_RESPONSE_BYTES = 64 << 20;
  private static final int WINDOW_BYTES = 1 << 20;

  private final EventLoopGroup eventLoops;
  private final List<ManagedChannel> channels;
  private final Security security;

  private Connections(EventLoopGroup eventLoops, List<ManagedChannel> channels, Security security) {
    this.eventLoops = eventLoops;
    this.channels = List.copyOf(channels);
    this.security = security;
  }

  /**
   * Opens channels; they connect at their first call.
   *
   * @param count number of connections, at least 1
   * @param threads number of event loops, at least 1
   */
  public static Connections open(Target target, Security security, int count, int threads) {
    SslContext ssl = security.sslContext();
    NETTY_LOG.setLevel(Level.SEVERE);
    EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(threads, NioIoHandler.newFactory());
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      NettyChannelBuilder builder =
          NettyChannelBuilder.forAddress(target.address())
              .channelType(target.channelType(), target.address().getClass())
              .eventLoopGroup(eventLoops)
              // Callbacks only record a time: a thread hop would cost more than they do.
              .directExecutor()
              .maxInboundMessageSize(MAX_RESPONSE_BYTES)
              .initialFlowControlWindow(WINDOW_BYTES)
              .overrideAuthority(
                  security.authority() != null ? security.authority() : target.authority());
      if (ssl == null) {
        builder.negotiationType(NegotiationType.PLAINTEXT);
      } else {
        builder.sslContext(ssl);
      }
      channels.add(builder.build());
    }
    return new Connections(eventLoops, channels, security);
  }

  /** Number of connections. */
  public int size() {
    return channels.size();
  }

  /** A channel; numbers run on beyond {@link #size()} and begin again. */
  public ManagedChannel channel(long number) {
    return channels.get((int) (number % channels.size()));
  }

  /** Credentials and headers of the calls. */
  public Security security() {
    return security;
  }

  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    try {
      for (ManagedChannel channel : channels) {
        channel.awaitTermination(5, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    var unused = eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
