package dev.podium.server.requestlog;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.MeterProvider;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;
import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporterBuilder;
import io.opentelemetry.sdk.common.InternalTelemetryVersion;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanLimits;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Writes a span for each request that is sampled, and one for each of its stages. They are made
 * when the request has ended, with the times that were measured anyway: nothing of a trace is held
 * while it runs, and one that isn't sampled costs the decision alone. Thread-safe.
 */
public final class Traces {
  private static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("rpc.system");
  private static final AttributeKey<String> SERVICE = AttributeKey.stringKey("rpc.service");
  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("rpc.method");
  private static final AttributeKey<Long> CODE = AttributeKey.longKey("rpc.grpc.status_code");
  private static final AttributeKey<String> PEER = AttributeKey.stringKey("network.peer.address");
  private static final AttributeKey<Long> PORT = AttributeKey.longKey("network.peer.port");
  private static final AttributeKey<String> REQUEST = AttributeKey.stringKey("podium.request_id");
  private static final AttributeKey<String> MODEL = AttributeKey.stringKey("podium.model");
  private static final AttributeKey<Long> VERSION = AttributeKey.longKey("podium.version");
  private static final AttributeKey<Long> ROWS = AttributeKey.longKey("podium.rows");
  private static final AttributeKey<Long> TILES = AttributeKey.longKey("podium.tiles");
  private static final AttributeKey<String> FORM = AttributeKey.stringKey("podium.form");
  private static final AttributeKey<Long> INFER = AttributeKey.longKey("podium.infer_us");

  /** Callers' texts are cut here. */
  private static final int LONGEST_VALUE = 256;

  /** The server's own failures, as OpenTelemetry's conventions for gRPC servers list them. */
  private static final Set<Status.Code> ERRORS =
      Set.of(
          Status.Code.UNKNOWN,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.UNIMPLEMENTED,
          Status.Code.INTERNAL,
          Status.Code.UNAVAILABLE,
          Status.Code.DATA_LOSS);

  /** What OTLP calls retryable: a collector that restarts costs no spans, within the timeout. */
  private static final Map<String, ?> RETRIES =
      Map.of(
          "methodConfig",
          List.of(
              Map.of(
                  "name",
                  List.of(Map.of()),
                  "retryPolicy",
                  Map.of(
                      "maxAttempts",
                      5.0,
                      "initialBackoff",
                      "1s",
                      "maxBackoff",
                      "5s",
                      "backoffMultiplier",
                      1.5,
                      "retryableStatusCodes",
                      List.of(
                          "CANCELLED",
                          "DEADLINE_EXCEEDED",
                          "RESOURCE_EXHAUSTED",
                          "ABORTED",
                          "OUT_OF_RANGE",
                          "UNAVAILABLE",
                          "DATA_LOSS")))));

  private static final Duration BATCH = Duration.ofSeconds(1);

  private final SdkTracerProvider provider;
  private final Tracer tracer;
  private final SpanMeters meters;
  private final LongSupplier clock;
  private final LongSupplier epochNanos;
  private final Runnable closed;

  /**
   * @param closed runs when all is sent, or given up
   */
  Traces(
      SpanProcessor processor,
      SpanMeters meters,
      double sampleRatio,
      Map<String, String> resource,
      LongSupplier clock,
      LongSupplier epochNanos,
      Runnable closed) {
    AttributesBuilder described = Attributes.builder();
    resource.forEach(described::put);
    this.provider =
        SdkTracerProvider.builder()
            .setResource(Resource.getDefault().merge(Resource.create(described.build())))
            .setSampler(Sampler.parentBased(Sampler.traceIdRatioBased(sampleRatio)))
            .setSpanLimits(SpanLimits.builder().setMaxAttributeValueLength(LONGEST_VALUE).build())
            .addSpanProcessor(processor)
            .build();
    this.tracer = provider.get("dev.podium.server");
    this.meters = meters;
    this.clock = clock;
    this.epochNanos = epochNanos;
    this.closed = closed;
  }

  /**
   * Sends spans over OTLP in batches, each second or when many wait. A collector that can't be
   * reached costs spans, which are counted, and nothing else.
   *
   * @param version the server's
   * @param clock nanoseconds, the scheduler's
   * @param epochNanos nanoseconds since 1970
   * @throws IOException if the file of certificates can't be used, naming it
   */
  public static Traces over(
      TraceOptions options, String version, LongSupplier clock, LongSupplier epochNanos)
      throws IOException {
    SpanMeters meters = new SpanMeters();
    MeterProvider counted = SdkMeterProvider.builder().registerMetricReader(meters).build();
    ManagedChannel channel = channel(options);
    // Deprecated, and yet the only way to say which certificates this sender trusts.
    @SuppressWarnings("deprecation")
    OtlpGrpcSpanExporterBuilder builder = OtlpGrpcSpanExporter.builder().setChannel(channel);
    OtlpGrpcSpanExporter exporter =
        builder
            .setTimeout(options.timeout())
            .setMeterProvider(counted)
            .setInternalTelemetryVersion(InternalTelemetryVersion.LATEST)
            .build();
    BatchSpanProcessor processor =
        BatchSpanProcessor.builder(exporter)
            .setMaxQueueSize(options.maxQueue())
            .setMaxExportBatchSize(Math.min(512, options.maxQueue()))
            .setScheduleDelay(BATCH)
            .setExporterTimeout(options.timeout())
            .setMeterProvider(counted)
            .setInternalTelemetryVersion(InternalTelemetryVersion.LATEST)
            .build();
    Map<String, String> resource = new HashMap<>();
    resource.put("service.version", version);
    resource.putAll(options.attributes());
    return new Traces(
        processor,
        meters,
        options.sampleRatio(),
        resource,
        clock,
        epochNanos,
        channel::shutdownNow);
  }

  /** Connects when there is something to send, and again when the connection breaks. */
  private static ManagedChannel channel(TraceOptions options) throws IOException {
    URI endpoint = options.collector();
    ChannelCredentials credentials = InsecureChannelCredentials.create();
    if (endpoint.getScheme().equals("https")) {
      TlsChannelCredentials.Builder tls = TlsChannelCredentials.newBuilder();
      if (options.ca() != null) {
        checkCertificates(options.ca());
        tls.trustManager(options.ca().toFile());
      }
      credentials = tls.build();
    }
    return Grpc.newChannelBuilderForAddress(endpoint.getHost(), endpoint.getPort(), credentials)
        .defaultServiceConfig(RETRIES)
        .enableRetry()
        .build();
  }

  /** gRPC would say it only when it connects. */
  private static void checkCertificates(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      if (CertificateFactory.getInstance("X.509").generateCertificates(in).isEmpty()) {
        throw new IOException("no certificate in it");
      }
    } catch (IOException | CertificateException e) {
      throw new IOException("traces.ca " + file + ": can't be used: " + e.getMessage(), e);
    }
  }

  /**
   * Writes the spans of one request, if it is sampled.
   *
   * @return the request's span; the caller's, or an invalid one, if it isn't sampled
   */
  SpanContext record(CallWatch call, RequestEnd end) {
    // From the server's clock to the calendar's.
    long offset = epochNanos.getAsLong() - clock.getAsLong();
    Context parent =
        call.parent().isValid() ? Context.root().with(Span.wrap(call.parent())) : Context.root();
    Span span =
        tracer
            .spanBuilder(call.method())
            .setParent(parent)
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(end.arrival() + offset, TimeUnit.NANOSECONDS)
            .startSpan();
    if (!span.getSpanContext().isSampled()) {
      return call.parent();
    }
    describe(span, call, end);
    if (end.stages() != null) {
      stages(Context.root().with(span), end, end.stages(), offset);
    }
    span.end(end.end() + offset, TimeUnit.NANOSECONDS);
    return span.getSpanContext();
  }

  private static void describe(Span span, CallWatch call, RequestEnd end) {
    int slash = call.method().lastIndexOf('/');
    span.setAttribute(SYSTEM, "grpc");
    span.setAttribute(SERVICE, call.method().substring(0, slash));
    span.setAttribute(METHOD, call.method().substring(slash + 1));
    span.setAttribute(CODE, (long) end.code().value());
    InetSocketAddress peer = call.address();
    if (peer != null) {
      span.setAttribute(PEER, peer.getAddress().getHostAddress());
      span.setAttribute(PORT, (long) peer.getPort());
    }
    if (!end.requestId().isEmpty()) {
      span.setAttribute(REQUEST, end.requestId());
    }
    if (!end.model().isEmpty()) {
      span.setAttribute(MODEL, end.model());
      span.setAttribute(ROWS, (long) end.rows());
    }
    if (end.version() != 0) {
      span.setAttribute(VERSION, end.version());
    }
    if (end.stages() != null) {
      span.setAttribute(TILES, (long) end.stages().tiles());
      span.setAttribute(FORM, end.stages().form());
    }
    if (ERRORS.contains(end.code())) {
      String why = end.problem() == null ? "" : end.problem();
      span.setStatus(StatusCode.ERROR, why.substring(0, Math.min(why.length(), LONGEST_VALUE)));
    }
  }

  /**
   * One after the other, as they ran. The tiles of a large request run side by side and between
   * others', so {@code infer} reaches to the last one's scores, and an attribute has the time in
   * the runtime.
   */
  private void stages(Context parent, RequestEnd end, RequestEnd.Stages stages, long offset) {
    long taken = earlier(end.arrival() + stages.queueMicros() * 1_000L, stages.scored());
    long assembled = earlier(taken + stages.assembleMicros() * 1_000L, stages.scored());
    stage(parent, "queue", end.arrival() + offset, taken + offset, null);
    stage(parent, "assemble", taken + offset, assembled + offset, null);
    stage(
        parent, "infer", assembled + offset, stages.scored() + offset, (long) stages.inferMicros());
    stage(parent, "encode", stages.scored() + offset, end.end() + offset, null);
  }

  private void stage(Context parent, String name, long from, long to, Long inferMicros) {
    Span span =
        tracer
            .spanBuilder(name)
            .setParent(parent)
            .setStartTimestamp(from, TimeUnit.NANOSECONDS)
            .startSpan();
    if (inferMicros != null) {
      span.setAttribute(INFER, inferMicros);
    }
    span.end(to, TimeUnit.NANOSECONDS);
  }

  private static long earlier(long a, long b) {
    return a - b < 0 ? a : b;
  }

  SpanMeters meters() {
    return meters;
  }

  /** Sends what waits, for at most the given time. */
  void close(Duration limit) {
    provider.shutdown().join(limit.toNanos(), TimeUnit.NANOSECONDS);
    closed.run();
  }
}
