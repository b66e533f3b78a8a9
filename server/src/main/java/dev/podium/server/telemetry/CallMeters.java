package dev.podium.server.telemetry;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * gRPC calls by method and status, whatever answered them. Callers choose method names, so those
 * that the server doesn't have count as one. Thread-safe.
 */
public final class CallMeters extends ServerStreamTracer.Factory {
  private static final String OTHER = "other";

  private static final class Method {
    final LongAdder started = new LongAdder();
    final LongAdder[] ended = new LongAdder[Status.Code.values().length];

    Method() {
      for (int i = 0; i < ended.length; i++) {
        ended[i] = new LongAdder();
      }
    }
  }

  /**
   * Calls of one method.
   *
   * @param started since the start
   * @param ended likewise, by the status's number
   */
  public record Calls(long started, long[] ended) {}

  private final ConcurrentMap<String, Method> methods = new ConcurrentHashMap<>();

  public CallMeters() {
    methods.put(OTHER, new Method());
  }

  /** Counts a method by its own name. */
  public void known(String fullMethodName) {
    methods.putIfAbsent(fullMethodName, new Method());
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    Method known = methods.get(fullMethodName);
    Method method = known == null ? methods.get(OTHER) : known;
    method.started.increment();
    return new ServerStreamTracer() {
      @Override
      public void streamClosed(Status status) {
        method.ended[status.getCode().value()].increment();
      }
    };
  }

  /** The counts by method. */
  public Map<String, Calls> read() {
    Map<String, Calls> all = new TreeMap<>();
    methods.forEach(
        (name, method) -> {
          long[] ended = new long[method.ended.length];
          for (int i = 0; i < ended.length; i++) {
            ended[i] = method.ended[i].sum();
          }
          all.put(name, new Calls(method.started.sum(), ended));
        });
    return all;
  }
}
