package dev.podium.server.transport;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The threads that do network input and output, over epoll where the system has it. */
public final class EventLoops implements AutoCloseable {
  private final boolean epoll = Epoll.isAvailable();
  private final EventLoopGroup acceptor;
  private final EventLoopGroup loops;

  /**
   * @param count threads for connections, at least 1; one more accepts them
   */
  public EventLoops(int count) {
    IoHandlerFactory io = epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    acceptor =
        new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("podium-accept", true), io);
    loops = new MultiThreadIoEventLoopGroup(count, new DefaultThreadFactory("podium-io", true), io);
  }

  /**
   * Runs what it is given on the calling event loop once that has read what has arrived, so that
   * requests which arrived together are known together. On any other thread it runs it at once.
   */
  public Executor callerRuns() {
    return task -> {
      for (EventExecutor loop : loops) {
        if (loop.inEventLoop()) {
          loop.execute(task);
          return;
        }
      }
      task.run();
    };
  }

  /** Runs a short task again and again, beside what accepts connections. */
  void every(long nanos, Runnable task) {
    ScheduledFuture<?> unused =
        acceptor.scheduleWithFixedDelay(task, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  boolean isEpoll() {
    return epoll;
  }

  EventLoopGroup acceptor() {
    return acceptor;
  }

  EventLoopGroup loops() {
    return loops;
  }

  /** Ends the threads, and waits for that for a moment. */
  @Override
  public void close() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    acceptor.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    loops.terminationFuture().awaitUninterruptibly(2, TimeUnit.SECONDS);
    acceptor.terminationFuture().awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
