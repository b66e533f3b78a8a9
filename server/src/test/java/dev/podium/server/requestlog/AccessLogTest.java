package dev.podium.server.requestlog;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.server.log.JsonFormatter;
import io.grpc.Status;
import io.opentelemetry.api.trace.SpanContext;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;

/** The access log's lines: what they say, and what becomes of too many. */
class AccessLogTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  private final AtomicLong clock = new AtomicLong();
  private final List<LogRecord> lines = new CopyOnWriteArrayList<>();

  private AccessLog log(int maxFailures, int maxQueue, boolean quote, Consumer<LogRecord> out) {
    return new AccessLog(
        new AccessLogOptions(true, 1, Duration.ofMillis(10), maxFailures, maxQueue, quote),
        clock::get,
        () -> 0.5,
        out);
  }

  private JsonNode only() throws Exception {
    assertThat(lines).hasSize(1);
    return new ObjectMapper().readTree(new JsonFormatter().format(lines.get(0)));
  }

  @Test
  void aLineSaysWhatTheRequestWasAndWhereItsTimeWent() throws Exception {
    AccessLog log = log(1, 10, false, lines::add);
    CallWatch call = Calls.call(Calls.from("01"));
    log.record(call, Calls.scored(0), call.parent());
    log.close(LONG);
    JsonNode line = only();
    ((ObjectNode) line).remove("time");
    assertThat(line.toString())
        .isEqualTo(
            "{\"level\":\"INFO\",\"logger\":\"podium.access\",\"message\":\"request\","
                + "\"kept\":\"sampled\",\"method\":\"podium.ranking.v1.RankingService/Rank\","
                + "\"status\":\"OK\",\"model\":\"din\",\"version\":3,\"rows\":500,\"peer\":\"\","
                + "\"request_id\":\"r-1\",\"total_us\":1000,\"queue_us\":100,\"assemble_us\":200,"
                + "\"infer_us\":600,\"encode_us\":100,\"tiles\":2,\"form\":\"whole\","
                + "\"deadline_left_us\":4000,\"trace_id\":\""
                + Calls.TRACE
                + "\"}");
  }

  @Test
  void refusalsOfWrongRequestsAreQuotedOnlyWhenAsked() throws Exception {
    RequestEnd wrong = Calls.failed(Status.Code.INVALID_ARGUMENT, "feature 'age': 43");
    for (boolean quote : new boolean[] {false, true}) {
      lines.clear();
      AccessLog log = log(1, 10, quote, lines::add);
      log.record(Calls.call(Calls.headers()), wrong, SpanContext.getInvalid());
      log.close(LONG);
      JsonNode line = only();
      assertThat(line.path("status").asText()).isEqualTo("INVALID_ARGUMENT");
      assertThat(line.has("problem")).isEqualTo(quote);
      assertThat(line.has("trace_id")).isFalse();
      assertThat(line.has("deadline_left_us")).isFalse();
      assertThat(line.has("queue_us")).isFalse();
    }
  }

  @Test
  void otherFailuresSayWhyAtBoundedLength() throws Exception {
    AccessLog log = log(1, 10, false, lines::add);
    log.record(
        Calls.call(Calls.headers()),
        Calls.failed(Status.Code.INTERNAL, "x".repeat(100_000)),
        SpanContext.getInvalid());
    log.close(LONG);
    assertThat(only().path("problem").asText()).startsWith("xxx").hasSize(257);
  }

  @Test
  void failuresAreBoundedEachSecondOthersAreNot() {
    AccessLog log = log(3, 1_000, false, lines::add);
    CallWatch call = Calls.call(Calls.headers());
    RequestEnd failure = Calls.failed(Status.Code.UNAVAILABLE, "draining");
    for (int second = 0; second < 2; second++) {
      clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
      for (int i = 0; i < 10; i++) {
        log.record(call, failure, SpanContext.getInvalid());
        log.record(call, Calls.scored(0), SpanContext.getInvalid());
      }
    }
    log.close(LONG);
    assertThat(log.counts()).isEqualTo(new AccessLog.Counts(26, 0, 14));
    assertThat(lines).hasSize(26);
  }

  @Test
  void whoAsksNeverWaitsForTheWriterAndLostLinesAreCounted() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch disk = new CountDownLatch(1);
    AccessLog log =
        log(
            1,
            4,
            false,
            line -> {
              writing.countDown();
              awaitOrInterrupt(disk);
              lines.add(line);
            });
    CallWatch call = Calls.call(Calls.headers());
    log.record(call, Calls.scored(0), SpanContext.getInvalid());
    assertThat(writing.await(30, TimeUnit.SECONDS)).isTrue();
    for (int i = 0; i < 10; i++) {
      log.record(call, Calls.scored(0), SpanContext.getInvalid());
    }
    assertThat(log.counts().dropped()).isEqualTo(6);
    disk.countDown();
    log.close(LONG);
    assertThat(log.counts()).isEqualTo(new AccessLog.Counts(5, 6, 0));
  }

  @Test
  void closingGivesUpWhenItsTimeIsOver() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    AccessLog log =
        log(
            1,
            4,
            false,
            line -> {
              writing.countDown();
              awaitOrInterrupt(new CountDownLatch(1));
            });
    CallWatch call = Calls.call(Calls.headers());
    for (int i = 0; i < 3; i++) {
      log.record(call, Calls.scored(0), SpanContext.getInvalid());
    }
    assertThat(writing.await(30, TimeUnit.SECONDS)).isTrue();
    log.close(Duration.ofMillis(1));
    assertThat(log.counts().dropped()).isEqualTo(2);
  }

  /** Ends when interrupted, as a write does. */
  private static void awaitOrInterrupt(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
