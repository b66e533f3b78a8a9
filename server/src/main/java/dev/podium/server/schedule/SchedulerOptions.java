package dev.podium.server.schedule;

import java.time.Duration;
import java.util.List;

/**
 * Settings of a {@link TileScheduler}.
 *
 * @param workers threads that run tiles, at least 1. Default: the processors this process may use,
 *     which respects a container's CPU limit
 * @param cpus processors that the workers' own threads are bound to, one each in turn; none for
 *     wherever the operating system puts them. Default: none
 * @param maxWaitingRows the most rows that wait, at least 1. Default: 200,000
 * @param maxWait the longest that work may be expected to wait when it is accepted. Default: 1 s
 * @param maxBatchDelay how long a lone small request may be held back to share its tile. Default: 0
 * @param ageBound a request is due this long after it arrived even if its deadline is later, so
 *     that nothing starves behind nearer deadlines. Default: 1 s
 * @param maxAssembledBytes memory for the features of large requests that are being scored; a large
 *     request waits for it. One is let through whatever its size. Default: 256 MiB
 * @param partialMargin how long before its deadline a request that allows a partial answer is
 *     answered with what there is, so that the answer arrives in time. Default: 3 ms
 * @param callerRunsMicros the longest expected tile that may run on a submitting thread which
 *     offers itself, in microseconds; 0 for never. Default: 500
 * @param shareTiles whether small requests share tiles. Default: true
 */
public record SchedulerOptions(
    int workers,
    List<Integer> cpus,
    long maxWaitingRows,
    Duration maxWait,
    Duration maxBatchDelay,
    Duration ageBound,
    long maxAssembledBytes,
    Duration partialMargin,
    int callerRunsMicros,
    boolean shareTiles) {

  public SchedulerOptions {
    require(workers >= 1 && workers <= 1024, "workers", workers, "1 to 1024");
    cpus = List.copyOf(cpus);
    require(maxWaitingRows >= 1, "maxWaitingRows", maxWaitingRows, "at least 1");
    require(positive(maxWait), "maxWait", maxWait, "above 0");
    require(!maxBatchDelay.isNegative(), "maxBatchDelay", maxBatchDelay, "0 or more");
    require(positive(ageBound), "ageBound", ageBound, "above 0");
    require(maxAssembledBytes >= 0, "maxAssembledBytes", maxAssembledBytes, "0 or more");
    require(!partialMargin.isNegative(), "partialMargin", partialMargin, "0 or more");
    require(callerRunsMicros >= 0, "callerRunsMicros", callerRunsMicros, "0 or more");
  }

  /** The defaults named above. */
  public static SchedulerOptions defaults() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  private static boolean positive(Duration duration) {
    return !duration.isNegative() && !duration.isZero();
  }

  private static void require(boolean holds, String name, Object value, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(name + ": " + value + " (expected: " + expected + ")");
    }
  }

  /** Collects settings; each has the default named above. */
  public static final class Builder {
    private int workers = Runtime.getRuntime().availableProcessors();
    private List<Integer> cpus = List.of();
    private long maxWaitingRows = 200_000;
    private Duration maxWait = Duration.ofSeconds(1);
    private Duration maxBatchDelay = Duration.ZERO;
    private Duration ageBound = Duration.ofSeconds(1);
    private long maxAssembledBytes = 256L << 20;
    private Duration partialMargin = Duration.ofMillis(3);
    private int callerRunsMicros = 500;
    private boolean shareTiles = true;

    private Builder() {}

    public Builder workers(int value) {
      workers = value;
      return this;
    }

    public Builder cpus(List<Integer> value) {
      cpus = value;
      return this;
    }

    public Builder maxWaitingRows(long value) {
      maxWaitingRows = value;
      return this;
    }

    public Builder maxWait(Duration value) {
      maxWait = value;
      return this;
    }

    public Builder maxBatchDelay(Duration value) {
      maxBatchDelay = value;
      return this;
    }

    public Builder ageBound(Duration value) {
      ageBound = value;
      return this;
    }

    public Builder maxAssembledBytes(long value) {
      maxAssembledBytes = value;
      return this;
    }

    public Builder partialMargin(Duration value) {
      partialMargin = value;
      return this;
    }

    public Builder callerRunsMicros(int value) {
      callerRunsMicros = value;
      return this;
    }

    public Builder shareTiles(boolean value) {
      shareTiles = value;
      return this;
    }

    public SchedulerOptions build() {
      return new SchedulerOptions(
          workers,
          cpus,
          maxWaitingRows,
          maxWait,
          maxBatchDelay,
          ageBound,
          maxAssembledBytes,
          partialMargin,
          callerRunsMicros,
          shareTiles);
    }
  }
}
