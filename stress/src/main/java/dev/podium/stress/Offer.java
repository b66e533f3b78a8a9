package dev.podium.stress;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.Pacer;
import dev.podium.loadtest.arrivals.Step;
import dev.podium.loadtest.measure.Clock;
import dev.podium.loadtest.workload.RequestPool;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.HdrHistogram.Histogram;

/**
 * Planned load that keeps its rate whatever the server does. A request's deadline and its latency
 * count from the moment at which it was due. Unlike the load generator's open loop it gives up
 * requests that it is too late for, and counts them: at many times a server's capacity, on the
 * server's own cores, a generator that caught up would turn an overload into a longer one.
 */
final class Offer {
  private static final long DRAIN_POLL_NANOS = 1_000_000;
  private static final long DRAIN_NANOS = 5_000_000_000L;

  private final Sender sender;
  private final Options options;
  private final Clock clock;

  /** Sends requests without waiting for their end; see {@link Calls#send}. */
  @FunctionalInterface
  interface Sender {
    void send(byte[] request, long deadlineNanos, Calls.Completion completion);

    /**
     * No more requests come for a moment: what was held back to be sent together goes out. Called
     * now and then, too, while calls have not ended.
     */
    default void flush() {}
  }

  /**
   * How load is offered.
   *
   * @param deadlineNanos of each request, greater than 0
   * @param maxLagNanos a request that is later than this is not sent; less than the deadline
   * @param maxInFlight with so many unanswered, a request is not sent
   * @param tickNanos requests due within such a time are sent together at its end, which spares a
   *     small machine a wake-up for each; 0 to send each when it is due
   */
  record Options(long deadlineNanos, long maxLagNanos, int maxInFlight, long tickNanos) {}

  /**
   * What came of one step.
   *
   * @param skipped requests that the generator was too late for, or had too many in flight for
   * @param lag of those sent, in microseconds
   */
  record Result(Step step, Tally tally, long skipped, Histogram lag) {
    double sentPerSecond() {
      return tally.sent() / (step.durationNanos() / 1e9);
    }

    double goodput() {
      return tally.inTime() / (step.durationNanos() / 1e9);
    }

    double lagMillis(double percentile) {
      return lag.getTotalCount() == 0 ? Double.NaN : lag.getValueAtPercentile(percentile) / 1000.0;
    }

    double skippedShare() {
      return (double) skipped / Math.max(1, step.planned());
    }
  }

  Offer(Sender sender, Options options, Clock clock) {
    this.sender = sender;
    this.options = options;
    this.clock = clock;
  }

  /** Runs a plan on this thread, and waits until its calls have ended. */
  List<Result> run(ArrivalPlan plan, RequestPool pool) {
    return run(plan, pool::request);
  }

  /**
   * Runs a plan on this thread, and waits until its calls have ended.
   *
   * @param requests bytes by arrival
   */
  List<Result> run(ArrivalPlan plan, IntFunction<byte[]> requests) {
    List<Result> results = new ArrayList<>();
    List<Tally> tallies = new ArrayList<>();
    long start = clock.nanoTime();
    for (Step step : plan.steps()) {
      Tally tally = new Tally();
      Histogram lag = new Histogram(600_000_000L, 3);
      tallies.add(tally);
      long skipped = 0;
      for (int arrival = step.first(); arrival < step.end(); arrival++) {
        long elapsed = clock.nanoTime() - start;
        while (Pacer.waitNanos(plan, elapsed, arrival) > 0) {
          sender.flush();
          clock.parkUntil(start + endOfTick(plan.offsetNanos(arrival)));
          elapsed = clock.nanoTime() - start;
        }
        long late = elapsed - plan.offsetNanos(arrival);
        if (late > options.maxLagNanos() || inFlight(tallies) >= options.maxInFlight()) {
          skipped++;
          continue;
        }
        lag.recordValue(late / 1000);
        send(requests.apply(arrival), start + plan.offsetNanos(arrival), late, tally);
      }
      results.add(new Result(step, tally, skipped, lag));
    }
    sender.flush();
    drain(tallies);
    return results;
  }

  private long endOfTick(long offset) {
    long tick = options.tickNanos();
    return tick == 0 ? offset : (offset + tick - 1) / tick * tick;
  }

  private void send(byte[] request, long planned, long late, Tally tally) {
    tally.started();
    sender.send(
        request,
        options.deadlineNanos() - late,
        (status, fromServer) ->
            tally.ended(
                status, fromServer, clock.nanoTime() - planned, late, options.deadlineNanos()));
  }

  private static long inFlight(List<Tally> tallies) {
    long sum = 0;
    for (int i = Math.max(0, tallies.size() - 2); i < tallies.size(); i++) {
      sum += tallies.get(i).inFlight();
    }
    return sum;
  }

  private void drain(List<Tally> tallies) {
    long end = clock.nanoTime() + options.deadlineNanos() + DRAIN_NANOS;
    while (tallies.stream().anyMatch(tally -> tally.inFlight() > 0) && clock.nanoTime() < end) {
      clock.parkUntil(clock.nanoTime() + DRAIN_POLL_NANOS);
      sender.flush();
    }
  }
}
