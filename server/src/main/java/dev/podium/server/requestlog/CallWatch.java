package dev.podium.server.requestlog;

import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.opentelemetry.api.trace.SpanContext;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One call whose requests stand in the request log. Thread-safe. A call that ends before it brought
 * a request, since its credentials or its message were refused, stands there itself.
 */
public final class CallWatch extends ServerStreamTracer {
  private static final Context.Key<CallWatch> KEY = Context.key("podium-call");

  private final RequestLog requestLog;
  private final String method;
  private final SpanContext parent;
  private final long start;
  private final AtomicLong begun = new AtomicLong();
  private volatile SocketAddress peer;
  private volatile boolean stream;

  CallWatch(RequestLog requestLog, String method, Metadata headers, long start) {
    this.requestLog = requestLog;
    this.method = method;
    this.parent = TraceHeaders.read(headers);
    this.start = start;
  }

  /** That of the current call; null if nobody wants to know. */
  public static CallWatch current() {
    return KEY.get();
  }

  /** The full name of the method. */
  String method() {
    return method;
  }

  /** What the caller said of its trace; invalid if it said nothing. */
  SpanContext parent() {
    return parent;
  }

  /** Where the call comes from; null for a client of a Unix domain socket. */
  InetSocketAddress address() {
    return peer instanceof InetSocketAddress tcp && tcp.getAddress() != null ? tcp : null;
  }

  /** The same as text; empty for a client of a Unix domain socket, which has no name. */
  String peer() {
    InetSocketAddress tcp = address();
    if (tcp != null) {
      return tcp.getAddress().getHostAddress() + ":" + tcp.getPort();
    }
    return peer == null ? "" : peer.toString();
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(KEY, this);
  }

  @Override
  public void serverCallStarted(ServerCallInfo<?, ?> call) {
    Attributes attributes = call.getAttributes();
    peer = attributes.get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    stream = !call.getMethodDescriptor().getType().clientSendsOneMessage();
  }

  /**
   * A request of the call has been read. Times are nanoseconds on the server's clock.
   *
   * @param arrival when it had arrived
   * @param deadline when nobody waits for it any more; {@link Long#MAX_VALUE} for never
   */
  public RequestWatch begin(long arrival, long deadline) {
    begun.incrementAndGet();
    return new RequestWatch(this, arrival, deadline);
  }

  void ended(RequestEnd end) {
    requestLog.ended(this, end);
  }

  @Override
  public void streamClosed(Status status) {
    boolean told = begun.get() > 0 && (!stream || status.getCode() == Status.Code.CANCELLED);
    if (status.isOk() || told) {
      return;
    }
    ended(
        new RequestEnd(
            "",
            "",
            0,
            0,
            status.getCode(),
            status.getDescription(),
            start,
            requestLog.now(),
            Long.MAX_VALUE,
            null));
  }
}
