package dev.podium.server.transport;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * An HTTP/1.1 port for a few pages that are only read. No client can hold it up: one thread serves
 * all connections and waits for none, a connection has a bounded time for each step, and where
 * there are too many, the one that has been silent longest makes room. Pages that take time are
 * made on a thread of their own, one after the other.
 */
public final class HttpPort implements AutoCloseable {
  private static final int WAITING_PAGES = 16;
  private static final int HEAD_BYTES = 8 << 10;

  private final MultiThreadIoEventLoopGroup loop =
      new MultiThreadIoEventLoopGroup(
          1, new DefaultThreadFactory("podium-admin", true), NioIoHandler.newFactory());
  private final ExecutorService slow =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(WAITING_PAGES),
          new DefaultThreadFactory("podium-admin-pages", true));
  private final Limits limits;
  private final Channel listening;

  /** Connections that wait for a request, longest first. Only on the loop's thread. */
  private final Set<HttpConnection> silent = new LinkedHashSet<>();

  private int open;

  /**
   * What clients may take.
   *
   * @param connections at once, at least 1
   * @param step how long a request may take to arrive, and an answer to be taken
   */
  public record Limits(int connections, Duration step) {}

  /**
   * Pages by path.
   *
   * @param quick made at once, on the thread that serves all connections
   * @param slow made on a thread of their own
   */
  public record Pages(Map<String, HttpPage> quick, Map<String, HttpPage> slow) {}

  /**
   * Starts listening.
   *
   * @throws IOException if the address can't be bound
   */
  public HttpPort(InetSocketAddress address, Pages pages, Limits limits) throws IOException {
    this.limits = limits;
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_REUSEADDR, true)
            .handler(new AcceptErrors())
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            new HttpServerCodec(
                                new HttpDecoderConfig()
                                    .setMaxInitialLineLength(HEAD_BYTES)
                                    .setMaxHeaderSize(HEAD_BYTES)),
                            new HttpConnection(HttpPort.this, pages, slow));
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (!bound.isSuccess()) {
      close(null);
      throw new IOException(bound.cause().getMessage(), bound.cause());
    }
    listening = bound.channel();
  }

  /** Where it listens. */
  public InetSocketAddress address() {
    return (InetSocketAddress) listening.localAddress();
  }

  long stepMillis() {
    return limits.step().toMillis();
  }

  /** Makes room for a connection; false if it must go. */
  boolean opened() {
    if (open == limits.connections()) {
      Iterator<HttpConnection> longest = silent.iterator();
      if (!longest.hasNext()) {
        return false;
      }
      HttpConnection leaving = longest.next();
      longest.remove();
      leaving.cut();
    }
    open++;
    return true;
  }

  void closed(HttpConnection connection) {
    open--;
    silent.remove(connection);
  }

  void silent(HttpConnection connection, boolean is) {
    if (is) {
      silent.add(connection);
    } else {
      silent.remove(connection);
    }
  }

  /** The port is free, and the threads are gone, when this returns; or after a moment's wait. */
  @Override
  public void close() {
    close(listening);
    // NIO lets go of a closed port's address when its loop looks again, or ends.
    loop.terminationFuture().awaitUninterruptibly(2, TimeUnit.SECONDS);
  }

  private void close(Channel channel) {
    if (channel != null) {
      channel.close().awaitUninterruptibly();
    }
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    slow.shutdownNow();
  }
}
