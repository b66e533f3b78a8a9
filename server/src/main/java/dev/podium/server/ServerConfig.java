package dev.podium.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.podium.server.access.AccessRule;
import dev.podium.server.engine.EngineOptions.OptimizationLevel;
import dev.podium.server.log.LogFormat;
import dev.podium.server.schedule.CpuAffinity;
import dev.podium.server.transport.TlsOptions.ClientAuth;
import dev.podium.server.yaml.ByteSize;
import dev.podium.server.yaml.Span;
import dev.podium.server.yaml.StrictYaml;
import dev.podium.server.yaml.YamlException;
import java.net.URI;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * All settings of a server. Immutable; what is left out has the default that {@code
 * docs/configuration.md} names. Read with {@link ConfigReader} or made directly.
 *
 * @param models folder of model folders
 * @param requiredModels models that must be available for the server to be ready; by default all
 *     that are found when it starts
 * @param modelControl whether callers may load and unload models
 * @param warmUp how long a starting server ranks the models' examples before it serves; 0s for not
 *     at all
 * @param grpc where ranking requests arrive
 * @param tls keys of the gRPC port
 * @param auth who may call
 * @param admin where operators look
 * @param ranking what a request may ask for
 * @param inference the Open Inference Protocol
 * @param admission how much is let in
 * @param scheduler how work is cut up and queued
 * @param engine how graphs are loaded
 * @param compiler what may be done to make graphs faster
 * @param traces spans of requests, over OTLP
 * @param logging how the log is written
 * @param accessLog which requests stand in the log
 * @param reload how often the files of keys and credentials are looked at
 * @param drainTimeout how long a stopping server waits for the requests that it has
 * @param flushTimeout how long it then takes to send spans and write lines that wait
 */
public record ServerConfig(
    Path models,
    List<String> requiredModels,
    Boolean modelControl,
    Span warmUp,
    Grpc grpc,
    Tls tls,
    Auth auth,
    Admin admin,
    Ranking ranking,
    Inference inference,
    Admission admission,
    Scheduler scheduler,
    Engine engine,
    Compiler compiler,
    Traces traces,
    Logging logging,
    AccessLog accessLog,
    Span reload,
    Span drainTimeout,
    Span flushTimeout) {

  public ServerConfig {
    models = Objects.requireNonNullElse(models, Path.of("models/repository"));
    requiredModels = requiredModels == null ? null : List.copyOf(requiredModels);
    modelControl = Objects.requireNonNullElse(modelControl, true);
    warmUp = orDefault(warmUp, "2s");
    grpc = orDefaults(grpc, Grpc.class);
    tls = orDefaults(tls, Tls.class);
    auth = orDefaults(auth, Auth.class);
    reload = orDefault(reload, "30s");
    admin = orDefaults(admin, Admin.class);
    ranking = orDefaults(ranking, Ranking.class);
    inference = orDefaults(inference, Inference.class);
    admission = orDefaults(admission, Admission.class);
    scheduler = orDefaults(scheduler, Scheduler.class);
    engine = orDefaults(engine, Engine.class);
    compiler = orDefaults(compiler, Compiler.class);
    traces = orDefaults(traces, Traces.class);
    logging = orDefaults(logging, Logging.class);
    accessLog = orDefaults(accessLog, AccessLog.class);
    drainTimeout = orDefault(drainTimeout, "30s");
    flushTimeout = orDefault(flushTimeout, "3s");
  }

  /** A server of this folder with all defaults, on free loopback ports, that need not warm up. */
  public static ServerConfig onFreePorts(Path models) {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    tree.put("models", models.toString());
    tree.put("warm_up", "0s");
    tree.putObject("grpc").put("port", 0);
    tree.putObject("admin").put("port", 0);
    return of(tree, ServerConfig.class);
  }

  /** A section that has its defaults alone, unless it is there. */
  private static <R> R orDefaults(R section, Class<R> type) {
    return section == null ? of(JsonNodeFactory.instance.objectNode(), type) : section;
  }

  private static <R> R of(ObjectNode tree, Class<R> type) {
    try {
      return StrictYaml.bind(tree, type);
    } catch (YamlException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
  }

  /**
   * Where ranking requests arrive.
   *
   * @param host address to bind; loopback unless set
   * @param port 0 for a free one
   * @param uds path of a Unix domain socket to listen on besides
   * @param udsPermissions who may connect to it, as {@code ls} shows it
   * @param maxMessage the largest request taken
   * @param maxMetadata the largest headers of a call
   * @param window bytes of messages that a connection may have under way, before the server has
   *     taken them
   * @param maxStreams calls at once on one connection
   * @param maxConnections at once
   * @param maxIdle after which a connection without calls is closed
   * @param maxAge after which a connection is closed gracefully, so that clients spread anew; 0s
   *     for never
   * @param minPingInterval the least time between a client's keep-alive pings
   * @param maxResets calls that a client may cancel on one connection each second
   * @param eventLoops threads for network input and output; 0 for one for each four processors
   * @param reflection whether the services describe themselves
   * @param channelz whether the transport shows what it does
   * @param loadReports whether answers say how loaded the server is (ORCA)
   */
  public record Grpc(
      String host,
      Integer port,
      Path uds,
      String udsPermissions,
      ByteSize maxMessage,
      ByteSize maxMetadata,
      ByteSize window,
      Integer maxStreams,
      Integer maxConnections,
      Span maxIdle,
      Span maxAge,
      Span minPingInterval,
      Integer maxResets,
      Integer eventLoops,
      Boolean reflection,
      Boolean channelz,
      Boolean loadReports) {
    public Grpc {
      host = Objects.requireNonNullElse(host, "127.0.0.1");
      port = requirePort("grpc.port", Objects.requireNonNullElse(port, 8001));
      udsPermissions = Objects.requireNonNullElse(udsPermissions, "rw-rw----");
      maxMessage = orDefault(maxMessage, "16MiB");
      maxMetadata = orDefault(maxMetadata, "16KiB");
      window = orDefault(window, "256KiB");
      maxStreams = Objects.requireNonNullElse(maxStreams, 1_000);
      maxConnections = Objects.requireNonNullElse(maxConnections, 10_000);
      maxIdle = orDefault(maxIdle, "1800s");
      maxAge = orDefault(maxAge, "0s");
      minPingInterval = orDefault(minPingInterval, "10s");
      maxResets = Objects.requireNonNullElse(maxResets, 1_000);
      eventLoops = Objects.requireNonNullElse(eventLoops, 0);
      reflection = Objects.requireNonNullElse(reflection, true);
      channelz = Objects.requireNonNullElse(channelz, false);
      loadReports = Objects.requireNonNullElse(loadReports, false);
      requireRange("grpc.max_message", maxMessage.bytes(), 1024, Integer.MAX_VALUE);
      requireRange("grpc.max_metadata", maxMetadata.bytes(), 1024, 1 << 20);
      requireRange("grpc.window in bytes", window.bytes(), 65_535, 64 << 20);
      requireRange("grpc.max_streams", maxStreams, 1, Integer.MAX_VALUE);
      requireRange("grpc.max_connections", maxConnections, 1, 1_000_000);
      requireRange("grpc.max_resets", maxResets, 1, 1_000_000);
      requireRange("grpc.event_loops", eventLoops, 0, 256);
      requirePermissions(udsPermissions);
    }

    private static void requirePermissions(String text) {
      try {
        PosixFilePermissions.fromString(text);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "grpc.uds_permissions: '" + text + "' (expected: as in 'rw-rw----')", e);
      }
    }
  }

  /**
   * Keys of the gRPC port: PEM files, read again when they change.
   *
   * @param certificate the server's certificate, and those that lead to its root; without it the
   *     port speaks plain text
   * @param key the certificate's private key, PKCS #8 without a passphrase
   * @param clientCa certificates that sign clients'
   * @param clientAuth none, optional or required; required by default if there is a client_ca
   */
  public record Tls(Path certificate, Path key, Path clientCa, ClientAuth clientAuth) {
    public Tls {
      clientAuth =
          Objects.requireNonNullElse(
              clientAuth, clientCa == null ? ClientAuth.NONE : ClientAuth.REQUIRED);
      if ((certificate == null) != (key == null)) {
        throw new IllegalArgumentException(
            "tls."
                + (key == null ? "key" : "certificate")
                + ": missing (expected: both tls.certificate and tls.key, or neither)");
      }
      if (clientCa != null && certificate == null) {
        throw new IllegalArgumentException(
            "tls.certificate: missing (expected: one, as tls.client_ca is set)");
      }
      if (clientAuth != ClientAuth.NONE && clientCa == null) {
        throw new IllegalArgumentException(
            "tls.client_ca: missing (expected: a file, as tls.client_auth is set)");
      }
    }

    /** Whether the port speaks TLS. */
    boolean enabled() {
      return certificate != null;
    }
  }

  /**
   * Who may call. Without tokens, jwks and client_certificates everybody may.
   *
   * @param tokens file of hashed bearer tokens
   * @param jwks file of the keys that sign JWTs
   * @param issuer that JWTs must name
   * @param audience that JWTs must name
   * @param clientCertificates whether the name in a client's certificate is its credential
   * @param trustUnixSocket whether callers on the Unix domain socket need no credentials
   * @param rules what callers may do; by default rank, infer and look
   */
  public record Auth(
      Path tokens,
      Path jwks,
      String issuer,
      String audience,
      Boolean clientCertificates,
      Boolean trustUnixSocket,
      List<Rule> rules) {
    public Auth {
      clientCertificates = Objects.requireNonNullElse(clientCertificates, false);
      trustUnixSocket = Objects.requireNonNullElse(trustUnixSocket, false);
      rules = rules == null ? List.of() : List.copyOf(rules);
      if (jwks == null && (issuer != null || audience != null)) {
        throw new IllegalArgumentException(
            "auth.jwks: missing (expected: a file, as auth.issuer or auth.audience is set)");
      }
    }

    /** Whether callers need credentials. */
    boolean enabled() {
      return tokens != null || jwks != null || clientCertificates;
    }
  }

  /**
   * Lets some callers do some things with some models; {@code *} stands for any text.
   *
   * @param principals callers' names
   * @param methods any of rank, infer, describe, control, health, reflection, channelz, or *
   * @param models models' names; all by default
   */
  public record Rule(List<String> principals, List<String> methods, List<String> models) {
    public Rule {
      principals = principals == null ? List.of("*") : List.copyOf(principals);
      methods = methods == null ? List.of("rank", "infer", "describe") : List.copyOf(methods);
      models = models == null ? List.of("*") : List.copyOf(models);
      AccessRule.of(principals, methods, models);
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
   * @param cpus processors that the workers are bound to, one each in turn; none for any
   * @param callerRunsTile the longest expected tile that may run on an event loop; 0 for none
   */
  public record Scheduler(
      Integer workers,
      List<Integer> cpus,
      Long maxWaitingRows,
      Span maxWait,
      Span maxBatchDelay,
      Span ageBound,
      ByteSize maxAssembled,
      Span partialMargin,
      Span callerRunsTile,
      Boolean shareTiles) {
    public Scheduler {
      workers = Objects.requireNonNullElse(workers, 0);
      cpus = cpus == null ? List.of() : List.copyOf(cpus);
      maxWaitingRows = Objects.requireNonNullElse(maxWaitingRows, 200_000L);
      maxWait = orDefault(maxWait, "1s");
      maxBatchDelay = orDefault(maxBatchDelay, "0s");
      ageBound = orDefault(ageBound, "1s");
      maxAssembled = orDefault(maxAssembled, "256MiB");
      partialMargin = orDefault(partialMargin, "3ms");
      callerRunsTile = orDefault(callerRunsTile, "500us");
      shareTiles = Objects.requireNonNullElse(shareTiles, true);
      requireRange("scheduler.workers", workers, 0, 1024);
      for (int cpu : cpus) {
        requireRange("scheduler.cpus", cpu, 0, CpuAffinity.MAX_CPUS - 1);
      }
      requireRange("scheduler.max_waiting_rows", maxWaitingRows, 1, Long.MAX_VALUE);
      requireRange(
          "scheduler.caller_runs_tile in us",
          callerRunsTile.duration().toNanos() / 1000,
          0,
          1_000_000);
    }
  }

  /**
   * How graphs are loaded, unless a {@code model.yaml} says otherwise.
   *
   * @param maxCopies memory, for each model, that weights may take in workers' own sessions
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
      ByteSize maxCopies,
      List<String> executionProviders,
      List<Path> customOpLibraries,
      List<Path> allowedLibraries) {
    public Engine {
      optimizationLevel = Objects.requireNonNullElse(optimizationLevel, OptimizationLevel.ALL);
      intraOpThreads = Objects.requireNonNullElse(intraOpThreads, 1);
      memoryPattern = Objects.requireNonNullElse(memoryPattern, false);
      arena = Objects.requireNonNullElse(arena, true);
      maxCopies = orDefault(maxCopies, "256MiB");
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
   * What may be done to make graphs faster; see {@link dev.podium.server.engine.TuningOptions}.
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

  /**
   * Spans of requests, sent to a collector over OTLP.
   *
   * @param endpoint of a collector that takes OTLP over gRPC, such as {@code
   *     http://127.0.0.1:4317}; no traces without it
   * @param ca PEM file of the certificates that sign the collector's; the JDK's if there is none
   * @param sampleRatio of the traces that begin here; those of callers are kept if the caller keeps
   *     them
   * @param serviceName the server's name in them
   * @param resource what else the server is, each {@code NAME=VALUE}
   * @param maxQueue spans that wait to be sent; more are dropped and counted
   * @param timeout of one export
   */
  public record Traces(
      String endpoint,
      Path ca,
      Double sampleRatio,
      String serviceName,
      List<String> resource,
      Integer maxQueue,
      Span timeout) {
    public Traces {
      sampleRatio = Objects.requireNonNullElse(sampleRatio, 0.01);
      serviceName = Objects.requireNonNullElse(serviceName, "podium");
      resource = resource == null ? List.of() : List.copyOf(resource);
      maxQueue = Objects.requireNonNullElse(maxQueue, 4_096);
      timeout = orDefault(timeout, "10s");
      requireRatio("traces.sample_ratio", sampleRatio);
      requireRange("traces.max_queue", maxQueue, 1, 1_000_000);
      attributes(resource);
      if (endpoint != null) {
        requireEndpoint(endpoint);
      } else if (ca != null) {
        throw new IllegalArgumentException(
            "traces.endpoint: missing (expected: one, as traces.ca is set)");
      }
    }

    /** Whether there are traces. */
    boolean enabled() {
      return endpoint != null;
    }

    /** What the server is, by name. */
    Map<String, String> attributes() {
      return attributes(resource);
    }

    private static Map<String, String> attributes(List<String> resource) {
      Map<String, String> attributes = new LinkedHashMap<>();
      for (String item : resource) {
        int sign = item.indexOf('=');
        if (sign < 1 || attributes.put(item.substring(0, sign), item.substring(sign + 1)) != null) {
          throw new IllegalArgumentException(
              "traces.resource: '" + item + "' (expected: NAME=VALUE, each name once)");
        }
      }
      return attributes;
    }

    private static void requireEndpoint(String text) {
      URI endpoint;
      try {
        endpoint = URI.create(text);
      } catch (IllegalArgumentException e) {
        endpoint = URI.create("");
      }
      boolean known = "http".equals(endpoint.getScheme()) || "https".equals(endpoint.getScheme());
      String path = endpoint.getPath();
      if (!known
          || endpoint.getHost() == null
          || endpoint.getPort() < 1
          || endpoint.getUserInfo() != null
          || endpoint.getQuery() != null
          || !(path.isEmpty() || path.equals("/"))) {
        throw new IllegalArgumentException(
            "traces.endpoint: '" + text + "' (expected: http://HOST:PORT or https://HOST:PORT)");
      }
    }
  }

  /**
   * How the log is written.
   *
   * @param format text or json
   */
  public record Logging(LogFormat format) {
    public Logging {
      format = Objects.requireNonNullElse(format, LogFormat.TEXT);
    }
  }

  /**
   * Which requests stand in the log.
   *
   * @param enabled whether any do
   * @param sampleRatio of those that are neither slow nor failed
   * @param slowThreshold above which a request always stands there
   * @param maxFailures lines a second for requests that were not answered
   * @param maxQueue lines that wait to be written; more are dropped and counted
   * @param features whether refusals of wrong requests stand there with their sentence, which may
   *     quote a feature's value
   */
  public record AccessLog(
      Boolean enabled,
      Double sampleRatio,
      Span slowThreshold,
      Integer maxFailures,
      Integer maxQueue,
      Boolean features) {
    public AccessLog {
      enabled = Objects.requireNonNullElse(enabled, false);
      sampleRatio = Objects.requireNonNullElse(sampleRatio, 0.01);
      slowThreshold = orDefault(slowThreshold, "100ms");
      maxFailures = Objects.requireNonNullElse(maxFailures, 100);
      maxQueue = Objects.requireNonNullElse(maxQueue, 1_024);
      features = Objects.requireNonNullElse(features, false);
      requireRatio("access_log.sample_ratio", sampleRatio);
      requireRange("access_log.max_failures", maxFailures, 1, 1_000_000);
      requireRange("access_log.max_queue", maxQueue, 1, 1_000_000);
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

  private static void requireRatio(String key, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new IllegalArgumentException(key + ": " + value + " (expected: 0 to 1)");
    }
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

  /** The same as a tree. */
  JsonNode tree() {
    try {
      return StrictYaml.tree(toYaml());
    } catch (YamlException e) {
      throw new AssertionError("settings that were written can be read", e);
    }
  }
}
