package dev.podium.stress;

import io.grpc.Status;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/** Counts how calls ended. Thread-safe. */
final class Tally {
  /** Longer latencies are recorded as that. */
  private static final long LARGEST_MICROS = 600_000_000L;

  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private final LongAdder inTime = new LongAdder();
  private final LongAdder[] endings = new LongAdder[CallOutcome.values().length];
  private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
  private final Map<CallOutcome, String> examples = new ConcurrentHashMap<>();
  private final ConcurrentHistogram latency = new ConcurrentHistogram(LARGEST_MICROS, 3);
  private final ConcurrentHistogram sinceSent = new ConcurrentHistogram(LARGEST_MICROS, 3);

  Tally() {
    for (int i = 0; i < endings.length; i++) {
      endings[i] = new LongAdder();
    }
  }

  void started() {
    sent.incrementAndGet();
  }

  /**
   * A call's end.
   *
   * @param latencyNanos since it was due
   * @param lateNanos by how much later it was sent
   * @param deadlineNanos counts from when it was due
   * @param fromServer whether the status came over the wire
   */
  CallOutcome ended(
      Status status, boolean fromServer, long latencyNanos, long lateNanos, long deadlineNanos) {
    CallOutcome ending = CallOutcome.of(status, fromServer);
    endings[ending.ordinal()].increment();
    if (ending == CallOutcome.ANSWERED) {
      latency.recordValue(Math.min(LARGEST_MICROS, latencyNanos / 1000));
      sinceSent.recordValue(Math.min(LARGEST_MICROS, (latencyNanos - lateNanos) / 1000));
      if (latencyNanos <= deadlineNanos) {
        inTime.increment();
      }
    } else {
      if (ending == CallOutcome.REFUSED) {
        refusals.computeIfAbsent(status.getCode().name(), code -> new LongAdder()).increment();
      }
      examples.putIfAbsent(ending, status.getCode() + " " + status.getDescription());
    }
    ended.incrementAndGet();
    return ending;
  }

  long sent() {
    return sent.get();
  }

  /** Calls that have not ended. */
  long inFlight() {
    return sent.get() - ended.get();
  }

  long count(CallOutcome ending) {
    return endings[ending.ordinal()].sum();
  }

  /** Answered calls whose answer came before their deadline. */
  long inTime() {
    return inTime.sum();
  }

  /** Calls without a status: their connection broke, or they have not ended. */
  long lost() {
    return count(CallOutcome.LOST) + inFlight();
  }

  /** Refused calls by status. */
  Map<String, Long> refusals() {
    Map<String, Long> counts = new TreeMap<>();
    refusals.forEach((code, count) -> counts.put(code, count.sum()));
    return counts;
  }

  /** The words of the first call with this ending; null if there was none. */
  String example(CallOutcome ending) {
    return examples.get(ending);
  }

  /** Of the answered, since they were due, in microseconds. */
  Histogram latency() {
    return latency;
  }

  /** The same since they were sent. */
  Histogram sinceSent() {
    return sinceSent;
  }

  /** Milliseconds; NaN if nothing was answered. */
  double millis(double percentile) {
    return latency.getTotalCount() == 0
        ? Double.NaN
        : latency.getValueAtPercentile(percentile) / 1000.0;
  }
}
