package dev.podium.stress;

import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.Transport;
import dev.podium.loadtest.protocol.Target;
import io.grpc.Status;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Unary calls with as little work for each as HTTP/2 allows: what is sent together goes out in one
 * write, nothing is parsed but what says how a call ended, and one thread does it all. For load
 * that shares its cores with the server, where every cycle of the caller is one less for it. {@link
 * Calls} are gRPC's own and can do more. Plain text, without authentication, and answers are not
 * kept. {@link #send} and {@link #flush} are for one thread.
 */
final class WireCalls implements Offer.Sender, AutoCloseable {
  private static final int CONNECT_MILLIS = 10_000;
  private static final int WRITE_LIMIT_BYTES = 8 << 20;

  private final EventLoopGroup loop;
  private final EventLoop events;
  private final LongSupplier clock;
  private final List<WireConnection> connections = new ArrayList<>();
  private List<Call> batch = new ArrayList<>();

  // Used on the event loop only.
  private int next;

  /** One call. Everything but what it was made with belongs to the event loop. */
  static final class Call {
    final byte[] request;
    final long deadline;
    final Calls.Completion completion;
    int stream;
    boolean ended;

    Call(byte[] request, long deadline, Calls.Completion completion) {
      this.request = request;
      this.deadline = deadline;
      this.completion = completion;
    }

    void end(Status status, boolean fromServer) {
      if (!ended) {
        ended = true;
        completion.done(status, fromServer);
      }
    }
  }

  private WireCalls(EventLoopGroup loop, LongSupplier clock) {
    this.loop = loop;
    this.events = loop.next();
    this.clock = clock;
  }

  /**
   * Connects.
   *
   * @param path such as {@code /podium.ranking.v1.RankingService/Rank}
   * @param clock nanoseconds
   * @throws WorkFailedException if nobody listens there
   */
  static WireCalls connect(Target target, String path, int connections, LongSupplier clock) {
    WireCalls calls =
        new WireCalls(
            new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("stress-io", true), NioIoHandler.newFactory()),
            clock);
    for (int i = 0; i < connections; i++) {
      WireConnection connection = new WireConnection(target.authority(), path, clock);
      ChannelFuture connected =
          new Bootstrap()
              .group(calls.loop)
              .channel(target.channelType())
              .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_MILLIS)
              .option(
                  ChannelOption.WRITE_BUFFER_WATER_MARK,
                  new WriteBufferWaterMark(WRITE_LIMIT_BYTES / 2, WRITE_LIMIT_BYTES))
              .handler(
                  new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                      channel.pipeline().addLast(connection);
                    }
                  })
              .connect(target.address())
              .awaitUninterruptibly();
      if (!connected.isSuccess()) {
        calls.close();
        throw new WorkFailedException(target + ": " + connected.cause().getMessage());
      }
      calls.connections.add(connection);
    }
    return calls;
  }

  /**
   * Sends a request with the next {@link #flush}.
   *
   * @param deadlineNanos from now; calls are to be sent in the order of their deadlines
   */
  @Override
  public void send(byte[] request, long deadlineNanos, Calls.Completion completion) {
    batch.add(new Call(request, clock.getAsLong() + deadlineNanos, completion));
  }

  /**
   * Sends what there is, and ends the calls whose deadline has come: to be called now and then as
   * long as there are any. (A timer of the event loop's own would have it spin for parts of
   * milliseconds.)
   */
  @Override
  public void flush() {
    List<Call> calls = batch;
    if (!calls.isEmpty()) {
      batch = new ArrayList<>(calls.size() * 2);
    }
    events.execute(() -> write(calls));
  }

  /** Single calls, from any thread, that go out at once. */
  Transport transport() {
    return (request, timeoutNanos, completion) -> {
      Call call =
          new Call(
              request,
              clock.getAsLong() + timeoutNanos,
              (status, fromServer) -> completion.done(status, null));
      if (events.inEventLoop()) {
        write(List.of(call));
      } else {
        events.execute(() -> write(List.of(call)));
      }
    };
  }

  /** What is sent together goes over one connection: one write here, one read there. */
  private void write(List<Call> calls) {
    if (!calls.isEmpty()) {
      next = (next + 1) % connections.size();
      calls.forEach(connections.get(next)::send);
    }
    long now = clock.getAsLong();
    for (WireConnection connection : connections) {
      connection.expire(now);
      connection.flush();
    }
  }

  @Override
  public void close() {
    var unused = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    loop.terminationFuture().awaitUninterruptibly(5, TimeUnit.SECONDS);
  }
}
