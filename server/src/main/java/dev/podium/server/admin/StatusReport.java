package dev.podium.server.admin;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.server.admission.Admission;
import dev.podium.server.admission.AdmissionSnapshot;
import dev.podium.server.engine.ExecutionPlan;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.Form;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionState;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import dev.podium.server.schedule.SchedulerSnapshot;
import dev.podium.server.schedule.TileScheduler;
import dev.podium.server.telemetry.Telemetry;
import dev.podium.server.telemetry.TimeHistogram;
import dev.podium.server.telemetry.VersionMeters;
import dev.podium.server.telemetry.VersionMeters.FeatureHealth;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What the server is doing, as JSON. Rates and percentiles are those of the last moments before a
 * report: from the newest earlier report that is at least {@value #LEAST_WINDOW_MILLIS} ms old to
 * now, or since the start if there is none. Thread-safe.
 */
public final class StatusReport {
  private static final long LEAST_WINDOW_MILLIS = 5_000;
  private static final int KEPT = 16;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Counts of answered requests at one moment, by version. */
  private record Moment(long millis, Map<VersionMeters, long[]> answered) {}

  private final String serverVersion;
  private final Supplier<List<String>> missing;
  private final ModelRepository repository;
  private final Telemetry telemetry;
  private final TileScheduler scheduler;
  private final Admission admission;
  private final ArrayDeque<Moment> moments = new ArrayDeque<>();

  /**
   * @param missing why the server should not be sent requests, a sentence each
   */
  public StatusReport(
      String serverVersion,
      Supplier<List<String>> missing,
      ModelRepository repository,
      Telemetry telemetry,
      TileScheduler scheduler,
      Admission admission) {
    this.serverVersion = serverVersion;
    this.missing = missing;
    this.repository = repository;
    this.telemetry = telemetry;
    this.scheduler = scheduler;
    this.admission = admission;
  }

  /** The report of this moment. */
  synchronized String json() throws IOException {
    long now = ManagementFactory.getRuntimeMXBean().getUptime();
    Map<VersionMeters, long[]> answered = new HashMap<>();
    List<VersionMeters> meters = telemetry.all();
    meters.forEach(version -> answered.put(version, version.total(Outcome.SCORED).counts()));
    Moment since = new Moment(0, Map.of());
    for (Moment moment : moments) {
      if (now - moment.millis() >= LEAST_WINDOW_MILLIS) {
        since = moment;
      }
    }
    if (moments.isEmpty() || now - moments.getLast().millis() >= LEAST_WINDOW_MILLIS / 5) {
      moments.addLast(new Moment(now, answered));
    }
    if (moments.size() > KEPT) {
      moments.removeFirst();
    }
    ObjectNode report = JSON.createObjectNode();
    report.put("version", serverVersion);
    List<String> notReady = missing.get();
    report.put("ready", notReady.isEmpty());
    notReady.forEach(report.putArray("not_ready")::add);
    report.put("uptime_seconds", now / 1000.0);
    report.put("window_seconds", (now - since.millis()) / 1000.0);
    scheduler(report.putObject("scheduler"));
    repository.ignored().forEach(report.putArray("ignored")::add);
    ArrayNode models = report.putArray("models");
    for (ModelStatus model : repository.status()) {
      ObjectNode node = models.addObject();
      node.put("name", model.name());
      node.put("message", model.message());
      ArrayNode versions = node.putArray("versions");
      for (ModelStatus.Version version : model.versions()) {
        ObjectNode described = versions.addObject();
        version(described, version);
        if (version.state() == VersionState.AVAILABLE) {
          plan(described, model.name(), version.number());
        }
        for (VersionMeters own : meters) {
          if (own.version().model().equals(model.name())
              && own.version().version() == version.number()) {
            meters(described, own, answered.get(own), since, now);
          }
        }
      }
    }
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(report) + "\n";
  }

  private void scheduler(ObjectNode node) {
    SchedulerSnapshot now = scheduler.snapshot();
    node.put("workers", now.workers());
    node.put("busy_workers", now.busyWorkers());
    node.put("waiting_requests", now.waitingTasks());
    node.put("waiting_rows", now.waitingRows());
    node.put("queue_micros", now.waitingMicros());
    AdmissionSnapshot in = admission.snapshot();
    node.put("limit_rows", in.limitRows());
    node.put("rows_in_flight", in.rows());
    node.put("bytes_in_flight", in.bytes());
    node.put("refused_for_rows", in.refusedForRows());
    node.put("refused_for_bytes", in.refusedForBytes());
  }

  private static void version(ObjectNode node, ModelStatus.Version version) {
    node.put("version", version.number());
    node.put("state", version.state().name().toLowerCase(Locale.ROOT));
    node.put("message", version.message());
    ArrayNode labels = node.putArray("labels");
    version.labels().forEach(labels::add);
  }

  /** What was made of the graph when it was loaded, and what it gains. */
  private void plan(ObjectNode node, String model, long version) {
    try (Lease lease = repository.lease(model, version)) {
      if (lease != null) {
        LoadedVersion loaded = lease.version();
        describe(node.putObject("plan"), loaded.session().plan(), loaded.session().report());
      }
    }
  }

  static void describe(ObjectNode described, ExecutionPlan plan, ExecutionReport report) {
    described.put("form", (plan.splits() ? Form.SPLIT : plan.rowsForm()).word());
    described.put("rows_form", plan.rowsForm().word());
    described.put("reason", report.reason());
    described.put("tile_rows", plan.tileRows());
    described.put("rows_independent", plan.rowsIndependent());
    if (plan.splits()) {
      described.put("split_from_rows", plan.split().fromRows());
    }
    if (plan.splits() || plan.rowsForm() != Form.EXPORTED) {
      described.put("largest_difference", report.largestDifference());
      ArrayNode passes = described.putArray("passes");
      report
          .compiler()
          .applied()
          .forEach(
              applied ->
                  passes
                      .addObject()
                      .put("pass", applied.pass().toLowerCase(Locale.ROOT))
                      .put("count", applied.count()));
    }
    ArrayNode speeds = described.putArray("speeds");
    for (ExecutionReport.Speed speed : report.speeds()) {
      speeds.addObject().put("rows", speed.rows()).put("ratio", speed.ratio());
    }
  }

  /** How often the model ran in each form. */
  static void tiles(ObjectNode node, VersionMeters meters) {
    for (Form form : Form.values()) {
      node.put("tiles_" + form.word(), meters.tiles(form));
    }
  }

  private static void meters(
      ObjectNode node, VersionMeters meters, long[] answered, Moment since, long now) {
    long[] before = since.answered().get(meters);
    long[] recent = answered.clone();
    long count = 0;
    for (int i = 0; i < recent.length; i++) {
      recent[i] -= before == null ? 0 : before[i];
      count += recent[i];
    }
    node.put("requests_per_second", count * 1000.0 / Math.max(1, now - since.millis()));
    quantile(node, "p50_millis", 0.5, recent);
    quantile(node, "p99_millis", 0.99, recent);
    ObjectNode requests = node.putObject("requests");
    for (Outcome outcome : Outcome.values()) {
      requests.put(outcome.name().toLowerCase(Locale.ROOT), meters.total(outcome).count());
    }
    node.put("rows", meters.rows());
    tiles(node, meters);
    node.put("tile_fill", (double) meters.tileRows() / Math.max(1, meters.tileCapacity()));
    ObjectNode stages = node.putObject("stage_mean_micros");
    mean(stages, "queue", meters.queue());
    mean(stages, "assemble", meters.assemble());
    mean(stages, "infer", meters.infer());
    mean(stages, "encode", meters.encode());
    ArrayNode features = node.putArray("features");
    for (FeatureHealth health : meters.features()) {
      ObjectNode feature = features.addObject();
      feature.put("name", health.name());
      feature.put("defaulted", health.defaulted());
      feature.put("out_of_vocabulary", health.outOfVocabulary());
      feature.put("truncated", health.truncated());
    }
    node.put("assembled", meters.assemble().count());
  }

  private static void quantile(ObjectNode node, String name, double share, long[] counts) {
    double seconds = TimeHistogram.quantile(share, counts);
    if (Double.isNaN(seconds)) {
      node.putNull(name);
    } else {
      node.put(name, seconds * 1000);
    }
  }

  private static void mean(ObjectNode node, String stage, TimeHistogram times) {
    long count = times.count();
    node.put(stage, count == 0 ? 0 : times.nanos() / 1000.0 / count);
  }
}
