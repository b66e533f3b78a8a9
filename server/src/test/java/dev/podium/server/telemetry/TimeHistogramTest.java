package dev.podium.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Times fall into Prometheus's native buckets, and classic buckets are sums of them. */
class TimeHistogramTest {
  @Test
  void aTimeFallsIntoTheSmallestBucketThatHoldsIt() {
    Random random = new Random(7);
    for (int i = 0; i < 100_000; i++) {
      long nanos = (long) Math.exp(Math.log(1_000) + random.nextDouble() * Math.log(5e7));
      int bucket = TimeHistogram.bucket(nanos);
      double seconds = nanos * 1e-9;
      assertThat(TimeHistogram.bound(bucket)).isGreaterThanOrEqualTo(seconds);
      if (bucket > 0) {
        assertThat(TimeHistogram.bound(bucket - 1)).isLessThan(seconds);
      }
    }
    assertThat(TimeHistogram.bucket(0)).isZero();
    assertThat(TimeHistogram.bucket(-5)).isZero();
    assertThat(TimeHistogram.bound(TimeHistogram.bucket(Long.MAX_VALUE))).isEqualTo(64);
  }

  @Test
  void classicBucketsHoldWhatTheirBoundsSay() {
    TimeHistogram histogram = new TimeHistogram();
    long[] times = {1_000_000, 1_953_125, 1_953_126, 3_000_000, 10_000_000_000L};
    for (long time : times) {
      histogram.record(time);
    }
    HistogramDataPointSnapshot snapshot = histogram.snapshot(Labels.EMPTY);
    assertThat(snapshot.getCount()).isEqualTo(5);
    assertThat(snapshot.getSum()).isCloseTo(10.007906251, within(1e-9));
    long upTo2 = 0;
    for (int i = 0; i < snapshot.getClassicBuckets().size(); i++) {
      if (snapshot.getClassicBuckets().getUpperBound(i) <= 0.001953125) {
        upTo2 += snapshot.getClassicBuckets().getCount(i);
      }
    }
    assertThat(upTo2).isEqualTo(2);
    assertThat(TimeHistogram.quantile(0.5, histogram.counts())).isBetween(0.001953, 0.0022);
    assertThat(TimeHistogram.quantile(0.5, new long[3])).isNaN();
  }
}
