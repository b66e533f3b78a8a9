package dev.podium.server.transport;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerStreamTracer;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The listening side of gRPC: TCP, and a Unix domain socket if one is asked for, over epoll where
 * the system has it. Calls are handled on the event loops themselves, since the services only hand
 * requests on.
 */
public final class GrpcTransport {
  private final EventLoopGroup acceptor;
  private final EventLoopGroup loops;
  private final List<Server> servers;
  private final Path uds;

  private GrpcTransport(
      EventLoopGroup acceptor, EventLoopGroup loops, List<Server> servers, Path uds) {
    this.acceptor = acceptor;
    this.loops = loops;
    this.servers = servers;
    this.uds = uds;
  }

  /**
   * Starts listening.
   *
   * @throws IOException if an address can't be bound, naming it
   */
  public static GrpcTransport start(
      TransportOptions options,
      List<BindableService> services,
      List<ServerStreamTracer.Factory> tracers)
      throws IOException {
    boolean epoll = Epoll.isAvailable();
    if (options.uds() != null && !epoll) {
      throw new IOException(
          "uds "
              + options.uds()
              + ": needs Linux's epoll, which isn't available here: "
              + Epoll.unavailabilityCause());
    }
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    EventLoopGroup acceptor =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("podium-accept", true), io);
    EventLoopGroup loops =
        new MultiThreadIoEventLoopGroup(
            options.eventLoops(), new DefaultThreadFactory("podium-io", true), io);
    GrpcTransport transport = new GrpcTransport(acceptor, loops, new ArrayList<>(), options.uds());
    try {
      transport.listen(
          new InetSocketAddress(options.host(), options.port()),
          epoll ? EpollServerSocketChannel.class : NioServerSocketChannel.class,
          options,
          services,
          tracers);
      if (options.uds() != null) {
        Files.deleteIfExists(options.uds());
        transport.listen(
            new DomainSocketAddress(options.uds().toFile()),
            EpollServerDomainSocketChannel.class,
            options,
            services,
            tracers);
      }
      return transport;
    } catch (IOException e) {
      transport.close(0);
      throw e;
    }
  }

  private void listen(
      SocketAddress address,
      Class<? extends ServerChannel> channel,
      TransportOptions options,
      List<BindableService> services,
      List<ServerStreamTracer.Factory> tracers)
      throws IOException {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .bossEventLoopGroup(acceptor)
            .workerEventLoopGroup(loops)
            .channelType(channel)
            .directExecutor()
            .maxInboundMessageSize(options.maxMessageBytes());
    services.forEach(builder::addService);
    tracers.forEach(builder::addStreamTracerFactory);
    try {
      servers.add(builder.build().start());
    } catch (IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(address + ": can't listen there: " + cause.getMessage(), e);
    }
  }

  /** Where TCP connections are taken. */
  public InetSocketAddress address() {
    return (InetSocketAddress) servers.get(0).getListenSockets().get(0);
  }

  /**
   * Takes no new connections and calls, and waits for the calls in work; those left after the given
   * time are cut off.
   *
   * @return whether all of them finished
   */
  public boolean close(long timeoutMillis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    servers.forEach(Server::shutdown);
    boolean finished = true;
    try {
      for (Server server : servers) {
        finished &= server.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
      for (Server server : servers) {
        server.shutdownNow();
        server.awaitTermination(1, TimeUnit.SECONDS);
      }
      if (uds != null) {
        Files.deleteIfExists(uds);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      servers.forEach(Server::shutdownNow);
      finished = false;
    } catch (IOException e) {
      // The socket's file is left behind: the next start removes it.
    }
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    return finished;
  }
}
