package dev.podium.server.telemetry;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Arrays;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;

/**
 * How an output's scores are spread: most bounds lie between 0 and 1, for probabilities, a few
 * outside, for other scores. Looks at a few scores of each request, evenly spaced, since drift is
 * seen in few as well as in all. Thread-safe; allocates nothing.
 */
final class ScoreHistogram {
  /** Scores of one request that are looked at. */
  private static final int SAMPLES = 16;

  private static final double[] BOUNDS = {
    -10,
    -5,
    -2,
    -1,
    0,
    0.01,
    0.02,
    0.05,
    0.1,
    0.15,
    0.2,
    0.25,
    0.3,
    0.4,
    0.5,
    0.6,
    0.7,
    0.8,
    0.9,
    0.95,
    0.98,
    0.99,
    1,
    2,
    5,
    10,
    Double.POSITIVE_INFINITY
  };

  private final LongAdder[] counts = new LongAdder[BOUNDS.length];
  private final DoubleAdder sum = new DoubleAdder();
  private final long createdMillis = System.currentTimeMillis();

  ScoreHistogram() {
    for (int i = 0; i < counts.length; i++) {
      counts[i] = new LongAdder();
    }
  }

  void record(float[] scores) {
    int samples = Math.min(SAMPLES, scores.length);
    for (int i = 0; i < samples; i++) {
      float score = scores[(int) ((long) i * scores.length / samples)];
      if (Float.isNaN(score)) {
        continue; // not scored in time
      }
      int found = Arrays.binarySearch(BOUNDS, score);
      counts[found < 0 ? -found - 1 : found].increment();
      sum.add(score);
    }
  }

  HistogramDataPointSnapshot snapshot(Labels labels) {
    ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i < BOUNDS.length; i++) {
      buckets.bucket(BOUNDS[i], counts[i].sum());
    }
    return HistogramDataPointSnapshot.builder()
        .classicHistogramBuckets(buckets.build())
        .sum(sum.sum())
        .labels(labels)
        .createdTimestampMillis(createdMillis)
        .build();
  }
}
