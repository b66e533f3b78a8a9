package dev.podium.server.requestlog;

import io.grpc.Metadata;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;

/** W3C trace context in a call's headers: {@code traceparent} and {@code tracestate}. */
final class TraceHeaders {
  private static final Metadata.Key<String> PARENT = key("traceparent");
  private static final Metadata.Key<String> STATE = key("tracestate");

  private static final TextMapGetter<Metadata> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Metadata headers) {
          return headers.keys();
        }

        @Override
        public String get(Metadata headers, String name) {
          if (name.equals(PARENT.name())) {
            return headers.get(PARENT);
          }
          return name.equals(STATE.name()) ? state(headers) : null;
        }
      };

  private TraceHeaders() {}

  /** The caller's span; invalid if there is none, or the header isn't as W3C writes it. */
  static SpanContext read(Metadata headers) {
    if (!headers.containsKey(PARENT)) {
      return SpanContext.getInvalid();
    }
    Context read =
        W3CTraceContextPropagator.getInstance().extract(Context.root(), headers, HEADERS);
    return Span.fromContext(read).getSpanContext();
  }

  /** Several headers are one list. */
  private static String state(Metadata headers) {
    Iterable<String> all = headers.getAll(STATE);
    return all == null ? null : String.join(",", all);
  }

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }
}
