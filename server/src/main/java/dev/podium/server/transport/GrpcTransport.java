package dev.podium.server.transport;

import io.grpc.BindableService;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelOption;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.SslContext;
import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The listening side of gRPC: TCP, and a Unix domain socket if one is asked for, over epoll where
 * the system has it. Calls are handled on the event loops themselves, since the services only hand
 * requests on.
 */
public final class GrpcTransport {
  private static final int RESET_WINDOW_SECONDS = 5;
  private static final long AWAIT_MILLIS = 20;
  private static final long LEAVE_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long HANDSHAKE_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long LONGEST_SWEEP_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final EventLoops loops;
  private final List<Server> servers = new ArrayList<>();
  private final TransportOptions options;
  private final TlsKeys tls;
  private final CallGuard guard;
  private final int connections;

  /** Null without a Unix domain socket. */
  private final SocketFile socket;

  /**
   * Reads the keys, and takes the Unix domain socket's place; opens nothing.
   *
   * @param bounds what all clients together may take
   * @param keys for TLS over TCP, if they are enabled; a Unix domain socket never has it
   * @param loops stay open when this is closed
   * @throws IOException if a key can't be read, or the system has no Unix domain sockets and one is
   *     asked for, naming it
   */
  public GrpcTransport(
      TransportOptions options, TransportBounds bounds, TlsOptions keys, EventLoops loops)
      throws IOException {
    if (options.uds() != null && !loops.isEpoll()) {
      throw new IOException(
          "uds "
              + options.uds()
              + ": needs Linux's epoll, which isn't available here: "
              + Epoll.unavailabilityCause());
    }
    this.options = options;
    this.loops = loops;
    this.tls = keys.enabled() ? new TlsKeys(keys, InstantSource.system()) : null;
    this.connections = bounds.connections();
    long transferNanos = options.maxTransfer().toNanos();
    this.guard =
        new CallGuard(
            bounds.messages(), new StallRule(transferNanos, transferNanos), System::nanoTime);
    this.socket = options.uds() == null ? null : SocketFile.claim(options.uds());
  }

  /**
   * Starts listening.
   *
   * @throws IOException if an address can't be bound, naming it; close the transport then, too
   */
  public void start(TransportServices services) throws IOException {
    listen(
        services,
        new InetSocketAddress(options.host(), options.port()),
        loops.isEpoll() ? EpollServerSocketChannel::new : NioServerSocketChannel::new,
        tls == null ? null : tls.context());
    if (options.uds() != null) {
      listen(
          services,
          new DomainSocketAddress(options.uds().toFile()),
          EpollServerDomainSocketChannel::new,
          null);
      Files.setPosixFilePermissions(
          options.uds(), PosixFilePermissions.fromString(options.udsPermissions()));
    }
    loops.every(Math.min(LONGEST_SWEEP_NANOS, options.maxTransfer().toNanos() / 4), guard::sweep);
  }

  private void listen(
      TransportServices services,
      SocketAddress address,
      ChannelFactory<? extends ServerChannel> channels,
      SslContext security)
      throws IOException {
    ConnectionLimit limit = new ConnectionLimit(connections, GrpcTransport::isShortOfMemory);
    AcceptErrors errors = new AcceptErrors();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address)
            .bossEventLoopGroup(loops.acceptor())
            .workerEventLoopGroup(loops.loops())
            .channelFactory(
                () -> {
                  ServerChannel channel = channels.newChannel();
                  channel.pipeline().addLast(limit, errors);
                  return channel;
                })
            .directExecutor()
            .maxInboundMessageSize(Math.toIntExact(options.maxMessage()))
            .maxInboundMetadataSize(Math.toIntExact(options.maxMetadata()))
            // Fixed: a window that grows with the traffic would let a busy server's clients queue
            // requests in its sockets, where their deadlines pass unseen.
            .flowControlWindow(Math.toIntExact(options.window()))
            .maxConcurrentCallsPerConnection(options.maxStreams())
            .maxConnectionIdle(options.maxIdle().toNanos(), TimeUnit.NANOSECONDS)
            .permitKeepAliveTime(options.minPingInterval().toNanos(), TimeUnit.NANOSECONDS)
            .permitKeepAliveWithoutCalls(true)
            .keepAliveTime(options.maxSilence().toNanos(), TimeUnit.NANOSECONDS)
            .keepAliveTimeout(options.maxSilence().toNanos() / 3, TimeUnit.NANOSECONDS)
            .handshakeTimeout(
                Math.min(HANDSHAKE_NANOS, options.maxTransfer().toNanos()), TimeUnit.NANOSECONDS)
            .maxRstFramesPerWindow(
                options.maxResets() * RESET_WINDOW_SECONDS, RESET_WINDOW_SECONDS);
    if (!options.maxAge().isZero()) {
      builder
          .maxConnectionAge(options.maxAge().toNanos(), TimeUnit.NANOSECONDS)
          .maxConnectionAgeGrace(1, TimeUnit.MINUTES);
    }
    if (address instanceof DomainSocketAddress) {
      // TCP's, which gRPC sets on every connection: Netty would warn of it.
      builder.withChildOption(ChannelOption.SO_KEEPALIVE, null);
    }
    if (security != null) {
      builder.sslContext(security);
    }
    // The guard is the outermost: it ends calls that interceptors have let in, too.
    for (BindableService service : services.services()) {
      builder.addService(
          guard.guard(
              ServerInterceptors.intercept(service.bindService(), services.interceptors())));
    }
    builder.addStreamTracerFactory(guard);
    services.tracers().forEach(builder::addStreamTracerFactory);
    try {
      servers.add(builder.build().start());
    } catch (IOException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new IOException(address + ": can't listen there: " + cause.getMessage(), e);
    }
  }

  /**
   * Looks whether the keys of TLS have changed.
   *
   * @return whether those in their files now are in use
   */
  public boolean reload() {
    return tls == null || tls.reload();
  }

  /** When the certificate expires, in seconds since the epoch; 0 without TLS. */
  public long certificateExpiry() {
    return tls == null ? 0 : tls.expiry().getEpochSecond();
  }

  /** Direct memory that Netty holds for all connections; below 0 if it doesn't say. */
  public static long directBytes() {
    return PlatformDependent.usedDirectMemory();
  }

  /** The most direct memory that there can be, of which Netty's is the most. */
  public static long mostDirectBytes() {
    return PlatformDependent.maxDirectMemory();
  }

  /** Whether direct memory runs out: connections that stand go on, new ones would only add. */
  private static boolean isShortOfMemory() {
    long most = PlatformDependent.maxDirectMemory();
    return PlatformDependent.usedDirectMemory() > most - most / 5;
  }

  /**
   * Ends a call whatever its handler does at that moment; may be called on any thread.
   *
   * @param call as this transport's interceptors see it
   */
  public static void end(ServerCall<?, ?> call, Status status) {
    if (call instanceof GuardedCall<?, ?> guarded) {
      guarded.end(status, new Metadata());
    } else {
      call.close(status, new Metadata());
    }
  }

  /** Where TCP connections are taken. */
  public InetSocketAddress address() {
    return (InetSocketAddress) servers.get(0).getListenSockets().get(0);
  }

  /**
   * Takes no new connections and calls, and waits for the calls in work; streams end when their
   * requests are answered, and clients that are in the middle of a message have half of the time.
   * Calls left after the given time are cut off.
   *
   * @return whether all of them finished
   */
  public boolean close(long timeoutMillis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMillis);
    servers.forEach(Server::shutdown);
    guard.drain(TimeUnit.MILLISECONDS.toNanos(timeoutMillis) / 2);
    boolean finished = false;
    try {
      finished = awaitCalls(end);
      for (Server server : servers) {
        server.shutdownNow();
        server.awaitTermination(1, TimeUnit.SECONDS);
      }
      if (socket != null) {
        socket.close();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      servers.forEach(Server::shutdownNow);
      finished = false;
    } catch (IOException e) {
      // The socket's file is left behind: the next start removes it.
    }
    return finished;
  }

  /**
   * Waits for all calls, and a moment for clients to leave. One that doesn't say that it has heard
   * of the end would hold it up for longer, with nothing in work.
   */
  private boolean awaitCalls(long end) throws InterruptedException {
    long idleSince = 0;
    boolean idle = false;
    for (Server server : servers) {
      while (!server.awaitTermination(AWAIT_MILLIS, TimeUnit.MILLISECONDS)) {
        long now = System.nanoTime();
        boolean wasIdle = idle;
        idle = guard.openCalls() == 0;
        if (idle && !wasIdle) {
          idleSince = now;
        }
        if (now - end >= 0 || (idle && now - idleSince >= LEAVE_NANOS)) {
          return idle;
        }
      }
    }
    return true;
  }
}
