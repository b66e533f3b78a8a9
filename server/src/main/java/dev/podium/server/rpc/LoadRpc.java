package dev.podium.server.rpc;

import com.google.protobuf.Duration;
import dev.podium.orca.OpenRcaServiceGrpc;
import dev.podium.orca.OrcaLoadReport;
import dev.podium.orca.OrcaLoadReportRequest;
import dev.podium.server.telemetry.LoadMeter;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** Load reports as ORCA has them: in the trailers of every answer, and out of band. Thread-safe. */
public final class LoadRpc extends OpenRcaServiceGrpc.OpenRcaServiceImplBase {
  private static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of("endpoint-load-metrics-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final long LEAST_INTERVAL_MILLIS = 1_000;
  private static final long USUAL_INTERVAL_MILLIS = 30_000;

  private final LoadMeter meter;
  private final ScheduledExecutorService timer;

  /** Streams of reports, and what stops each. */
  private final Map<ServerCallStreamObserver<OrcaLoadReport>, Runnable> open =
      new ConcurrentHashMap<>();

  private volatile boolean closed;

  /**
   * @param timer sends the reports out of band; not closed here
   */
  public LoadRpc(LoadMeter meter, ScheduledExecutorService timer) {
    this.meter = meter;
    this.timer = timer;
  }

  @Override
  public void streamCoreMetrics(
      OrcaLoadReportRequest request, StreamObserver<OrcaLoadReport> answer) {
    if (closed) {
      answer.onError(
          Status.UNAVAILABLE.withDescription("the server is shutting down").asRuntimeException());
      return;
    }
    ServerCallStreamObserver<OrcaLoadReport> call =
        (ServerCallStreamObserver<OrcaLoadReport>) answer;
    Duration asked = request.getReportInterval();
    long millis = TimeUnit.SECONDS.toMillis(asked.getSeconds()) + asked.getNanos() / 1_000_000;
    long interval = millis <= 0 ? USUAL_INTERVAL_MILLIS : Math.max(LEAST_INTERVAL_MILLIS, millis);
    Future<?> reports =
        timer.scheduleAtFixedRate(
            () -> {
              if (call.isReady() && !call.isCancelled()) {
                call.onNext(report());
              }
            },
            0,
            interval,
            TimeUnit.MILLISECONDS);
    Runnable end = () -> reports.cancel(false);
    call.setOnCancelHandler(
        () -> {
          end.run();
          open.remove(call);
        });
    open.put(call, end);
  }

  /** Ends the streams of reports, which would go on for ever; for good. */
  public void close() {
    closed = true;
    open.forEach(
        (call, end) -> {
          end.run();
          timer.execute(call::onCompleted);
        });
    open.clear();
  }

  /** Puts a report into the trailers of every call. */
  public ServerInterceptor trailers() {
    return new ServerInterceptor() {
      @Override
      public <Q, A> ServerCall.Listener<Q> interceptCall(
          ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
        return next.startCall(
            new SimpleForwardingServerCall<>(call) {
              @Override
              public void close(Status status, Metadata trailers) {
                trailers.put(TRAILER, report().toByteArray());
                super.close(status, trailers);
              }
            },
            headers);
      }
    };
  }

  private OrcaLoadReport report() {
    LoadMeter.Load load = meter.read();
    return OrcaLoadReport.newBuilder()
        .setCpuUtilization(load.cpu())
        .setApplicationUtilization(load.utilization())
        .setRpsFractional(load.requestsPerSecond())
        .setEps(load.failuresPerSecond())
        .putNamedMetrics("podium.queue_seconds", load.queueSeconds())
        .putNamedMetrics("podium.waiting_rows", load.waitingRows())
        .build();
  }
}
