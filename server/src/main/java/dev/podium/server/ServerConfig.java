package dev.podium.server;

import dev.podium.server.engine.EngineOptions.OptimizationLevel;
import dev.podium.server.yaml.ByteSize;
import dev.podium.server.yaml.Span;
import dev.podium.server.yaml.StrictYaml;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * All settings of a server. Immutable; what is left out has the default that {@code
 * docs/configuration.md} names. Read with {@link ConfigReader} or made directly.
 *
 * @param models folder of model folders
 * @param grpc where ranking requests arrive
 * @param admin where operators look
 * @param ranking what a request may ask for
 * @param inference the Open Inference Protocol
 * @param admission how much is let in
 * @param scheduler how work is cut up and queued
 * @param engine how graphs are loaded
 * @param compiler what may be done to make graphs faster
 * @param drainTimeout how long a stopping server waits for the requests that it has
 */
public record ServerConfig(
    Path models,
    Grpc grpc,
    Admin admin,
    Ranking ranking,
    Inference inference,
    Admission admission,
    Scheduler scheduler,
    Engine engine,
    Compiler compiler,
    Span drainTimeout) {

  public ServerConfig {
    models = Objects.requireNonNullElse(models, Path.of("models/repository"));
    grpc = grpc == null ? new Grpc(null, null, null, null, null) : grpc;
    admin = admin == null ? new Admin(null, null) : admin;
    ranking = ranking == null ? new Ranking(null, null) : ranking;
    inference = inference == null ? new Inference(null, null) : inference;
    admission = admission == null ? new Admission(null, null, null, null) : admission;
    scheduler =
        scheduler == null ? new Scheduler(null, null, null, null, null, null, null) : scheduler;
    engine = engine == null ? new Engine(null, null, null, null, null, null, null) : engine;
    compiler = compiler == null ? new Compiler(null, null, null, null, null, null) : compiler;
    drainTimeout = orDefault(drainTimeout, "30s");
  }

  /** A server of this folder with all defaults, on free loopback ports. */
  public static ServerConfig onFreePorts(Path models) {
    return new ServerConfig(
        models,
        new Grpc(null, 0, null, null, null),
        new Admin(null, 0),
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  /**
   * Where ranking requests arrive.
   *
   * @param host address to bind; loopback unless set
   * @param port 0 for a free one
   * @param uds path of a Unix domain socket to listen on besides
   * @param maxMessage the largest request taken
   * @param eventLoops threads for network input and output; 0 for one for each four processors
   */
  public record Grpc(String host, Integer port, Path uds, ByteSize maxMessage, Integer eventLoops) {
    public Grpc {
      host = Objects.requireNonNullElse(host, "127.0.0.1");
      port = requirePort("grpc.port", Objects.requireNonNullElse(port, 8001));
      maxMessage = orDefault(maxMessage, "16MiB");
      eventLoops = Objects.requireNonNullElse(eventLoops, 0);
      requireRange("grpc.max_message", maxMessage.bytes(), 1024, Integer.MAX_VALUE);
      requireRange("grpc.event_loops", eventLoops, 0, 256);
    }
  }

  /** Where operators look. */
  public record Admin(String host, Integer port) {
    public Admin {
      host = Objects.requireNonNullElse(host, "127.0.0.1");
      port = requirePort("admin.port", Objects.requireNonNullElse(port, 8002));
    }
  }

  /**
   * What a request may ask for.
   *
   * @param maxCandidates the most candidates of one request
   * @param defaultDeadline for calls that bring none; 0s for none
   */
  public record Ranking(Integer maxCandidates, Span defaultDeadline) {
    public Ranking {
      maxCandidates = Objects.requireNonNullElse(maxCandidates, 10_000);
      defaultDeadline = orDefault(defaultDeadline, "0s");
      requireRange("ranking.max_candidates", maxCandidates, 1, 10_000_000);
    }
  }

  /**
   * The Open Inference Protocol, for clients made for KServe or Triton.
   *
   * @param enabled whether it is served
   * @param compareContext whether to find out if all rows of a request have the same context, which
   *     is then computed once
   */
  public record Inference(Boolean enabled, Boolean compareContext) {
    public Inference {
      enabled = Objects.requireNonNullElse(enabled, true);
      compareContext = Objects.requireNonNullElse(compareContext, true);
    }
  }

  /**
   * How much is let in; see {@link dev.podium.server.admission.AdmissionOptions}.
   *
   * @param targetWait the wait for a worker above which the limit on rows falls
   */
  public record Admission(Span targetWait, Long minRows, Long maxRows, ByteSize maxBytes) {
    public Admission {
      targetWait = orDefault(targetWait, "100ms");
      minRows = Objects.requireNonNullElse(minRows, 1_000L);
      maxRows = Objects.requireNonNullElse(maxRows, 1_000_000L);
      maxBytes = orDefault(maxBytes, "256MiB");
      requireRange("admission.min_rows", minRows, 1, maxRows);
    }
  }

  /**
   * How work is cut up and queued; see {@link dev.podium.server.schedule.SchedulerOptions}.
   *
   * @param workers threads that run tiles; 0 for one a processor
   */
  public record Scheduler(
      Integer workers,
      Long maxWaitingRows,
      Span maxWait,
      Span maxBatchDelay,
      Span ageBound,
      ByteSize maxAssembled,
      Boolean shareTiles) {
    public Scheduler {
      workers = Objects.requireNonNullElse(workers, 0);
      maxWaitingRows = Objects.requireNonNullElse(maxWaitingRows, 200_000L);
      maxWait = orDefault(maxWait, "1s");
      maxBatchDelay = orDefault(maxBatchDelay, "0s");
      ageBound = orDefault(ageBound, "1s");
      maxAssembled = orDefault(maxAssembled, "256MiB");
      shareTiles = Objects.requireNonNullElse(shareTiles, true);
      requireRange("scheduler.workers", workers, 0, 1024);
      requireRange("scheduler.max_waiting_rows", maxWaitingRows, 1, Long.MAX_VALUE);
    }
  }

  /**
   * How graphs are loaded, unless a {@code model.yaml} says otherwise.
   *
   * @param executionProviders names in order; {@code [cpu]} by default
   * @param customOpLibraries libraries of custom operators to register with every session
   * @param allowedLibraries libraries of plug-in execution providers that a {@code model.yaml} may
   *     name
   */
  public record Engine(
      OptimizationLevel optimizationLevel,
      Integer intraOpThreads,
      Boolean memoryPattern,
      Boolean arena,
      List<String> executionProviders,
      List<Path> customOpLibraries,
      List<Path> allowedLibraries) {
    public Engine {
      optimizationLevel = Objects.requireNonNullElse(optimizationLevel, OptimizationLevel.ALL);
      intraOpThreads = Objects.requireNonNullElse(intraOpThreads, 1);
      memoryPattern = Objects.requireNonNullElse(memoryPattern, false);
      arena = Objects.requireNonNullElse(arena, true);
      executionProviders =
          executionProviders == null || executionProviders.isEmpty()
              ? List.of("cpu")
              : List.copyOf(executionProviders);
      customOpLibraries = customOpLibraries == null ? List.of() : List.copyOf(customOpLibraries);
      allowedLibraries = allowedLibraries == null ? List.of() : List.copyOf(allowedLibraries);
      requireRange("engine.intra_op_threads", intraOpThreads, 1, 256);
    }
  }

  /**
   * What may be done to make graphs faster; see {@link dev.podium.server.engine.CompileOptions}.
   *
   * @param tune whether each pass is tried with and without when a model loads
   * @param maxTables memory for tables made from embeddings, for each model
   * @param contextCache memory for results of the context half, for each model; 0 for none
   * @param contextCacheAge how long such a result is kept
   */
  public record Compiler(
      Boolean enabled,
      Double tolerance,
      Boolean tune,
      ByteSize maxTables,
      ByteSize contextCache,
      Span contextCacheAge) {
    public Compiler {
      enabled = Objects.requireNonNullElse(enabled, true);
      tolerance = Objects.requireNonNullElse(tolerance, 1e-5);
      tune = Objects.requireNonNullElse(tune, true);
      maxTables = orDefault(maxTables, "64MiB");
      contextCache = orDefault(contextCache, "0");
      contextCacheAge = orDefault(contextCacheAge, "1s");
      if (!(tolerance > 0 && tolerance < 1)) {
        throw new IllegalArgumentException(
            "compiler.tolerance: " + tolerance + " (expected: above 0 and below 1)");
      }
    }
  }

  private static Span orDefault(Span value, String text) {
    return value == null ? Span.parse(text) : value;
  }

  private static ByteSize orDefault(ByteSize value, String text) {
    return value == null ? ByteSize.parse(text) : value;
  }

  private static int requirePort(String key, int port) {
    requireRange(key, port, 0, 65_535);
    return port;
  }

  private static void requireRange(String key, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          key + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }

  /**
   * All settings as YAML that {@link ConfigReader} reads. Holds no secrets: those stay in files.
   */
  public String toYaml() {
    return StrictYaml.write(this);
  }
}
