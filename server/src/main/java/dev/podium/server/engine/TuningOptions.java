package dev.podium.server.engine;

import dev.podium.server.settings.Setting;
import dev.podium.server.settings.Settings;
import java.time.Duration;

/** What may be done to make a model faster than its export. Immutable. */
public record TuningOptions(
    @Setting(value = "true", is = "whether graphs are split into halves") boolean enabled,
    @Setting(
            value = "1e-5",
            min = "1e-12",
            max = "1",
            is =
                "beside rounding, how far a score of the halves may be off, as a share of "
                    + "the scores' standard deviation")
        double tolerance,
    @Setting(
            value = "true",
            is =
                "whether a loading model is timed with and without each pass; this takes "
                    + "seconds")
        boolean tune,
    @Setting(
            key = "max_tables",
            value = "64MiB",
            min = "0",
            max = "1024GiB",
            bytes = true,
            is =
                "memory for each model's tables made from embeddings; models of up to half "
                    + "this size also get forms for short histories")
        long maxTableBytes,
    @Setting(
            key = "context_cache",
            value = "0",
            min = "0",
            max = "1024GiB",
            bytes = true,
            is =
                "memory for each model's results of the context half, kept for the next "
                    + "request with the same context; 0 for none")
        long contextCacheBytes,
    @Setting(
            value = "1s",
            min = "0s",
            max = "24h",
            is = "how long a result of the context half is kept")
        Duration contextCacheAge) {
  /** What holds unless configured otherwise. */
  public static final TuningOptions DEFAULT = Settings.defaults(TuningOptions.class);

  /** The exported graph and nothing else. */
  public static final TuningOptions OFF =
      new TuningOptions(false, 1e-5, false, 0, 0, Duration.ofSeconds(1));
}
