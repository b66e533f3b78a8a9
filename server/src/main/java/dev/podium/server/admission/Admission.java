package dev.podium.server.admission;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.podium.server.admission.LimitRule.Window;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * Decides what is let in. Bytes are asked for before a message is decoded, rows when its model and
 * its size are known. Thread-safe; each call takes a lock for some tens of nanoseconds at most.
 */
public final class Admission {
  /** A window ends after this time if enough requests ended in it, and in any case after that. */
  private static final long WINDOW_NANOS = 50_000_000;

  private static final long LONGEST_WINDOW_NANOS = 500_000_000;
  private static final int WINDOW_REQUESTS = 20;

  /** A message up to this size may go above the bound on bytes while it arrives. */
  private static final long SMALL_MESSAGE = 64 << 10;

  private static final long SMALL_MESSAGES = 1 << 20;

  private final AdmissionOptions options;
  private final LimitRule rule;
  private final LongSupplier clock;
  private final AtomicLong bytes = new AtomicLong();
  private final LongAdder refusedForRows = new LongAdder();
  private final LongAdder refusedForBytes = new LongAdder();

  @GuardedBy("this")
  private final Map<String, ModelRows> models = new HashMap<>();

  @GuardedBy("this")
  private int activeModels;

  @GuardedBy("this")
  private long limit;

  @GuardedBy("this")
  private long rows;

  @GuardedBy("this")
  private long windowStart;

  @GuardedBy("this")
  private int windowRequests;

  @GuardedBy("this")
  private long windowRows;

  @GuardedBy("this")
  private double windowWait;

  @GuardedBy("this")
  private long windowDropped;

  @GuardedBy("this")
  private long windowPeak;

  @GuardedBy("this")
  private double rowsPerMilli;

  /** Rows in flight for one model; reached through what is guarded alone. */
  private static final class ModelRows {
    long rows;
  }

  /**
   * @param clock nanoseconds, as {@link System#nanoTime}
   */
  public Admission(AdmissionOptions options, LongSupplier clock) {
    this.options = options;
    this.clock = clock;
    this.rule = new LimitRule(options.minRows(), options.maxRows(), options.targetWait().toNanos());
    this.limit = Math.max(options.minRows(), Math.min(options.maxRows(), 50_000));
    this.windowStart = clock.getAsLong();
  }

  /**
   * Makes room for a message.
   *
   * @return false if the server holds too many bytes already; otherwise {@link #release} follows
   *     when the message's bytes are no longer held
   */
  public boolean tryReceive(int length) {
    if (bytes.addAndGet(length) <= options.maxBytes() || bytes.get() == length) {
      return true;
    }
    bytes.addAndGet(-length);
    refusedForBytes.increment();
    return false;
  }

  /**
   * Makes room for a part of a message that is still arriving. Small messages may go a quarter
   * above the bound: they are refused as a whole, by {@link #tryReceive(int)}, which their callers
   * learn more from.
   *
   * @param more bytes that have arrived
   * @param held bytes of the same call that have room already
   * @return false if there is no room; otherwise {@link #release} follows
   */
  public boolean tryReceive(long more, long held) {
    long most = options.maxBytes();
    if (held + more <= SMALL_MESSAGE) {
      most += Math.max(most / 4, SMALL_MESSAGES);
    }
    long now = bytes.addAndGet(more);
    if (now <= most || now == held + more) {
      return true;
    }
    bytes.addAndGet(-more);
    refusedForBytes.increment();
    return false;
  }

  /** Counts bytes that are there in any case; {@link #release} follows. */
  public void hold(long length) {
    bytes.addAndGet(length);
  }

  /** Gives back what {@link #tryReceive} or {@link #hold} counted. */
  public void release(long length) {
    bytes.addAndGet(-length);
  }

  /** Why {@link #tryReceive} said no. */
  public RankException tooManyBytes() {
    return RankException.overloaded(
        "requests in flight: more than " + options.maxBytes() + " bytes", retryMillis(0));
  }

  /**
   * Lets a request in. Sheddable requests may use half of the limit, normal ones nine tenths,
   * critical ones all of it. A model that has less than its share of the limit is let in even when
   * others have filled it, and so is a request that is alone, whatever its size.
   *
   * @param model the name of a model that exists
   * @param count the request's rows, at least 1
   * @return to be released once, when the request has ended
   * @throws RankException RESOURCE_EXHAUSTED, with the time after which to try again
   */
  public Permit admit(String model, int count, Priority priority) throws RankException {
    long inFlight;
    double allowed;
    synchronized (this) {
      ModelRows own = models.computeIfAbsent(model, name -> new ModelRows());
      allowed = limit * share(priority);
      int sharers = own.rows == 0 ? activeModels + 1 : activeModels;
      if (rows == 0 || rows + count <= allowed || own.rows + count <= allowed / sharers) {
        activeModels = sharers;
        own.rows += count;
        rows += count;
        windowPeak = Math.max(windowPeak, rows);
        return new Permit(this, own, count);
      }
      // A refusal shows as well that the limit is in use.
      windowPeak = Math.max(windowPeak, limit);
      inFlight = rows;
    }
    refusedForRows.increment();
    throw RankException.overloaded(
        "rows in flight: "
            + (inFlight + count)
            + " with this request's "
            + count
            + " (expected: at most "
            + (long) allowed
            + ")",
        retryMillis(inFlight + count - allowed));
  }

  /** How full the server is. */
  public synchronized AdmissionSnapshot snapshot() {
    return new AdmissionSnapshot(
        limit, rows, bytes.get(), refusedForRows.sum(), refusedForBytes.sum());
  }

  /** The right to have some rows in flight. Has one owner, who releases it once. */
  public static final class Permit {
    private final Admission admission;
    private final ModelRows model;
    private final int count;
    private boolean released;

    private Permit(Admission admission, ModelRows model, int count) {
      this.admission = admission;
      this.model = model;
      this.count = count;
    }

    /**
     * The request has ended.
     *
     * @param waitNanos how long it waited for a worker; only looked at for SUCCESS
     * @throws IllegalStateException if called twice
     */
    public void release(Outcome outcome, long waitNanos) {
      admission.release(this, outcome, waitNanos);
    }
  }

  private synchronized void release(Permit permit, Outcome outcome, long waitNanos) {
    if (permit.released) {
      throw new IllegalStateException("permit: released twice (expected: once)");
    }
    permit.released = true;
    rows -= permit.count;
    permit.model.rows -= permit.count;
    if (permit.model.rows == 0) {
      activeModels--;
    }
    switch (outcome) {
      case SUCCESS -> {
        windowRequests++;
        windowRows += permit.count;
        windowWait += (double) waitNanos * permit.count;
      }
      case DROPPED -> {
        windowRequests++;
        windowDropped += permit.count;
      }
      case IGNORED -> {}
    }
    long now = clock.getAsLong();
    long age = now - windowStart;
    if (age >= LONGEST_WINDOW_NANOS || (age >= WINDOW_NANOS && windowRequests >= WINDOW_REQUESTS)) {
      closeWindow(now, age);
    }
  }

  @GuardedBy("this")
  private void closeWindow(long now, long age) {
    limit = rule.next(limit, new Window(windowRows, windowWait, windowDropped, windowPeak));
    rowsPerMilli = windowRows * 1e6 / age;
    windowStart = now;
    windowRequests = 0;
    windowRows = 0;
    windowWait = 0;
    windowDropped = 0;
    windowPeak = rows;
  }

  /** How long it takes until some rows are done, at the present pace. */
  private long retryMillis(double excessRows) {
    double pace;
    synchronized (this) {
      pace = rowsPerMilli;
    }
    double millis = pace <= 0 ? 10 : Math.ceil(excessRows / pace);
    return (long) Math.max(1, Math.min(10_000, millis));
  }

  private static double share(Priority priority) {
    return switch (priority) {
      case CRITICAL -> 1;
      case NORMAL -> 0.9;
      case SHEDDABLE -> 0.5;
    };
  }
}
