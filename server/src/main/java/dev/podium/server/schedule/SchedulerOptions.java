package dev.podium.server.schedule;

import dev.podium.server.settings.Setting;
import dev.podium.server.settings.Settings;
import java.time.Duration;
import java.util.List;

/**
 * How work is cut up and queued: settings of a {@link TileScheduler}. {@code workers} is at least 1
 * once the record is made.
 */
public record SchedulerOptions(
    @Setting(
            value = "0",
            min = "0",
            max = "1024",
            is =
                "threads that run tiles; 0 for one a processor (a container's CPU limit counts),"
                    + " or for each of `scheduler.cpus`")
        int workers,
    @Setting(
            value = "[]",
            min = "0",
            max = "8191",
            is =
                "processors that the workers are bound to, in turn, such as `[2, 3]` "
                    + "(Linux); without any, the kernel places the workers")
        List<Integer> cpus,
    @Setting(value = "200000", min = "1", max = "1000000000000000", is = "the most rows that wait")
        long maxWaitingRows,
    @Setting(
            value = "1s",
            min = "1us",
            max = "1h",
            is = "the longest expected wait; a request that would wait longer is refused")
        Duration maxWait,
    @Setting(
            value = "0s",
            min = "0s",
            max = "1s",
            is = "how long a lone small request may be held back to share its tile")
        Duration maxBatchDelay,
    @Setting(
            value = "1s",
            min = "1us",
            max = "1h",
            is =
                "a request counts as due this long after its arrival, even if its deadline "
                    + "is later, so that nothing starves")
        Duration ageBound,
    @Setting(
            key = "max_assembled",
            value = "256MiB",
            min = "0",
            max = "1024GiB",
            bytes = true,
            is =
                "memory for the features of large requests that are being scored; further "
                    + "large requests wait for it, but one request always runs, whatever its size")
        long maxAssembledBytes,
    @Setting(
            value = "3ms",
            min = "0s",
            max = "1h",
            is =
                "a request that allows a partial answer gets the scores that are there this"
                    + " long before its deadline; at most a quarter of the deadline")
        Duration partialMargin,
    @Setting(
            value = "500us",
            min = "0s",
            max = "1s",
            is =
                "if a worker is idle, a tile of at most this expected length runs on the "
                    + "event loop of its request, which spares two thread switches; 0s for no "
                    + "tile")
        Duration callerRunsTile,
    @Setting(value = "true", is = "whether small requests share tiles") boolean shareTiles) {

  public SchedulerOptions {
    cpus = List.copyOf(cpus);
    if (workers == 0) {
      workers = cpus.isEmpty() ? Runtime.getRuntime().availableProcessors() : cpus.size();
    }
  }

  /** With all defaults. */
  public static SchedulerOptions defaults() {
    return Settings.defaults(SchedulerOptions.class);
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder(defaults());
  }

  /** Collects settings; what is left out has its default. */
  public static final class Builder {
    private int workers;
    private List<Integer> cpus;
    private long maxWaitingRows;
    private Duration maxWait;
    private Duration maxBatchDelay;
    private Duration ageBound;
    private long maxAssembledBytes;
    private Duration partialMargin;
    private Duration callerRunsTile;
    private boolean shareTiles;

    private Builder(SchedulerOptions from) {
      workers = from.workers;
      cpus = from.cpus;
      maxWaitingRows = from.maxWaitingRows;
      maxWait = from.maxWait;
      maxBatchDelay = from.maxBatchDelay;
      ageBound = from.ageBound;
      maxAssembledBytes = from.maxAssembledBytes;
      partialMargin = from.partialMargin;
      callerRunsTile = from.callerRunsTile;
      shareTiles = from.shareTiles;
    }

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

    public Builder callerRunsTile(Duration value) {
      callerRunsTile = value;
      return this;
    }

    public Builder shareTiles(boolean value) {
      shareTiles = value;
      return this;
    }

    public SchedulerOptions build() {
      return Settings.checked(
          new SchedulerOptions(
              workers,
              cpus,
              maxWaitingRows,
              maxWait,
              maxBatchDelay,
              ageBound,
              maxAssembledBytes,
              partialMargin,
              callerRunsTile,
              shareTiles));
    }
  }
}
