package dev.podium.server.admission;

import dev.podium.server.settings.Setting;
import java.time.Duration;

/** Settings of {@link Admission}. Rows and bytes are those of requests in flight. */
public record AdmissionOptions(
    @Setting(
            value = "100ms",
            min = "1us",
            max = "1h",
            is =
                "mean wait of a row for a worker; if the wait is longer, the limit on rows "
                    + "in flight falls ([why](adr/admission-limit.md))")
        Duration targetWait,
    @Setting(
            value = "1000",
            min = "1",
            max = "1000000000",
            is = "the least value of the limit on rows in flight")
        long minRows,
    @Setting(
            value = "1000000",
            min = "1",
            max = "1000000000",
            is =
                "the greatest value of the limit on rows in flight; at least "
                    + "`admission.min_rows`")
        long maxRows,
    @Setting(
            value = "256MiB",
            min = "1",
            max = "1024GiB",
            bytes = true,
            is =
                "the most bytes of requests that arrive or are in work, and of answers that wait to"
                    + " be sent; a quarter of the heap, or of the direct memory, where that is"
                    + " less")
        long maxBytes) {
  public AdmissionOptions {
    if (minRows > maxRows) {
      throw new IllegalArgumentException(
          "min_rows: " + minRows + " (expected: at most max_rows, " + maxRows + ")");
    }
  }

  /** The same with another bound on bytes. */
  public AdmissionOptions withMaxBytes(long bytes) {
    return new AdmissionOptions(targetWait, minRows, maxRows, bytes);
  }
}
