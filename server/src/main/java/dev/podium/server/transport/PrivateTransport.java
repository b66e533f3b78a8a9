package dev.podium.server.transport;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Services behind a Unix domain socket in a folder that only this user can enter, and a channel to
 * them. For a server's calls to itself before anyone else can call.
 */
public final class PrivateTransport implements AutoCloseable {
  private final Path folder;
  private final Path socket;
  private final Server server;
  private final ManagedChannel channel;

  private PrivateTransport(Path folder, Path socket, Server server, ManagedChannel channel) {
    this.folder = folder;
    this.socket = socket;
    this.server = server;
    this.channel = channel;
  }

  /**
   * Starts listening.
   *
   * @param loops serve and call; they stay open when this is closed
   * @throws IOException if the system has no such sockets, or no folder for them
   */
  public static PrivateTransport start(TransportServices services, EventLoops loops)
      throws IOException {
    if (!loops.isEpoll()) {
      throw new IOException("no Unix domain sockets on this system");
    }
    // Made with rights for its owner alone.
    Path folder = Files.createTempDirectory("podium");
    Path socket = folder.resolve("warm-up");
    DomainSocketAddress address = new DomainSocketAddress(socket.toFile());
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .bossEventLoopGroup(loops.acceptor())
            .workerEventLoopGroup(loops.loops())
            .channelType(EpollServerDomainSocketChannel.class)
            // TCP's, which gRPC sets on every connection: Netty would warn of it, here and below.
            .withChildOption(ChannelOption.SO_KEEPALIVE, null)
            .directExecutor();
    services.services().forEach(builder::addService);
    services.interceptors().forEach(builder::intercept);
    services.tracers().forEach(builder::addStreamTracerFactory);
    Server server;
    try {
      server = builder.build().start();
    } catch (IOException e) {
      Files.deleteIfExists(socket);
      Files.delete(folder);
      throw e;
    }
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(address)
            .eventLoopGroup(loops.loops())
            .channelType(EpollDomainSocketChannel.class)
            .withOption(ChannelOption.SO_KEEPALIVE, null)
            .directExecutor()
            .usePlaintext()
            .build();
    return new PrivateTransport(folder, socket, server, channel);
  }

  /** Calls made on it are handled on the event loops. */
  public Channel channel() {
    return channel;
  }

  @Override
  public void close() throws IOException {
    channel.shutdownNow();
    server.shutdownNow();
    try {
      channel.awaitTermination(5, TimeUnit.SECONDS);
      server.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(socket);
    Files.deleteIfExists(folder);
  }
}
