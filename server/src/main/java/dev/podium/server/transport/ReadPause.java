package dev.podium.server.transport;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;

/**
 * Reads nothing from a connection whose client takes nothing: statuses, resets and answers to pings
 * are not bound by HTTP/2's flow control, so each further call would add to what waits to be sent.
 * Stands first in the pipeline of a connection.
 */
final class ReadPause extends ChannelDuplexHandler {
  private static final long MOST_UNSENT_BYTES = 1 << 20;

  private boolean paused;

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (!paused && context.channel().bytesBeforeWritable() > MOST_UNSENT_BYTES) {
      paused = true;
      context.channel().config().setAutoRead(false);
    }
    context.fireChannelReadComplete();
  }

  /** The HTTP/2 codec asks for more whenever reading isn't automatic. */
  @Override
  public void read(ChannelHandlerContext context) {
    if (!paused) {
      context.read();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    if (paused && context.channel().isWritable()) {
      paused = false;
      context.channel().config().setAutoRead(true);
    }
    context.fireChannelWritabilityChanged();
  }
}
