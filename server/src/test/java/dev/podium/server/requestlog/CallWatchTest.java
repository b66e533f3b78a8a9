package dev.podium.server.requestlog;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.MethodDescriptor;
import io.grpc.ServerStreamTracer;
import io.grpc.ServerStreamTracer.ServerCallInfo;
import io.grpc.Status;
import io.opentelemetry.api.trace.SpanContext;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which calls are told of although they never brought a request, and what watching none costs. */
class CallWatchTest {
  private final List<LogRecord> lines = new CopyOnWriteArrayList<>();
  private final AccessLog log =
      new AccessLog(
          new AccessLogOptions(true, 1, Duration.ofSeconds(1), 100, 100, false),
          () -> 0,
          () -> 0.5,
          lines::add);
  private final RequestLog requestLog = new RequestLog(Set.of(Calls.METHOD), null, log, () -> 0);

  @ParameterizedTest
  @CsvSource({
    // kind, requests begun, status of the call, lines of the call's own
    "UNARY, 0, OK, 0",
    "UNARY, 0, UNAUTHENTICATED, 1",
    "UNARY, 0, RESOURCE_EXHAUSTED, 1",
    "UNARY, 0, CANCELLED, 1",
    "UNARY, 1, OK, 0",
    "UNARY, 1, NOT_FOUND, 0",
    "UNARY, 1, CANCELLED, 0",
    "BIDI_STREAMING, 0, OK, 0",
    "BIDI_STREAMING, 0, UNAUTHENTICATED, 1",
    "BIDI_STREAMING, 2, OK, 0",
    "BIDI_STREAMING, 2, CANCELLED, 0",
    "BIDI_STREAMING, 2, RESOURCE_EXHAUSTED, 1",
  })
  void aCallIsToldOfWhereNoRequestSaysIt(
      MethodDescriptor.MethodType kind, int requests, Status.Code status, int expected) {
    ServerStreamTracer tracer = requestLog.newServerStreamTracer(Calls.METHOD, Calls.headers());
    tracer.serverCallStarted(new Started(kind));
    for (int i = 0; i < requests; i++) {
      ((CallWatch) tracer).begin(0, Long.MAX_VALUE);
    }
    tracer.streamClosed(status.toStatus());
    log.close(Duration.ofSeconds(30));
    assertThat(lines).hasSize(expected);
  }

  @Test
  void otherMethodsAreNotWatched() {
    ServerStreamTracer one = requestLog.newServerStreamTracer("grpc.health.v1.Health/Check", null);
    ServerStreamTracer two = requestLog.newServerStreamTracer("no/such", null);
    assertThat(one).isSameAs(two);
    one.streamClosed(Status.UNIMPLEMENTED);
    log.close(Duration.ofSeconds(30));
    assertThat(lines).isEmpty();
  }

  @Test
  void watchingNobodyAllocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    int found = 0;
    long best = Long.MAX_VALUE;
    for (int round = 0; round < 20; round++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 10_000; i++) {
        if (CallWatch.current() != null) {
          found++;
        }
      }
      best = Math.min(best, threads.getThreadAllocatedBytes(thread) - before);
    }
    assertThat(found).isZero();
    // What the reading of the counter itself takes, if anything.
    assertThat(best).isLessThan(1_000);
  }

  @Test
  void theCallIsInItsContext() throws Exception {
    CallWatch watch = (CallWatch) requestLog.newServerStreamTracer(Calls.METHOD, Calls.from("01"));
    assertThat(CallWatch.current()).isNull();
    CallWatch seen = watch.filterContext(Context.ROOT).call(CallWatch::current);
    assertThat(seen).isSameAs(watch);
    assertThat(watch.parent())
        .extracting(SpanContext::getTraceId, SpanContext::isSampled)
        .containsExactly(Calls.TRACE, true);
  }

  /** What gRPC tells a tracer of its call. */
  private static final class Started extends ServerCallInfo<byte[], byte[]> {
    private final MethodDescriptor.MethodType kind;

    Started(MethodDescriptor.MethodType kind) {
      this.kind = kind;
    }

    @Override
    public MethodDescriptor<byte[], byte[]> getMethodDescriptor() {
      return MethodDescriptor.<byte[], byte[]>newBuilder()
          .setType(kind)
          .setFullMethodName(Calls.METHOD)
          .setRequestMarshaller(new Nothing())
          .setResponseMarshaller(new Nothing())
          .build();
    }

    @Override
    public Attributes getAttributes() {
      return Attributes.EMPTY;
    }

    @Override
    public String getAuthority() {
      return "localhost";
    }
  }

  private static final class Nothing implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      throw new UnsupportedOperationException("nothing is sent here");
    }

    @Override
    public byte[] parse(InputStream stream) {
      throw new UnsupportedOperationException("nothing is sent here");
    }
  }
}
