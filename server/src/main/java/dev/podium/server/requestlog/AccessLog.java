package dev.podium.server.requestlog;

import dev.podium.server.log.LogEvent;
import dev.podium.server.log.RateBound;
import io.opentelemetry.api.trace.SpanContext;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Writes a line for some requests, on a thread of its own: who waits for an answer never waits for
 * a disk. Lines that come while too many wait are dropped and counted. Thread-safe.
 */
public final class AccessLog {
  /** The logger's name, for those who want the lines elsewhere. */
  public static final String LOGGER = "podium.access";

  // The JDK keeps loggers weakly.
  private static final Logger LOG = Logger.getLogger(LOGGER);

  /** Callers' texts are cut here. */
  private static final int LONGEST_TEXT = 256;

  private final AccessLogOptions options;
  private final long slowNanos;
  private final RateBound failures;
  private final DoubleSupplier random;
  private final Consumer<LogRecord> out;
  private final ThreadPoolExecutor writer;
  private final LongAdder written = new LongAdder();
  private final LongAdder dropped = new LongAdder();
  private final LongAdder heldBack = new LongAdder();

  /**
   * Lines since the start.
   *
   * @param written those that were
   * @param dropped those that found the queue full, or came too late
   * @param heldBack failures above their number a second
   */
  record Counts(long written, long dropped, long heldBack) {}

  /**
   * @param clock nanoseconds
   * @param random from 0, below 1
   */
  public AccessLog(AccessLogOptions options, LongSupplier clock, DoubleSupplier random) {
    this(options, clock, random, LOG::log);
  }

  AccessLog(
      AccessLogOptions options,
      LongSupplier clock,
      DoubleSupplier random,
      Consumer<LogRecord> out) {
    this.options = options;
    this.slowNanos = options.slowThreshold().toNanos();
    this.failures = new RateBound(options.maxFailures(), clock);
    this.random = random;
    this.out = out;
    this.writer =
        new ThreadPoolExecutor(
            1,
            1,
            1,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(options.maxQueue()),
            task -> {
              Thread thread = new Thread(task, "podium-access-log");
              thread.setDaemon(true);
              return thread;
            },
            (task, executor) -> dropped.increment());
  }

  /**
   * Writes the request's line, if it is to have one.
   *
   * @param span of its trace; invalid if it has none
   */
  void record(CallWatch call, RequestEnd end, SpanContext span) {
    Keep keep =
        Keep.of(end.failed(), end.nanos(), slowNanos, options.sampleRatio(), random.getAsDouble());
    if (keep == Keep.NO) {
      return;
    }
    if (keep == Keep.FAILED && failures.pass() < 0) {
      heldBack.increment();
      return;
    }
    writer.execute(() -> write(keep, call, end, span));
  }

  private void write(Keep keep, CallWatch call, RequestEnd end, SpanContext span) {
    LogEvent line = new LogEvent(Level.INFO, "request", fields(keep, call, end, span));
    line.setLoggerName(LOGGER);
    out.accept(line);
    written.increment();
  }

  private Map<String, Object> fields(Keep keep, CallWatch call, RequestEnd end, SpanContext span) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("kept", keep.name().toLowerCase(Locale.ROOT));
    fields.put("method", call.method());
    fields.put("status", end.code().name());
    fields.put("model", cut(end.model()));
    fields.put("version", end.version());
    fields.put("rows", end.rows());
    fields.put("peer", call.peer());
    fields.put("request_id", cut(end.requestId()));
    fields.put("total_us", end.nanos() / 1_000);
    RequestEnd.Stages stages = end.stages();
    if (stages != null) {
      fields.put("queue_us", stages.queueMicros());
      fields.put("assemble_us", stages.assembleMicros());
      fields.put("infer_us", stages.inferMicros());
      fields.put("encode_us", (end.end() - stages.scored()) / 1_000);
      fields.put("tiles", stages.tiles());
      fields.put("form", stages.form());
    }
    if (end.deadline() != Long.MAX_VALUE) {
      fields.put("deadline_left_us", (end.deadline() - end.end()) / 1_000);
    }
    if (span.isValid()) {
      fields.put("trace_id", span.getTraceId());
    }
    if (end.problem() != null && (options.quoteRefusals() || !end.quotesCaller())) {
      fields.put("problem", cut(end.problem()));
    }
    return fields;
  }

  private static String cut(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "…";
  }

  Counts counts() {
    return new Counts(written.sum(), dropped.sum(), heldBack.sum());
  }

  /** Writes what waits, for at most the given time; takes nothing more. */
  void close(Duration limit) {
    writer.shutdown();
    try {
      if (!writer.awaitTermination(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        dropped.add(writer.shutdownNow().size());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      dropped.add(writer.shutdownNow().size());
    }
  }
}
