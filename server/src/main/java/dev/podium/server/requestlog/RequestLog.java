package dev.podium.server.requestlog;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.opentelemetry.api.trace.SpanContext;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.time.Duration;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Tells traces and the access log how requests ended. A server with neither has no request log, and
 * then no call is watched. Thread-safe.
 */
public final class RequestLog extends ServerStreamTracer.Factory implements AutoCloseable {
  /** For the other methods; remembers nothing. */
  private static final ServerStreamTracer UNWATCHED = new ServerStreamTracer() {};

  private final Set<String> methods;
  private final Traces traces;
  private final AccessLog accessLog;
  private final LongSupplier clock;

  /**
   * @param methods full names of those that bring requests
   * @param traces null for none
   * @param accessLog null for none
   * @param clock nanoseconds, the scheduler's
   */
  public RequestLog(Set<String> methods, Traces traces, AccessLog accessLog, LongSupplier clock) {
    this.methods = Set.copyOf(methods);
    this.traces = traces;
    this.accessLog = accessLog;
    this.clock = clock;
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
    return methods.contains(method)
        ? new CallWatch(this, method, headers, clock.getAsLong())
        : UNWATCHED;
  }

  long now() {
    return clock.getAsLong();
  }

  void ended(CallWatch call, RequestEnd end) {
    SpanContext span = traces == null ? call.parent() : traces.record(call, end);
    if (accessLog != null) {
      accessLog.record(call, end, span);
    }
  }

  /** What {@code /metrics} shows of it, beside what it shows anyway. */
  public MultiCollector metersBeside(MultiCollector others) {
    return new RequestLogCollector(others, traces, accessLog);
  }

  /** Sends and writes what is left, for at most the given time; what isn't gone then is lost. */
  public void close(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    if (accessLog != null) {
      accessLog.close(limit);
    }
    if (traces != null) {
      traces.close(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
  }

  @Override
  public void close() {
    close(Duration.ZERO);
  }
}
