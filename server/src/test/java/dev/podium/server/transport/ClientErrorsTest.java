package dev.podium.server.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.log.RateBound;
import io.grpc.Status;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.ssl.NotSslRecordException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.stream.Stream;
import javax.net.ssl.SSLHandshakeException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes one line without a stack trace, and what keeps it. */
class ClientErrorsTest {
  private static final String STREAM = "io.grpc.netty.NettyServerStream";

  private final AtomicLong clock = new AtomicLong();
  private final ClientErrors filter = new ClientErrors(new RateBound(2, clock::get));

  private static LogRecord event(String logger, Throwable thrown) {
    LogRecord event = new LogRecord(Level.WARNING, "Exception processing message");
    event.setLoggerName(logger);
    event.setThrown(thrown);
    return event;
  }

  private static Throwable tooLarge() {
    return Status.RESOURCE_EXHAUSTED.withDescription("exceeds 4: 5").asRuntimeException();
  }

  static Stream<Arguments> events() {
    return Stream.of(
        // logger, thrown, whether a client alone is to blame
        Arguments.of(STREAM, tooLarge(), true),
        Arguments.of(
            "io.grpc.netty.NettyServerHandler",
            Http2Exception.streamError(5, Http2Error.PROTOCOL_ERROR, "bad frame"),
            true),
        Arguments.of(
            "io.grpc.netty.NettyServerTransport",
            new DecoderException(new NotSslRecordException("not an SSL/TLS record")),
            true),
        Arguments.of(
            "io.netty.handler.ssl.SslHandler", new SSLHandshakeException("no cipher"), true),
        Arguments.of(
            "io.grpc.netty.NettyServerHandler",
            Http2Exception.connectionError(
                Http2Error.INTERNAL_ERROR, new NullPointerException(), "unexpected"),
            false),
        Arguments.of(STREAM, new NullPointerException("a bug"), false),
        Arguments.of(STREAM, new OutOfMemoryError("direct"), false),
        Arguments.of(STREAM, null, false),
        Arguments.of("dev.podium.server.telemetry.Telemetry", tooLarge(), false),
        Arguments.of(null, tooLarge(), false));
  }

  @ParameterizedTest
  @MethodSource("events")
  void onlyWhatClientsAreToBlameForLosesItsTrace(String logger, Throwable thrown, boolean blamed) {
    LogRecord event = event(logger, thrown);
    assertThat(filter.isLoggable(event)).isTrue();
    if (blamed) {
      assertThat(event.getThrown()).isNull();
      assertThat(event.getMessage()).startsWith("Exception processing message: ");
    } else {
      assertThat(event.getThrown()).isSameAs(thrown);
      assertThat(event.getMessage()).isEqualTo("Exception processing message");
    }
  }

  @Test
  void manyAreBoundedAndCounted() {
    for (int i = 0; i < 10; i++) {
      assertThat(filter.isLoggable(event(STREAM, tooLarge()))).isEqualTo(i < 2);
    }
    assertThat(filter.isLoggable(event(STREAM, new NullPointerException()))).isTrue();
    clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
    LogRecord next = event(STREAM, tooLarge());
    assertThat(filter.isLoggable(next)).isTrue();
    assertThat(next.getMessage())
        .isEqualTo(
            "Exception processing message: RESOURCE_EXHAUSTED: exceeds 4: 5"
                + " (and 8 such events that were not logged)");
  }

  @Test
  void whatGrpcSaysOfSingleConnectionsIsBoundedToo() {
    int passed = 0;
    for (int i = 0; i < 10; i++) {
      LogRecord event = new LogRecord(Level.WARNING, "Expected header TE: trailers");
      event.setLoggerName("io.grpc.netty.NettyServerHandler");
      passed += filter.isLoggable(event) ? 1 : 0;
    }
    assertThat(passed).isEqualTo(2);
    for (int i = 0; i < 10; i++) {
      LogRecord leak = new LogRecord(Level.SEVERE, "LEAK: release() was not called");
      leak.setLoggerName("io.grpc.netty.Something");
      assertThat(filter.isLoggable(leak)).isTrue();
    }
  }

  @Test
  void bytesThatAClientSentAreNotQuoted() {
    LogRecord event =
        event(
            "io.grpc.netty.NettyServerTransport.connections",
            Http2Exception.connectionError(
                Http2Error.PROTOCOL_ERROR,
                "preface string missing or corrupt. Hex dump for received bytes: %s",
                "746f6b656e"));
    assertThat(filter.isLoggable(event)).isTrue();
    assertThat(event.getMessage()).endsWith("missing or corrupt.").doesNotContain("746f");
  }
}
