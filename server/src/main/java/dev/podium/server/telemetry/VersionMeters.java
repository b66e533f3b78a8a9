package dev.podium.server.telemetry;

import dev.podium.server.engine.Form;
import dev.podium.server.feature.assembly.AssemblyTally;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.schedule.RankResult;
import dev.podium.server.schedule.SchedulerListener;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import dev.podium.server.schedule.SchedulerListener.RefusalReason;
import dev.podium.server.schedule.ServedVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * What happened to one model version since it was loaded. Thread-safe; recording costs a few
 * nanoseconds and no memory. Readers may see one number a moment before another.
 */
public final class VersionMeters {
  /** Runs with more rows are counted with those of this size. */
  private static final int LARGEST_RUN = 1024;

  /** Runs of one size, their number and time. */
  public record Runs(int rows, long count, long nanos) {}

  /**
   * What assembly had to put right for one feature.
   *
   * @param defaulted requests that didn't send it
   * @param outOfVocabulary its values that the out-of-vocabulary id stood in for
   * @param truncated its rows that were cut to the sequence's length
   */
  public record FeatureHealth(String name, long defaulted, long outOfVocabulary, long truncated) {}

  private static final class RunCounter {
    final LongAdder count = new LongAdder();
    final LongAdder nanos = new LongAdder();
  }

  private final ServedVersion version;
  private final long order;
  private final TimeHistogram[] total = new TimeHistogram[Outcome.values().length];
  private final TimeHistogram queue = new TimeHistogram();
  private final TimeHistogram assemble = new TimeHistogram();
  private final TimeHistogram infer = new TimeHistogram();
  private final TimeHistogram encode = new TimeHistogram();
  private final LongAdder[] refused = adders(RefusalReason.values().length);
  private final LongAdder rows = new LongAdder();
  private final LongAdder[] tiles = adders(Form.values().length);
  private final LongAdder[] tileNanos = adders(Form.values().length);
  private final LongAdder tileRows = new LongAdder();
  private final LongAdder tileCapacity = new LongAdder();
  private final LongAdder tileRequests = new LongAdder();
  private final LongAdder rerunAlone = new LongAdder();
  private final LongAdder abandonedRows = new LongAdder();
  private final LongAdder[] defaulted;
  private final LongAdder[] outOfVocabulary;
  private final LongAdder[] truncated;
  private final ScoreHistogram[] scores;
  private final AtomicReferenceArray<RunCounter> runsBySize =
      new AtomicReferenceArray<>(LARGEST_RUN + 1);
  private volatile long lastMillis;

  /**
   * @param order rises with each version that meters are made for
   */
  VersionMeters(ServedVersion version, long order) {
    this.version = version;
    this.order = order;
    for (int i = 0; i < total.length; i++) {
      total[i] = new TimeHistogram();
    }
    Signature signature = version.signature();
    defaulted = adders(signature.features().size());
    outOfVocabulary = adders(defaulted.length);
    truncated = adders(defaulted.length);
    scores = new ScoreHistogram[signature.outputs().size()];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = new ScoreHistogram();
    }
  }

  private static LongAdder[] adders(int count) {
    LongAdder[] adders = new LongAdder[count];
    for (int i = 0; i < count; i++) {
      adders[i] = new LongAdder();
    }
    return adders;
  }

  // ---- Recording ----

  void recordRefused(RefusalReason reason) {
    refused[reason.ordinal()].increment();
  }

  void recordEnd(
      int requestRows, Outcome outcome, long waitNanos, long totalNanos, RankResult result) {
    total[outcome.ordinal()].record(totalNanos);
    queue.record(waitNanos);
    if (result == null) {
      return;
    }
    infer.record(result.inferMicros() * 1_000L);
    rows.add(requestRows);
    lastMillis = System.currentTimeMillis();
    for (int output = 0; output < scores.length; output++) {
      scores[output].record(result.scores(output));
    }
  }

  void recordAssembled(AssemblyTally tally, long nanos) {
    assemble.record(nanos);
    if (tally.isClean()) {
      return;
    }
    for (int feature = 0; feature < defaulted.length; feature++) {
      addIfAny(defaulted[feature], tally.defaulted(feature));
      addIfAny(outOfVocabulary[feature], tally.outOfVocabulary(feature));
      addIfAny(truncated[feature], tally.truncated(feature));
    }
  }

  private static void addIfAny(LongAdder adder, int count) {
    if (count > 0) {
      adder.add(count);
    }
  }

  void recordTile(int ranRows, int capacity, int requests, Form form, long nanos) {
    tiles[form.ordinal()].increment();
    tileNanos[form.ordinal()].add(nanos);
    tileRows.add(ranRows);
    tileCapacity.add(capacity);
    tileRequests.add(requests);
    int size = Math.min(ranRows, LARGEST_RUN);
    RunCounter counter = runsBySize.get(size);
    if (counter == null) {
      RunCounter fresh = new RunCounter();
      RunCounter other = runsBySize.compareAndExchange(size, null, fresh);
      counter = other == null ? fresh : other;
    }
    counter.count.increment();
    counter.nanos.add(nanos);
  }

  void recordEncoded(long nanos) {
    encode.record(nanos);
  }

  void recordRerunAlone(int requests) {
    rerunAlone.add(requests);
  }

  void recordAbandoned(int count) {
    abandonedRows.add(count);
  }

  // ---- Reading ----

  /** Whose these are. */
  public ServedVersion version() {
    return version;
  }

  long order() {
    return order;
  }

  /** From arrival to the end, of accepted requests that ended so. */
  public TimeHistogram total(SchedulerListener.Outcome outcome) {
    return total[outcome.ordinal()];
  }

  /** Waits for a worker, of accepted requests. */
  public TimeHistogram queue() {
    return queue;
  }

  /** From what came to the runtime's buffers. */
  public TimeHistogram assemble() {
    return assemble;
  }

  /** In the runtime, a request. */
  public TimeHistogram infer() {
    return infer;
  }

  /** From scores to the answer's bytes. */
  public TimeHistogram encode() {
    return encode;
  }

  /** Requests refused by the scheduler. */
  public long refused(RefusalReason reason) {
    return refused[reason.ordinal()].sum();
  }

  /** Rows of answered requests. */
  public long rows() {
    return rows.sum();
  }

  /** Runs of the model in one of its forms. */
  public long tiles(Form form) {
    return tiles[form.ordinal()].sum();
  }

  /** Runs of the model in all forms. */
  public long tiles() {
    return Arrays.stream(tiles).mapToLong(LongAdder::sum).sum();
  }

  /** Time of those runs, in nanoseconds. */
  public long tileNanos(Form form) {
    return tileNanos[form.ordinal()].sum();
  }

  /** Rows in all runs. */
  public long tileRows() {
    return tileRows.sum();
  }

  /** Rows that the runs could have had. */
  public long tileCapacity() {
    return tileCapacity.sum();
  }

  /** Requests in all runs; one that took several counts in each. */
  public long tileRequests() {
    return tileRequests.sum();
  }

  /** Requests that ran again by themselves, since the tile that they shared failed. */
  public long rerunAlone() {
    return rerunAlone.sum();
  }

  /** Rows that ran although their request had ended. */
  public long abandonedRows() {
    return abandonedRows.sum();
  }

  /** The features, in the signature's order. */
  public List<FeatureHealth> features() {
    List<FeatureHealth> all = new ArrayList<>();
    for (int i = 0; i < defaulted.length; i++) {
      all.add(
          new FeatureHealth(
              version.signature().features().get(i).name(),
              defaulted[i].sum(),
              outOfVocabulary[i].sum(),
              truncated[i].sum()));
    }
    return all;
  }

  ScoreHistogram scores(int output) {
    return scores[output];
  }

  /** Runs by their number of rows, ascending. */
  public List<Runs> runsBySize() {
    List<Runs> all = new ArrayList<>();
    for (int size = 0; size <= LARGEST_RUN; size++) {
      RunCounter counter = runsBySize.get(size);
      if (counter != null) {
        all.add(new Runs(size, counter.count.sum(), counter.nanos.sum()));
      }
    }
    return all;
  }

  /** When the last request was answered, in milliseconds since the epoch; 0 if none was. */
  public long lastMillis() {
    return lastMillis;
  }
}
