package dev.podium.stress;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.ArrivalShape;
import dev.podium.loadtest.bench.HeapMeter;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.workload.RequestPool;
import dev.podium.loadtest.workload.Sizes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;

/**
 * A long run at 80 % of capacity: both models, sizes from a heavy-tailed distribution, and a
 * connection churned every second. Watches the server's memory.
 */
final class Soak {
  private static final double LOAD = 0.8;
  private static final int CALLERS = 8;
  private static final int CONNECTIONS = 4;
  private static final int MOST_WINDOWS = 10_000;
  private static final long DEADLINE_NANOS = 2_000_000_000L;
  private static final long WINDOW_NANOS = 60_000_000_000L;
  private static final long SAMPLE_NANOS = 500_000_000L;
  private static final Sizes SIZES = new Sizes.LogNormal(150, 1, 2_000);

  private static final List<String> COLUMNS =
      List.of(
          "minute",
          "offered/s",
          "answered/s",
          "p50 ms",
          "p99 ms",
          "refused",
          "expired",
          "failed",
          "lost",
          "RSS MB",
          "direct MB",
          "heap KB/request");

  private Soak() {}

  /**
   * Memory at the end of a window.
   *
   * @param resident mean over the window's second half, in bytes
   * @param direct bytes of direct buffers at its end; NaN where it can't be read
   * @param allocated heap allocated since the server's start; NaN where it can't be read
   */
  record Memory(double resident, double direct, double allocated) {}

  /** Runs it. */
  static StressReport run(Rig rig, long durationNanos) {
    Subject subject = rig.start("podium", rig.models());
    RequestPool deepfm = subject.pool("deepfm", SIZES, 256, rig.seed());
    RequestPool din = subject.pool("din", SIZES, 256, rig.seed() + 1);
    subject.warmUp(deepfm, CALLERS, rig.seconds(8, 0.5));
    subject.warmUp(din, CALLERS, rig.seconds(8, 0.5));
    double capacity = capacity(rig, subject, deepfm, din);
    rig.say("capacity: %.0f/s of both models mixed%n", capacity);

    long window = Math.min(WINDOW_NANOS, durationNanos / 5);
    int windows = (int) Math.min(MOST_WINDOWS, durationNanos / window);
    ArrivalPlan plan =
        ArrivalPlan.of(
            new ArrivalShape.Poisson(),
            Collections.nCopies(windows, LOAD * capacity),
            window,
            0,
            ArrivalPlan.MAX_ARRIVALS,
            rig.seed());
    List<Offer.Result> results;
    List<Memory> memory;
    long changes;
    try (ChurningConnections connections =
        new ChurningConnections(() -> subject.connect(1), CONNECTIONS, System::nanoTime)) {
      CompletableFuture<List<Memory>> watch =
          CompletableFuture.supplyAsync(() -> watch(rig, subject, window, windows));
      results =
          new Offer(
                  new Calls(connections, subject.method())::send,
                  new Offer.Options(DEADLINE_NANOS, DEADLINE_NANOS / 4, 10_000, 0),
                  Clock.SYSTEM)
              .run(plan, arrival -> (arrival % 2 == 0 ? deepfm : din).request(arrival / 2));
      memory = watch.join();
      changes = connections.changes();
    }
    return report(rig, capacity, window, results, memory, changes);
  }

  /** Both models at once, as the soak mixes them: as many requests of one as of the other. */
  private static double capacity(Rig rig, Subject subject, RequestPool deepfm, RequestPool din) {
    // One after the other: callers of both at once would send more of the cheaper one.
    double a = perSecond(subject.saturate(deepfm, CALLERS, rig.seconds(6, 0.5)));
    double b = perSecond(subject.saturate(din, CALLERS, rig.seconds(6, 0.5)));
    return mixed(a, b);
  }

  private static double perSecond(dev.podium.loadtest.bench.ClosedLoop.Stretch stretch) {
    return stretch.answered() / (stretch.wallNanos() / 1e9);
  }

  /** Requests a second of two kinds in equal parts, from what each reaches alone. */
  static double mixed(double a, double b) {
    return 2 / (1 / a + 1 / b);
  }

  private static List<Memory> watch(Rig rig, Subject subject, long window, int windows) {
    HeapMeter heap = subject.heap();
    long pid = subject.process().javaPid();
    List<Memory> memory = new ArrayList<>();
    // Before the first window: what was allocated until then.
    memory.add(look(heap, ResidentMemory.residentBytes(pid)));
    long begin = System.nanoTime();
    for (int i = 1; i <= windows; i++) {
      long end = begin + i * window;
      double sum = 0;
      int samples = 0;
      while (System.nanoTime() < end) {
        if (end - System.nanoTime() <= window / 2) {
          sum += ResidentMemory.residentBytes(pid);
          samples++;
        }
        Clock.SYSTEM.parkUntil(Math.min(end, System.nanoTime() + SAMPLE_NANOS));
      }
      memory.add(look(heap, samples == 0 ? ResidentMemory.residentBytes(pid) : sum / samples));
      rig.say("%d of %d: RSS %.0f MB%n", i, windows, memory.get(i).resident() / (1 << 20));
    }
    return memory;
  }

  private static Memory look(HeapMeter heap, double resident) {
    return heap == null
        ? new Memory(resident, Double.NaN, Double.NaN)
        : new Memory(resident, heap.directBytes(), heap.bytes());
  }

  private static StressReport report(
      Rig rig,
      double capacity,
      long window,
      List<Offer.Result> results,
      List<Memory> memory,
      long changes) {
    List<List<Object>> rows = new ArrayList<>();
    long failed = 0;
    long lost = 0;
    long answered = 0;
    long planned = 0;
    for (int i = 0; i < results.size(); i++) {
      Tally tally = results.get(i).tally();
      Memory at = memory.get(i + 1);
      double seconds = window / 1e9;
      failed += tally.count(CallOutcome.FAILED) + tally.count(CallOutcome.NOT_SENT);
      lost += tally.lost();
      answered += tally.count(CallOutcome.ANSWERED);
      planned += results.get(i).step().planned();
      rows.add(
          Arrays.asList(
              Integer.toString(i + 1),
              results.get(i).sentPerSecond(),
              tally.count(CallOutcome.ANSWERED) / seconds,
              tally.millis(50),
              tally.millis(99),
              tally.count(CallOutcome.REFUSED),
              tally.count(CallOutcome.EXPIRED),
              tally.count(CallOutcome.FAILED) + tally.count(CallOutcome.NOT_SENT),
              tally.lost(),
              at.resident() / (1 << 20),
              at.direct() / (1 << 20),
              (at.allocated() - memory.get(i).allocated()) / Math.max(1, tally.sent()) / 1024));
    }
    List<Criterion> criteria = new ArrayList<>();
    criteria.add(
        Criterion.atMost(
            "growth of resident memory after the first window, %",
            growth(memory.stream().skip(1).map(Memory::resident).toList()), 3));
    criteria.add(
        Criterion.atMost(
            "growth of direct memory after the first window, %",
            growth(memory.stream().skip(1).map(Memory::direct).toList()), 0));
    criteria.add(
        Criterion.atLeast("answered ÷ planned", (double) answered / Math.max(1, planned), 0.99));
    criteria.add(Criterion.atMost("requests lost or failed", lost + failed, 0));
    return rig.report(
        "soak",
        COLUMNS,
        rows,
        List.of(
            String.format(
                Locale.ROOT,
                "%.0f %% of %.0f/s, deepfm and din in turn, candidates %s, %d connections churned, windows of %.0f s",
                LOAD * 100,
                capacity,
                SIZES,
                changes,
                window / 1e9)),
        criteria);
  }

  /**
   * By how many percent the largest of the later figures is above the first; below 0 if all are
   * smaller, NaN if there are none.
   */
  static double growth(List<Double> figures) {
    if (figures.size() < 2) {
      return Double.NaN;
    }
    double most = Collections.max(figures.subList(1, figures.size()));
    double first = figures.get(0);
    return first == 0 ? (most == 0 ? 0 : Double.NaN) : (most / first - 1) * 100;
  }
}
