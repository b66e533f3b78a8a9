package dev.podium.server;

import dev.podium.server.requestlog.AccessLog;
import dev.podium.server.requestlog.RequestLog;
import dev.podium.server.requestlog.Traces;
import dev.podium.server.rpc.InferenceRpc;
import dev.podium.server.rpc.RankingRpc;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.LongSupplier;

/** Puts traces and the access log together, as the settings say. */
final class ServerRequestLog {
  private ServerRequestLog() {}

  /**
   * Null if nobody wants to know of single requests: then none is watched.
   *
   * @param clock nanoseconds, the scheduler's
   * @throws IOException if a file can't be used, naming it
   */
  static RequestLog of(ServerConfig config, String version, LongSupplier clock) throws IOException {
    if (!config.traces().enabled() && !config.accessLog().enabled()) {
      return null;
    }
    Set<String> methods = new HashSet<>(RankingRpc.REQUESTS);
    methods.addAll(InferenceRpc.REQUESTS);
    AccessLog accessLog =
        config.accessLog().enabled()
            ? new AccessLog(
                config.accessLog(), clock, () -> ThreadLocalRandom.current().nextDouble())
            : null;
    Traces traces =
        config.traces().enabled()
            ? Traces.over(config.traces(), version, clock, ServerRequestLog::epochNanos)
            : null;
    return new RequestLog(methods, traces, accessLog, clock);
  }

  private static long epochNanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }
}
