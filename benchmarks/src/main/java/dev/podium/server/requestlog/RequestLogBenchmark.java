package dev.podium.server.requestlog;

import dev.podium.server.requestlog.RequestEnd.Stages;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import io.opentelemetry.sdk.trace.SpanProcessor;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What one request pays for traces and the access log, from its call's headers to its end: nothing
 * where both are off; the decision where it isn't kept; five spans where it is.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RequestLogBenchmark {
  private static final String METHOD = "podium.ranking.v1.RankingService/Rank";

  private RequestLog unkept;
  private RequestLog traced;
  private Metadata headers;

  /** Makes request logs, and a caller's headers without a trace. */
  @Setup
  public void make() {
    AccessLog log =
        new AccessLog(
            new AccessLogOptions(true, 0, Duration.ofSeconds(1), 1, 1, false),
            System::nanoTime,
            () -> 0.5);
    unkept = new RequestLog(Set.of(METHOD), traces(0), log, System::nanoTime);
    traced = new RequestLog(Set.of(METHOD), traces(1), null, System::nanoTime);
    headers = new Metadata();
  }

  /** Spans are made and given away. */
  private static Traces traces(double ratio) {
    return new Traces(
        SpanProcessor.composite(),
        new SpanMeters(),
        ratio,
        Map.of(),
        System::nanoTime,
        () -> System.currentTimeMillis() * 1_000_000,
        () -> {});
  }

  /** A server with neither: what {@code rpc} asks, and then leaves be. */
  @Benchmark
  public RequestWatch off() {
    CallWatch call = CallWatch.current();
    return call == null ? null : call.begin(1, 2);
  }

  /** Both on, and this request in neither. */
  @Benchmark
  public ServerStreamTracer unkept() {
    return request(unkept);
  }

  /** A span for the request and for each stage. */
  @Benchmark
  public ServerStreamTracer traced() {
    return request(traced);
  }

  private ServerStreamTracer request(RequestLog requestLog) {
    CallWatch call = (CallWatch) requestLog.newServerStreamTracer(METHOD, headers);
    long now = requestLog.now();
    call.begin(now, Long.MAX_VALUE)
        .ended(
            "",
            "din",
            1,
            500,
            Status.Code.OK,
            null,
            now + 1_000,
            new Stages(0, 0, 1, now + 900, 1, "split"));
    call.streamClosed(Status.OK);
    return call;
  }
}
