package dev.podium.server.transport;

import dev.podium.server.log.RateBound;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Where connections can't be accepted, as when the process has no file descriptors left: waits a
 * moment before it tries again, and says so in a line. Stands in the pipeline of a listening
 * channel. Thread-safe.
 */
@ChannelHandler.Sharable
final class AcceptErrors extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = Logger.getLogger(AcceptErrors.class.getName());
  private static final long PAUSE_MILLIS = 200;

  private final RateBound lines = new RateBound(1, System::nanoTime);

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (context.channel().config().isAutoRead()) {
      context.channel().config().setAutoRead(false);
      Future<?> unused =
          context
              .channel()
              .eventLoop()
              .schedule(
                  () -> context.channel().config().setAutoRead(true),
                  PAUSE_MILLIS,
                  TimeUnit.MILLISECONDS);
    }
    long heldBack = lines.pass();
    if (heldBack >= 0) {
      LOG.log(
          Level.WARNING,
          "{0}: a connection can''t be accepted: {1}{2}",
          new Object[] {
            context.channel().localAddress(),
            cause.getMessage(),
            heldBack == 0 ? "" : " (and " + heldBack + " such errors that were not logged)"
          });
    }
  }
}
