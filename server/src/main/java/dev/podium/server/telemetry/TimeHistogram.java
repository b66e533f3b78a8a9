package dev.podium.server.telemetry;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.NativeHistogramBuckets;
import java.util.concurrent.atomic.LongAdder;

/**
 * How long something took: counts in buckets of Prometheus's native schema 3, eight to a doubling,
 * from a microsecond to a minute. Classic buckets, whose bounds are the powers of two among theirs,
 * are sums of them. Thread-safe; {@link #record} allocates nothing.
 */
public final class TimeHistogram {
  private static final int SCHEMA = 3;

  /** Times this short count as none; above 0, as scrapers take it for the sign of a native one. */
  private static final double ZERO_THRESHOLD = 0x1p-128;

  private static final int PER_DOUBLING = 1 << SCHEMA;
  private static final int FIRST_EXPONENT = -20;
  private static final int LAST_EXPONENT = 6;
  private static final int FIRST_INDEX = FIRST_EXPONENT * PER_DOUBLING;
  private static final int BUCKETS = (LAST_EXPONENT - FIRST_EXPONENT) * PER_DOUBLING + 1;

  /** Classic buckets go from 2^-13 s, 122 microseconds, to 2^3 s. */
  private static final int FIRST_CLASSIC = -13;

  private static final int LAST_CLASSIC = 3;

  /** Upper bounds of the buckets inside [1, 2). */
  private static final double[] BOUNDS = new double[PER_DOUBLING];

  static {
    for (int i = 0; i < PER_DOUBLING; i++) {
      BOUNDS[i] = Math.pow(2, (double) i / PER_DOUBLING);
    }
  }

  private final LongAdder[] counts = new LongAdder[BUCKETS];
  private final LongAdder nanos = new LongAdder();
  private final long createdMillis = System.currentTimeMillis();

  TimeHistogram() {
    for (int i = 0; i < BUCKETS; i++) {
      counts[i] = new LongAdder();
    }
  }

  /** Counts one. */
  void record(long time) {
    counts[bucket(time)].increment();
    nanos.add(time);
  }

  /** Index of a time's bucket: that of the smallest bound not below it. */
  static int bucket(long time) {
    double seconds = time * 1e-9;
    if (!(seconds > 0x1p-20)) {
      return 0;
    }
    int exponent = Math.getExponent(seconds);
    double fraction = Math.scalb(seconds, -exponent);
    int part = 0;
    while (part < PER_DOUBLING && fraction > BOUNDS[part]) {
      part++;
    }
    return Math.min(exponent * PER_DOUBLING + part - FIRST_INDEX, BUCKETS - 1);
  }

  /** A bucket's upper bound, in seconds. */
  static double bound(int bucket) {
    return Math.pow(2, (double) (bucket + FIRST_INDEX) / PER_DOUBLING);
  }

  /** How many. */
  public long count() {
    long sum = 0;
    for (LongAdder count : counts) {
      sum += count.sum();
    }
    return sum;
  }

  /** How long altogether, in nanoseconds. */
  public long nanos() {
    return nanos.sum();
  }

  /** The counts as they are, by bucket. */
  public long[] counts() {
    long[] all = new long[BUCKETS];
    for (int i = 0; i < BUCKETS; i++) {
      all[i] = counts[i].sum();
    }
    return all;
  }

  /**
   * The time below which a share of counts lies, in seconds, at most 9% too high; NaN if there are
   * none.
   */
  public static double quantile(double share, long[] counts) {
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    long rank = (long) Math.ceil(share * total);
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (total > 0 && seen >= rank) {
        return bound(i);
      }
    }
    return Double.NaN;
  }

  /** For Prometheus, in both forms. */
  HistogramDataPointSnapshot snapshot(Labels labels) {
    long[] all = counts();
    NativeHistogramBuckets.Builder positive = NativeHistogramBuckets.builder();
    ClassicHistogramBuckets.Builder classic = ClassicHistogramBuckets.builder();
    int classicExponent = FIRST_CLASSIC;
    long classicCount = 0;
    for (int i = 0; i < BUCKETS; i++) {
      if (all[i] > 0) {
        positive.bucket(i + FIRST_INDEX, all[i]);
      }
      classicCount += all[i];
      if (classicExponent <= LAST_CLASSIC && i + FIRST_INDEX == classicExponent * PER_DOUBLING) {
        classic.bucket(Math.scalb(1.0, classicExponent), classicCount);
        classicCount = 0;
        classicExponent++;
      }
    }
    classic.bucket(Double.POSITIVE_INFINITY, classicCount);
    return new HistogramDataPointSnapshot(
        classic.build(),
        SCHEMA,
        0,
        ZERO_THRESHOLD,
        positive.build(),
        NativeHistogramBuckets.EMPTY,
        nanos.sum() * 1e-9,
        labels,
        Exemplars.EMPTY,
        createdMillis);
  }
}
