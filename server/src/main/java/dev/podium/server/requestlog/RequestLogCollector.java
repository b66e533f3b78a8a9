package dev.podium.server.requestlog;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;

/** What became of spans and lines, lost ones too, as Prometheus wants it. */
final class RequestLogCollector implements MultiCollector {
  private final MultiCollector others;
  private final Traces traces;
  private final AccessLog accessLog;

  RequestLogCollector(MultiCollector others, Traces traces, AccessLog accessLog) {
    this.others = others;
    this.traces = traces;
    this.accessLog = accessLog;
  }

  @Override
  public MetricSnapshots collect() {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    others.collect().forEach(all::metricSnapshot);
    if (traces != null) {
      SpanMeters.Counts spans = traces.meters().read();
      CounterSnapshot.Builder counter =
          CounterSnapshot.builder()
              .name("podium_spans")
              .help("Spans of sampled requests: exported, dropped as too many waited, failed.");
      count(counter, "exported", spans.exported());
      count(counter, "dropped", spans.dropped());
      count(counter, "failed", spans.failed());
      all.metricSnapshot(counter.build());
    }
    if (accessLog != null) {
      AccessLog.Counts lines = accessLog.counts();
      CounterSnapshot.Builder counter =
          CounterSnapshot.builder()
              .name("podium_access_log_lines")
              .help(
                  "Lines of the access log: written, dropped as too many waited, held_back as"
                      + " failures above their rate.");
      count(counter, "written", lines.written());
      count(counter, "dropped", lines.dropped());
      count(counter, "held_back", lines.heldBack());
      all.metricSnapshot(counter.build());
    }
    return all.build();
  }

  private static void count(CounterSnapshot.Builder counter, String outcome, long value) {
    counter.dataPoint(
        CounterDataPointSnapshot.builder()
            .labels(Labels.of("outcome", outcome))
            .value(value)
            .build());
  }
}
