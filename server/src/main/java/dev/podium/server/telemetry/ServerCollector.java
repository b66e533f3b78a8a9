package dev.podium.server.telemetry;

import dev.podium.server.admission.Admission;
import dev.podium.server.admission.AdmissionSnapshot;
import dev.podium.server.engine.ContextCacheStatus;
import dev.podium.server.engine.Form;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.Readiness;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionState;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import dev.podium.server.schedule.SchedulerListener.RefusalReason;
import dev.podium.server.schedule.SchedulerSnapshot;
import dev.podium.server.schedule.TileScheduler;
import dev.podium.server.telemetry.VersionMeters.FeatureHealth;
import io.grpc.Status;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.Unit;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Everything that Podium measures, as Prometheus wants it, put together when it is scraped. Labels
 * are models and versions that are loaded, their features and outputs, and fixed words: callers
 * can't add any.
 */
public final class ServerCollector implements MultiCollector {
  private static final double NANO = 1e-9;
  private static final double MICRO = 1e-6;

  private final Telemetry telemetry;
  private final CallMeters calls;
  private final TileScheduler scheduler;
  private final Admission admission;
  private final ModelRepository repository;
  private final Readiness readiness;
  private final LongSupplier networkBytes;
  private final LongSupplier droppedLogLines;
  private final ProcessMemory memory = new ProcessMemory(Path.of("/proc/self/status"));

  /**
   * @param networkBytes direct memory that the network library holds; below 0 if it doesn't say
   * @param droppedLogLines lines of the log that its reader was too slow for
   */
  public ServerCollector(
      Telemetry telemetry,
      CallMeters calls,
      TileScheduler scheduler,
      Admission admission,
      ModelRepository repository,
      Readiness readiness,
      LongSupplier networkBytes,
      LongSupplier droppedLogLines) {
    this.telemetry = telemetry;
    this.calls = calls;
    this.scheduler = scheduler;
    this.admission = admission;
    this.repository = repository;
    this.readiness = readiness;
    this.networkBytes = networkBytes;
    this.droppedLogLines = droppedLogLines;
  }

  @Override
  public MetricSnapshots collect() {
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    meetLoaded();
    List<VersionMeters> versions = telemetry.all();
    requests(versions, all);
    tiles(versions, all);
    health(versions, all);
    calls(all);
    scheduler(all);
    admission(all);
    models(all);
    memory(versions, all);
    reloads(all);
    return all.build();
  }

  private void reloads(MetricSnapshots.Builder all) {
    GaugeSnapshot.Builder reloads =
        GaugeSnapshot.builder()
            .name("podium_last_reload_successful")
            .help("Whether what files of keys said when last looked at is in force, by kind.");
    telemetry
        .reloads()
        .forEach(
            (files, inForce) -> gauge(reloads, Labels.of("files", word(files)), inForce ? 1 : 0));
    all.metricSnapshot(reloads.build());
    long expiry = telemetry.certificateExpiry();
    if (expiry > 0) {
      gauge(
          all,
          "podium_certificate_expiry_timestamp_seconds",
          "When the first of the certificates that the server shows expires, since the epoch.",
          expiry);
    }
    counter(
        all,
        "podium_log_dropped_lines",
        "Lines of the log that were dropped because its reader was too slow.",
        droppedLogLines.getAsLong());
  }

  /** A version's series begin at 0 when it is loaded: a rate misses what comes before the first. */
  private void meetLoaded() {
    for (ModelStatus model : repository.status()) {
      for (ModelStatus.Version version : model.versions()) {
        if (version.state() == VersionState.AVAILABLE) {
          try (Lease lease = repository.lease(model.name(), version.number())) {
            if (lease != null) {
              VersionMeters unused = telemetry.of(lease.version().scheduled());
            }
          }
        }
      }
    }
  }

  private static Labels labels(VersionMeters meters) {
    return Labels.of(
        "model", meters.version().model(), "version", Long.toString(meters.version().version()));
  }

  private static void requests(List<VersionMeters> versions, MetricSnapshots.Builder all) {
    HistogramSnapshot.Builder requests =
        HistogramSnapshot.builder()
            .name("podium_request_seconds")
            .unit(Unit.SECONDS)
            .help("Accepted requests from arrival to their end, by outcome.");
    HistogramSnapshot.Builder stages =
        HistogramSnapshot.builder()
            .name("podium_stage_seconds")
            .unit(Unit.SECONDS)
            .help("Where requests' time goes: queue, assemble, infer, encode.");
    CounterSnapshot.Builder refused =
        counter("podium_refused", "Requests that the scheduler refused, by reason.");
    CounterSnapshot.Builder rows = counter("podium_rows", "Rows of answered requests.");
    for (VersionMeters meters : versions) {
      Labels labels = labels(meters);
      for (Outcome outcome : Outcome.values()) {
        requests.dataPoint(meters.total(outcome).snapshot(labels.add("outcome", word(outcome))));
      }
      stages.dataPoint(meters.queue().snapshot(labels.add("stage", "queue")));
      stages.dataPoint(meters.assemble().snapshot(labels.add("stage", "assemble")));
      stages.dataPoint(meters.infer().snapshot(labels.add("stage", "infer")));
      stages.dataPoint(meters.encode().snapshot(labels.add("stage", "encode")));
      for (RefusalReason reason : RefusalReason.values()) {
        count(refused, labels.add("reason", word(reason)), meters.refused(reason));
      }
      count(rows, labels, meters.rows());
    }
    all.metricSnapshot(requests.build());
    all.metricSnapshot(stages.build());
    all.metricSnapshot(refused.build());
    all.metricSnapshot(rows.build());
  }

  static void tiles(List<VersionMeters> versions, MetricSnapshots.Builder all) {
    CounterSnapshot.Builder tiles =
        counter("podium_tiles", "Runs of the model, by form: exported, whole or split.");
    CounterSnapshot.Builder seconds =
        counter("podium_tile_seconds", "Time of those runs.").unit(Unit.SECONDS);
    CounterSnapshot.Builder rows = counter("podium_tile_rows", "Rows in those runs.");
    CounterSnapshot.Builder capacity =
        counter("podium_tile_capacity_rows", "Rows that those runs could have had.");
    CounterSnapshot.Builder requests =
        counter("podium_tile_requests", "Requests in those runs; one that took several, in each.");
    CounterSnapshot.Builder alone =
        counter("podium_rerun_alone", "Requests run again alone, as their shared tile failed.");
    CounterSnapshot.Builder abandoned =
        counter("podium_abandoned_rows", "Rows that ran although their request had ended.");
    for (VersionMeters meters : versions) {
      Labels labels = labels(meters);
      for (Form form : Form.values()) {
        Labels ofForm = labels.add("form", form.word());
        count(tiles, ofForm, meters.tiles(form));
        count(seconds, ofForm, meters.tileNanos(form) * NANO);
      }
      count(rows, labels, meters.tileRows());
      count(capacity, labels, meters.tileCapacity());
      count(requests, labels, meters.tileRequests());
      count(alone, labels, meters.rerunAlone());
      count(abandoned, labels, meters.abandonedRows());
    }
    for (CounterSnapshot.Builder snapshot :
        List.of(tiles, seconds, rows, capacity, requests, alone, abandoned)) {
      all.metricSnapshot(snapshot.build());
    }
  }

  private static void health(List<VersionMeters> versions, MetricSnapshots.Builder all) {
    CounterSnapshot.Builder defaulted =
        counter("podium_feature_defaulted", "Requests that didn't send the feature.");
    CounterSnapshot.Builder outOfVocabulary =
        counter("podium_feature_out_of_vocabulary", "Values of the feature out of vocabulary.");
    CounterSnapshot.Builder truncated =
        counter("podium_feature_truncated", "Rows of the feature cut to its length.");
    HistogramSnapshot.Builder scores =
        HistogramSnapshot.builder()
            .name("podium_score")
            .help("Scores, up to 16 of each request, by output.");
    for (VersionMeters meters : versions) {
      Labels labels = labels(meters);
      for (FeatureHealth feature : meters.features()) {
        Labels named = labels.add("feature", feature.name());
        count(defaulted, named, feature.defaulted());
        count(outOfVocabulary, named, feature.outOfVocabulary());
        count(truncated, named, feature.truncated());
      }
      for (int output = 0; output < meters.version().signature().outputs().size(); output++) {
        String name = meters.version().signature().outputs().get(output).name();
        scores.dataPoint(meters.scores(output).snapshot(labels.add("output", name)));
      }
    }
    all.metricSnapshot(defaulted.build());
    all.metricSnapshot(outOfVocabulary.build());
    all.metricSnapshot(truncated.build());
    all.metricSnapshot(scores.build());
  }

  private void calls(MetricSnapshots.Builder all) {
    CounterSnapshot.Builder ended =
        counter("podium_grpc_calls", "Calls that ended, by method and status.");
    GaugeSnapshot.Builder open =
        GaugeSnapshot.builder().name("podium_grpc_open_calls").help("Calls in work.");
    for (Map.Entry<String, CallMeters.Calls> entry : calls.read().entrySet()) {
      Labels method = Labels.of("method", entry.getKey());
      long total = 0;
      for (Status.Code code : Status.Code.values()) {
        long count = entry.getValue().ended()[code.value()];
        total += count;
        if (count > 0 || code == Status.Code.OK) {
          count(ended, method.add("code", code.name()), count);
        }
      }
      gauge(open, method, Math.max(0, entry.getValue().started() - total));
    }
    all.metricSnapshot(ended.build());
    all.metricSnapshot(open.build());
  }

  private void scheduler(MetricSnapshots.Builder all) {
    SchedulerSnapshot now = scheduler.snapshot();
    gauge(all, "podium_workers", "Workers.", now.workers());
    gauge(all, "podium_busy_workers", "Workers that have something to do.", now.busyWorkers());
    gauge(all, "podium_requests_in_work", "Requests accepted and not ended.", now.liveTasks());
    gauge(all, "podium_waiting_requests", "Requests with rows in the queue.", now.waitingTasks());
    gauge(all, "podium_waiting_rows", "Rows in the queue.", now.waitingRows());
    gauge(
        all,
        "podium_queue_seconds",
        "Expected time to work the queue off.",
        now.waitingMicros() * MICRO);
    gauge(
        all,
        "podium_assembled_bytes",
        "Direct memory for large requests' features, in use and kept.",
        now.assembledBytes());
    counter(
        all,
        "podium_workers_replaced",
        "Workers that died and were replaced.",
        now.workersReplaced());
  }

  private void admission(MetricSnapshots.Builder all) {
    AdmissionSnapshot now = admission.snapshot();
    gauge(all, "podium_admission_limit_rows", "The limit on rows in flight.", now.limitRows());
    gauge(all, "podium_admission_rows", "Rows in flight.", now.rows());
    gauge(all, "podium_admission_bytes", "Bytes of requests in flight.", now.bytes());
    CounterSnapshot.Builder refused =
        counter("podium_admission_refused", "Requests refused by admission, by what was full.");
    count(refused, Labels.of("reason", "rows"), now.refusedForRows());
    count(refused, Labels.of("reason", "bytes"), now.refusedForBytes());
    all.metricSnapshot(refused.build());
  }

  private void models(MetricSnapshots.Builder all) {
    gauge(
        all,
        "podium_ready",
        "1 while the server should be sent requests, as /readyz says.",
        readiness.isReady() ? 1 : 0);
    GaugeSnapshot.Builder states =
        GaugeSnapshot.builder()
            .name("podium_model_state")
            .help("1 for the state that a model version is in.");
    for (ModelStatus model : repository.status()) {
      for (ModelStatus.Version version : model.versions()) {
        for (VersionState state : VersionState.values()) {
          gauge(
              states,
              Labels.of(
                  "model", model.name(),
                  "version", Long.toString(version.number()),
                  "state", word(state)),
              version.state() == state ? 1 : 0);
        }
      }
    }
    all.metricSnapshot(states.build());
    GaugeSnapshot.Builder files =
        GaugeSnapshot.builder()
            .name("podium_model_file_bytes")
            .help("Size of a loaded version's graph and weight files.");
    for (ModelStatus model : repository.status()) {
      for (ModelStatus.Version version : model.versions()) {
        if (version.fileBytes() > 0) {
          gauge(
              files,
              Labels.of("model", model.name(), "version", Long.toString(version.number())),
              version.fileBytes());
        }
      }
    }
    all.metricSnapshot(files.build());
  }

  /** Beside the JVM's own meters, which count its heap and the direct buffers that it makes. */
  private void memory(List<VersionMeters> versions, MetricSnapshots.Builder all) {
    GaugeSnapshot.Builder resident =
        GaugeSnapshot.builder()
            .name("podium_resident_bytes")
            .help("Resident memory of the process, by kind; the runtime's arenas are anonymous.");
    memory.read().forEach((kind, bytes) -> gauge(resident, Labels.of("kind", kind), bytes));
    all.metricSnapshot(resident.build());
    gauge(
        all,
        "podium_network_bytes",
        "Direct memory that the network library holds, outside the JVM's buffer pools.",
        Math.max(0, networkBytes.getAsLong()));
    GaugeSnapshot.Builder cached =
        GaugeSnapshot.builder()
            .name("podium_context_cache_bytes")
            .help("Memory for results of the context half that are kept.");
    CounterSnapshot.Builder lookups =
        counter("podium_context_cache_lookups", "Requests by whether their context was kept.");
    for (VersionMeters meters : versions) {
      ContextCacheStatus cache = meters.version().session().contextCache();
      Labels labels = labels(meters);
      gauge(cached, labels, cache.bytes());
      count(lookups, labels.add("result", "hit"), cache.hits());
      count(lookups, labels.add("result", "miss"), cache.misses());
    }
    all.metricSnapshot(cached.build());
    all.metricSnapshot(lookups.build());
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static CounterSnapshot.Builder counter(String name, String help) {
    return CounterSnapshot.builder().name(name).help(help);
  }

  private static void counter(MetricSnapshots.Builder all, String name, String help, double value) {
    CounterSnapshot.Builder snapshot = counter(name, help);
    count(snapshot, Labels.EMPTY, value);
    all.metricSnapshot(snapshot.build());
  }

  private static void count(CounterSnapshot.Builder counter, Labels labels, double value) {
    counter.dataPoint(CounterDataPointSnapshot.builder().labels(labels).value(value).build());
  }

  private static void gauge(MetricSnapshots.Builder all, String name, String help, double value) {
    GaugeSnapshot.Builder snapshot = GaugeSnapshot.builder().name(name).help(help);
    gauge(snapshot, Labels.EMPTY, value);
    all.metricSnapshot(snapshot.build());
  }

  private static void gauge(GaugeSnapshot.Builder gauge, Labels labels, double value) {
    gauge.dataPoint(GaugeDataPointSnapshot.builder().labels(labels).value(value).build());
  }
}
