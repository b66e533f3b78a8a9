package dev.podium.loadtest.measure;

import dev.podium.loadtest.arrivals.ArrivalPlan;
import dev.podium.loadtest.arrivals.Pacer;
import dev.podium.loadtest.workload.RequestPool;
import io.grpc.Status;
import java.util.function.LongSupplier;

/**
 * Sends a plan's requests at their times whatever the server does, and records each from its
 * <em>planned</em> time: a server that stalls is charged for every request that should have been
 * sent meanwhile (no coordinated omission). One run per instance; {@link #stop} may be called from
 * any thread.
 */
public final class OpenLoop {

  /** Status name of requests that the generator did not send because too many were in flight. */
  public static final String NOT_SENT = "NOT_SENT";

  /** Status name of requests whose calls had not ended when the run did. */
  public static final String UNANSWERED = "UNANSWERED";

  private static final long DRAIN_POLL_NANOS = 2_000_000;

  /**
   * Bounds of a run.
   *
   * @param deadlineNanos of each request, from the moment it is sent: a late generator must not cut
   *     the server's time short, and its figure is void anyway; greater than 0
   * @param maxInFlight the most requests unanswered at once
   * @param drainNanos how long after the last deadline the run waits for calls to end
   * @param goneNanos how long a server may be unreachable before the run ends; 0 for ever
   */
  public record Options(long deadlineNanos, int maxInFlight, long drainNanos, long goneNanos) {}

  private final ArrivalPlan plan;
  private final RequestPool pool;
  private final Transport transport;
  private final Clock clock;
  private final Recording recording;
  private final Options options;
  private final ServerGone serverGone;
  private final LongSupplier cpuNanos;
  private long cpuAtMeasuring = -1;
  private long cpuAtEnd;
  private volatile String stopReason;
  private volatile boolean closed;

  /**
   * A run, not yet begun.
   *
   * @param cpuNanos CPU time of the sender's process so far
   */
  public OpenLoop(
      ArrivalPlan plan,
      RequestPool pool,
      Transport transport,
      Clock clock,
      Recording recording,
      Options options,
      LongSupplier cpuNanos) {
    this.plan = plan;
    this.pool = pool;
    this.transport = transport;
    this.clock = clock;
    this.recording = recording;
    this.options = options;
    this.cpuNanos = cpuNanos;
    this.serverGone = new ServerGone(options.goneNanos());
  }

  /** Ends the run before its plan does; requests in flight are still waited for. */
  public void stop(String reason) {
    stopReason = reason;
  }

  /**
   * Runs the plan on this thread.
   *
   * @return null if all of it was sent; otherwise why it ended before
   */
  public String run() {
    long start = clock.nanoTime();
    serverGone.start(start);
    int step = 0;
    int sent = 0;
    while (stopReason == null) {
      long elapsed = clock.nanoTime() - start;
      long wait = Pacer.waitNanos(plan, elapsed, sent);
      if (wait == Pacer.DONE) {
        break;
      }
      if (wait > 0) {
        clock.parkUntil(start + plan.offsetNanos(sent));
        continue;
      }
      while (sent >= plan.steps().get(step).end()) {
        step++;
      }
      if (cpuAtMeasuring < 0 && !plan.steps().get(step).warmUp()) {
        cpuAtMeasuring = cpuNanos.getAsLong();
      }
      send(start, sent, elapsed, recording.steps().get(step));
      sent++;
      String gone = serverGone.verdict(clock.nanoTime());
      if (gone != null) {
        stopReason = gone;
      }
    }
    if (sent < plan.size()) {
      long elapsed = clock.nanoTime() - start;
      recording.steps().forEach(recorded -> recorded.endedAt(elapsed));
    }
    drain();
    cpuAtEnd = cpuNanos.getAsLong();
    return sent == plan.size() ? null : stopReason;
  }

  /** CPU time of the sender's process from the first measured request to the end; after the run. */
  public long measuredCpuNanos() {
    return cpuAtMeasuring < 0 ? 0 : cpuAtEnd - cpuAtMeasuring;
  }

  private void send(long start, int arrival, long elapsed, StepRecording step) {
    long offset = plan.offsetNanos(arrival);
    long lag = elapsed - offset;
    step.started(offset, lag);
    if (recording.inFlight() >= options.maxInFlight()) {
      step.failed(offset, NOT_SENT, options.maxInFlight() + " requests in flight already");
      recording.refused();
    } else {
      recording.sent();
      transport.send(
          pool.request(arrival),
          options.deadlineNanos(),
          (status, response) -> ended(start + offset, offset, step, status));
    }
  }

  private void ended(long planned, long offset, StepRecording step, Status status) {
    if (closed) {
      return; // counted as unanswered already
    }
    long now = clock.nanoTime();
    if (status.isOk()) {
      step.answered(offset, now - planned);
      recording.answered(now - planned);
    } else {
      step.failed(offset, status.getCode().name(), reason(status));
      recording.failed();
    }
    serverGone.ended(now, status);
  }

  /**
   * Waits for the calls in flight, as long as their deadlines let them live and a little longer.
   */
  private void drain() {
    long end = clock.nanoTime() + options.deadlineNanos() + options.drainNanos();
    while (recording.inFlight() > 0 && clock.nanoTime() < end) {
      clock.parkUntil(clock.nanoTime() + DRAIN_POLL_NANOS);
    }
    closed = true;
    recording.steps().forEach(StepRecording::closeUnanswered);
  }

  static String reason(Status status) {
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    String description = status.getDescription() == null ? "" : status.getDescription();
    String cause = root == null || root.getMessage() == null ? "" : " (" + root.getMessage() + ")";
    return (description + cause).strip().replaceAll("\\s+", " ");
  }
}
