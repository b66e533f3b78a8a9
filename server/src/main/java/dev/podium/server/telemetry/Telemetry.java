package dev.podium.server.telemetry;

import dev.podium.server.engine.Form;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.AssemblyTally;
import dev.podium.server.schedule.RankResult;
import dev.podium.server.schedule.SchedulerListener;
import dev.podium.server.schedule.ServedVersion;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.logging.Level;
import java.util.logging.Logger;

/** The meters of everything that is served, one set a version. Thread-safe. */
public final class Telemetry implements SchedulerListener {
  private static final Logger LOG = Logger.getLogger(Telemetry.class.getName());

  private final ConcurrentHashMap<ServedVersion, VersionMeters> versions =
      new ConcurrentHashMap<>();
  private final AtomicLong order = new AtomicLong();
  private final LongAdder workersReplaced = new LongAdder();
  private final AtomicLong certificateExpiry = new AtomicLong();
  private final ConcurrentHashMap<KeyFiles, Boolean> reloads =
      new ConcurrentHashMap<>(Map.of(KeyFiles.CREDENTIALS, true, KeyFiles.CERTIFICATES, true));

  /** A version's meters; made when first asked for. */
  public VersionMeters of(ServedVersion version) {
    VersionMeters meters = versions.get(version);
    return meters != null
        ? meters
        : versions.computeIfAbsent(
            version, made -> new VersionMeters(made, order.incrementAndGet()));
  }

  /** Drops the meters of a version that is no longer served, so that they stay bounded. */
  public void forget(ServedVersion version) {
    versions.remove(version);
  }

  /**
   * All meters, by model and version. Of a version that was loaded anew while requests still hold
   * what was loaded before, only the newer ones: names must be unique.
   */
  public List<VersionMeters> all() {
    Map<String, VersionMeters> newest = new HashMap<>();
    for (VersionMeters meters : versions.values()) {
      newest.merge(
          meters.version().toString(),
          meters,
          (one, other) -> one.order() > other.order() ? one : other);
    }
    return newest.values().stream()
        .sorted(
            Comparator.comparing((VersionMeters meters) -> meters.version().model())
                .thenComparing(meters -> meters.version().version()))
        .toList();
  }

  /** Workers that died and were replaced. */
  public long workersReplaced() {
    return workersReplaced.sum();
  }

  /** Files were looked at: whether what they say now is in force. */
  public void reloaded(KeyFiles files, boolean inForce) {
    reloads.put(files, inForce);
  }

  /** Those that are looked at, and whether what they said the last time is in force. */
  /**
   * The certificates in use.
   *
   * @param epochSeconds when the first of them expires
   */
  public void certificateExpires(long epochSeconds) {
    certificateExpiry.set(epochSeconds);
  }

  /** Since the epoch; 0 if there are no certificates. */
  long certificateExpiry() {
    return certificateExpiry.get();
  }

  Map<KeyFiles, Boolean> reloads() {
    return Map.copyOf(reloads);
  }

  /** An answer was written. */
  public void encoded(ServedVersion version, long nanos) {
    of(version).recordEncoded(nanos);
  }

  @Override
  public void refused(ServedVersion version, int rows, RefusalReason reason) {
    of(version).recordRefused(reason);
  }

  @Override
  public void ended(
      ServedVersion version,
      int rows,
      Outcome outcome,
      long waitNanos,
      long totalNanos,
      RankResult result,
      RankException fault) {
    of(version).recordEnd(rows, outcome, waitNanos, totalNanos, result);
  }

  @Override
  public void assembled(ServedVersion version, AssemblyTally tally, long nanos) {
    of(version).recordAssembled(tally, nanos);
  }

  @Override
  public void tileRan(
      ServedVersion version, int rows, int capacity, int requests, Form form, long nanos) {
    of(version).recordTile(rows, capacity, requests, form, nanos);
  }

  @Override
  public void rerunAlone(ServedVersion version, int requests) {
    of(version).recordRerunAlone(requests);
  }

  @Override
  public void ranAbandoned(ServedVersion version, int rows) {
    of(version).recordAbandoned(rows);
  }

  @Override
  public void workerReplaced(Throwable cause) {
    workersReplaced.increment();
    LOG.log(Level.SEVERE, "a worker died and was replaced", cause);
  }

  @Override
  public void workerNotBound(int worker, IOException cause) {
    LOG.log(Level.WARNING, "worker " + worker + " runs on any processor: " + cause.getMessage());
  }
}
