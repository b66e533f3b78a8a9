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
                "largest difference of a score from the exported graph's with which the halves"
                    + " serve; absolute for scores up to 1, relative above")
        double tolerance,
    @Setting(
            value = "true",
            is =
                "whether each pass is timed with and without when a model loads; costs seconds at"
                    + " start")
        boolean tune,
    @Setting(
            key = "max_tables",
            value = "64MiB",
            min = "0",
            max = "1024GiB",
            bytes = true,
            is =
                "memory for tables made from embeddings, for each model; models of up to half of"
                    + " it also get forms for short histories")
        long maxTableBytes,
    @Setting(
            key = "context_cache",
            value = "0",
            min = "0",
            max = "1024GiB",
            bytes = true,
            is =
                "memory for results of the context half, kept for the next request of the same"
                    + " context, for each model; 0 for none")
        long contextCacheBytes,
    @Setting(value = "1s", min = "0s", max = "24h", is = "how long such a result is kept")
        Duration contextCacheAge) {
  /** What holds unless configured otherwise. */
  public static final TuningOptions DEFAULT = Settings.defaults(TuningOptions.class);

  /** The exported graph and nothing else. */
  public static final TuningOptions OFF =
      new TuningOptions(false, 1e-5, false, 0, 0, Duration.ofSeconds(1));
}
