package dev.podium.server.requestlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.grpc.Metadata;
import io.grpc.Status;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Spans of requests: whose they are, which are kept, and when their stages were. */
class TracesTest {
  private static final long NOW = 7_000_000;
  private static final long EPOCH = 1_700_000_000_000_000_000L;

  private final InMemorySpanExporter exported = InMemorySpanExporter.create();

  private Traces traces(double ratio) {
    return new Traces(
        SimpleSpanProcessor.create(exported),
        new SpanMeters(),
        ratio,
        Map.of("service.name", "podium", "k8s.pod.name", "p-0"),
        () -> NOW,
        () -> EPOCH,
        () -> {});
  }

  private SpanData server() {
    return exported.getFinishedSpanItems().stream()
        .filter(span -> span.getKind() == SpanKind.SERVER)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theRequestIsAChildOfTheCallersSpan() {
    CallWatch call =
        Calls.call(
            Calls.headers(
                "traceparent",
                "00-" + Calls.TRACE + "-" + Calls.PARENT + "-01",
                "tracestate",
                "a=1",
                "tracestate",
                "b=2"));
    SpanContext span = traces(0).record(call, Calls.scored(NOW - 1_000_000));
    SpanData server = server();
    assertThat(server.getName()).isEqualTo(Calls.METHOD);
    assertThat(server.getTraceId()).isEqualTo(Calls.TRACE).isEqualTo(span.getTraceId());
    assertThat(server.getParentSpanId()).isEqualTo(Calls.PARENT);
    assertThat(server.getSpanContext().getTraceState().asMap())
        .containsExactlyInAnyOrderEntriesOf(Map.of("a", "1", "b", "2"));
    assertThat(server.getResource().getAttributes().asMap())
        .containsEntry(AttributeKey.stringKey("service.name"), "podium")
        .containsEntry(AttributeKey.stringKey("k8s.pod.name"), "p-0");
    assertThat(server.getAttributes().asMap())
        .containsEntry(AttributeKey.stringKey("rpc.system"), "grpc")
        .containsEntry(AttributeKey.stringKey("rpc.service"), "podium.ranking.v1.RankingService")
        .containsEntry(AttributeKey.stringKey("rpc.method"), "Rank")
        .containsEntry(AttributeKey.longKey("rpc.grpc.status_code"), 0L)
        .containsEntry(AttributeKey.stringKey("podium.request_id"), "r-1")
        .containsEntry(AttributeKey.stringKey("podium.model"), "din")
        .containsEntry(AttributeKey.longKey("podium.version"), 3L)
        .containsEntry(AttributeKey.longKey("podium.rows"), 500L)
        .containsEntry(AttributeKey.longKey("podium.tiles"), 2L)
        .containsEntry(AttributeKey.stringKey("podium.form"), "whole");
    assertThat(server.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
  }

  @Test
  void stagesFollowEachOtherInsideTheRequestAsTheyWereMeasured() {
    long arrival = NOW - 3_000_000;
    traces(1).record(Calls.call(Calls.headers()), Calls.scored(arrival));
    SpanData server = server();
    long start = EPOCH - 3_000_000; // three milliseconds before now
    assertThat(server.getStartEpochNanos()).isEqualTo(start);
    assertThat(server.getEndEpochNanos()).isEqualTo(start + 1_000_000);
    List<SpanData> stages =
        exported.getFinishedSpanItems().stream().filter(span -> span != server).toList();
    assertThat(stages)
        .extracting(
            SpanData::getName,
            stage -> stage.getStartEpochNanos() - start,
            stage -> stage.getEndEpochNanos() - start)
        .containsExactly(
            tuple("queue", 0L, 100_000L),
            tuple("assemble", 100_000L, 300_000L),
            tuple("infer", 300_000L, 900_000L),
            tuple("encode", 900_000L, 1_000_000L));
    assertThat(stages)
        .allMatch(stage -> stage.getParentSpanId().equals(server.getSpanId()))
        .allMatch(stage -> stage.getTraceId().equals(server.getTraceId()));
    assertThat(stages.get(2).getAttributes().get(AttributeKey.longKey("podium.infer_us")))
        .isEqualTo(600);
  }

  @ParameterizedTest
  @CsvSource({
    // ratio, caller's flags, spans
    "1, none, 5",
    "0, none, 0",
    "1, 00, 0",
    "0, 01, 5",
    "0, 00, 0",
    "1, 01, 5",
  })
  void theCallerDecidesAndTheRatioWhereThereIsNone(double ratio, String flags, int spans) {
    Metadata headers = flags.equals("none") ? Calls.headers() : Calls.from(flags);
    SpanContext span = traces(ratio).record(Calls.call(headers), Calls.scored(0));
    assertThat(exported.getFinishedSpanItems()).hasSize(spans);
    assertThat(span.isValid()).isEqualTo(spans > 0 || !flags.equals("none"));
    if (!flags.equals("none")) {
      assertThat(span.getTraceId()).isEqualTo(Calls.TRACE);
    }
  }

  @Test
  void aRatioKeepsAboutItsShare() {
    Traces traces = traces(0.25);
    for (int i = 0; i < 2_000; i++) {
      traces.record(Calls.call(Calls.headers()), Calls.failed(Status.Code.NOT_FOUND, "no"));
    }
    // Binomial: 500 expected, standard deviation 19.
    assertThat(exported.getFinishedSpanItems().size()).isBetween(400, 600);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "00",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319z-b7ad6b7169203331-01",
      })
  void aHeaderThatIsNotAsW3cWritesItIsAsNone(String header) {
    CallWatch call = Calls.call(Calls.headers("traceparent", header));
    assertThat(call.parent().isValid()).isFalse();
    traces(1).record(call, Calls.scored(0));
    assertThat(server().getParentSpanContext().isValid()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(Status.Code.class)
  void theServersOwnFailuresAreErrors(Status.Code code) {
    traces(1).record(Calls.call(Calls.headers()), Calls.failed(code, "a sentence"));
    boolean error =
        switch (code) {
          case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS -> true;
          default -> false;
        };
    assertThat(exported.getFinishedSpanItems()).hasSize(1);
    assertThat(server().getStatus().getStatusCode())
        .isEqualTo(error ? StatusCode.ERROR : StatusCode.UNSET);
    assertThat(server().getStatus().getDescription()).isEqualTo(error ? "a sentence" : "");
    assertThat(server().getAttributes().get(AttributeKey.longKey("rpc.grpc.status_code")))
        .isEqualTo(code.value());
  }

  @Test
  void closingSendsWhatWaits() {
    List<SpanData> sent = new CopyOnWriteArrayList<>();
    SpanExporter collector =
        new SpanExporter() {
          @Override
          public CompletableResultCode export(Collection<SpanData> spans) {
            sent.addAll(spans);
            return CompletableResultCode.ofSuccess();
          }

          @Override
          public CompletableResultCode flush() {
            return CompletableResultCode.ofSuccess();
          }

          @Override
          public CompletableResultCode shutdown() {
            return CompletableResultCode.ofSuccess();
          }
        };
    Traces traces =
        new Traces(
            BatchSpanProcessor.builder(collector).setScheduleDelay(Duration.ofDays(1)).build(),
            new SpanMeters(),
            1,
            Map.of(),
            () -> NOW,
            () -> EPOCH,
            () -> {});
    traces.record(Calls.call(Calls.headers()), Calls.scored(0));
    traces.close(Duration.ofSeconds(30));
    assertThat(sent).hasSize(5);
  }
}
