package dev.podium.server;

import dev.podium.server.access.AccessOptions;
import dev.podium.server.access.AccessRule;
import dev.podium.server.access.AccessRules;
import dev.podium.server.admission.AdmissionOptions;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.ExecutionProvider;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.schedule.SchedulerOptions;
import dev.podium.server.transport.TlsOptions;
import dev.podium.server.transport.TransportOptions;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;

/** What each room of the server is told, from the server's settings. */
final class RoomOptions {
  private RoomOptions() {}

  static SchedulerOptions scheduler(ServerConfig.Scheduler config) {
    SchedulerOptions.Builder options =
        SchedulerOptions.builder()
            .cpus(config.cpus())
            .maxWaitingRows(config.maxWaitingRows())
            .maxWait(config.maxWait().duration())
            .maxBatchDelay(config.maxBatchDelay().duration())
            .ageBound(config.ageBound().duration())
            .maxAssembledBytes(config.maxAssembled().bytes())
            .partialMargin(config.partialMargin().duration())
            .callerRunsMicros((int) (config.callerRunsTile().duration().toNanos() / 1000))
            .shareTiles(config.shareTiles());
    if (config.workers() > 0) {
      options.workers(config.workers());
    } else if (!config.cpus().isEmpty()) {
      options.workers(config.cpus().size());
    }
    return options.build();
  }

  static AdmissionOptions admission(ServerConfig.Admission config) {
    return new AdmissionOptions(
        config.targetWait().duration(),
        config.minRows(),
        config.maxRows(),
        config.maxBytes().bytes());
  }

  static EngineOptions engine(ServerConfig.Engine config, int workers) {
    return new EngineOptions(
        config.optimizationLevel(),
        config.intraOpThreads(),
        config.memoryPattern(),
        config.arena(),
        workers,
        config.maxCopies().bytes(),
        config.executionProviders().stream()
            .map(name -> new ExecutionProvider(name, false, null, Map.of()))
            .toList(),
        config.customOpLibraries());
  }

  static TuningOptions compiler(ServerConfig.Compiler config) {
    return new TuningOptions(
        config.enabled(),
        config.tolerance(),
        config.tune(),
        config.maxTables().bytes(),
        config.contextCache().bytes(),
        config.contextCacheAge().duration());
  }

  static int eventLoops(ServerConfig.Grpc config) {
    return config.eventLoops() == 0
        ? Math.max(1, Runtime.getRuntime().availableProcessors() / 4)
        : config.eventLoops();
  }

  static TransportOptions transport(ServerConfig all) {
    ServerConfig.Grpc config = all.grpc();
    ServerConfig.Tls tls = all.tls();
    return new TransportOptions(
        config.host(),
        config.port(),
        config.uds(),
        PosixFilePermissions.fromString(config.udsPermissions()),
        tls.enabled()
            ? new TlsOptions(tls.certificate(), tls.key(), tls.clientCa(), tls.clientAuth())
            : null,
        new TransportOptions.Limits(
            (int) config.maxMessage().bytes(),
            (int) config.maxMetadata().bytes(),
            (int) config.window().bytes(),
            config.maxStreams(),
            config.maxConnections(),
            config.maxIdle().duration(),
            config.maxAge().duration(),
            config.minPingInterval().duration(),
            config.maxResets()));
  }

  static AccessOptions access(ServerConfig.Auth config) {
    return new AccessOptions(
        config.tokens(),
        config.jwks(),
        config.issuer(),
        config.audience(),
        config.clientCertificates(),
        config.trustUnixSocket(),
        new AccessRules(
            config.rules().stream()
                .map(rule -> AccessRule.of(rule.principals(), rule.methods(), rule.models()))
                .toList()));
  }
}
