package dev.podium.server.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Closes connections beyond a number, or without memory for them, as soon as they are accepted,
 * before anything is read from them; the others get a {@link ReadPause}. Stands in the pipeline of
 * a listening channel. Thread-safe.
 */
@ChannelHandler.Sharable
final class ConnectionLimit extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = Logger.getLogger(ConnectionLimit.class.getName());

  private final int most;
  private final BooleanSupplier shortOfMemory;
  private final AtomicInteger open = new AtomicInteger();

  ConnectionLimit(int most, BooleanSupplier shortOfMemory) {
    this.most = most;
    this.shortOfMemory = shortOfMemory;
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    Channel connection = (Channel) message;
    int now = open.incrementAndGet();
    if (now > most || shortOfMemory.getAsBoolean()) {
      open.decrementAndGet();
      LOG.log(
          Level.FINE,
          "connection refused: {0} are open (expected: at most {1}, and memory for them)",
          new Object[] {Integer.toString(now - 1), Integer.toString(most)});
      connection.unsafe().closeForcibly();
      return;
    }
    connection.closeFuture().addListener(closed -> open.decrementAndGet());
    connection.pipeline().addLast(new ReadPause());
    context.fireChannelRead(message);
  }
}
