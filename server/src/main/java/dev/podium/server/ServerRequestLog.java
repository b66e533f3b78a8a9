package dev.podium.server;

import dev.podium.server.requestlog.AccessLog;
import dev.podium.server.requestlog.AccessLogOptions;
import dev.podium.server.requestlog.RequestLog;
import dev.podium.server.requestlog.TraceOptions;
import dev.podium.server.requestlog.Traces;
import dev.podium.server.rpc.InferenceRpc;
import dev.podium.server.rpc.RankingRpc;
import java.io.IOException;
import java.net.URI;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
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
        config.accessLog().enabled() ? accessLog(config.accessLog(), clock) : null;
    Traces traces = config.traces().enabled() ? traces(config.traces(), version, clock) : null;
    return new RequestLog(methods, traces, accessLog, clock);
  }

  private static AccessLog accessLog(ServerConfig.AccessLog config, LongSupplier clock) {
    return new AccessLog(
        new AccessLogOptions(
            config.sampleRatio(),
            config.slowThreshold().duration(),
            config.maxFailures(),
            config.maxQueue(),
            config.features()),
        clock,
        () -> ThreadLocalRandom.current().nextDouble());
  }

  private static Traces traces(ServerConfig.Traces config, String version, LongSupplier clock)
      throws IOException {
    Map<String, String> resource = new HashMap<>();
    resource.put("service.name", config.serviceName());
    resource.put("service.version", version);
    resource.putAll(config.attributes());
    return Traces.over(
        new TraceOptions(
            URI.create(config.endpoint()),
            config.ca(),
            config.sampleRatio(),
            config.maxQueue(),
            config.timeout().duration(),
            resource),
        clock,
        () -> {
          Instant now = Instant.now();
          return now.getEpochSecond() * 1_000_000_000L + now.getNano();
        });
  }
}
