package dev.podium.server;

import dev.podium.server.access.AccessControl;
import dev.podium.server.access.AccessException;
import dev.podium.server.access.AccessOptions;
import dev.podium.server.admin.AdminServer;
import dev.podium.server.admin.StatusReport;
import dev.podium.server.admission.Admission;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.Readiness;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.repository.manager.LoadThreads;
import dev.podium.server.requestlog.RequestLog;
import dev.podium.server.rpc.HealthRpc;
import dev.podium.server.rpc.InferenceControl;
import dev.podium.server.rpc.InferenceRpc;
import dev.podium.server.rpc.LoadRpc;
import dev.podium.server.rpc.ModelControl;
import dev.podium.server.rpc.ModelRpc;
import dev.podium.server.rpc.RankingRpc;
import dev.podium.server.rpc.RequestDispatcher;
import dev.podium.server.schedule.CpuAffinity;
import dev.podium.server.schedule.TileScheduler;
import dev.podium.server.telemetry.CallMeters;
import dev.podium.server.telemetry.KeyFiles;
import dev.podium.server.telemetry.LoadMeter;
import dev.podium.server.telemetry.ServerCollector;
import dev.podium.server.telemetry.Telemetry;
import dev.podium.server.transport.EventLoops;
import dev.podium.server.transport.GrpcTransport;
import dev.podium.server.transport.TransportServices;
import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A running server. Start it with {@link #start}, stop it with {@link #close}, which lets the
 * requests that it has finish. Thread-safe.
 */
public final class PodiumServer implements AutoCloseable {
  private static final Logger LOG = Logger.getLogger(PodiumServer.class.getName());
  private static final LongSupplier CLOCK = System::nanoTime;

  /** Loads and unloads that callers asked for and that are not begun. */
  private static final int MOST_CHANGES_WAITING = 16;

  /** As the package says; a server run from its classes has none. */
  private static final String VERSION =
      Objects.requireNonNullElse(
          PodiumServer.class.getPackage().getImplementationVersion(), "development");

  private final ServerConfig config;
  private final TileScheduler scheduler;
  private final ModelRepository repository;
  private final Readiness readiness;
  private final HealthRpc health;
  private final LoadRpc loads;
  private final GrpcTransport transport;
  private final AdminServer admin;
  private final ScheduledExecutorService timer;
  private final ExecutorService control;

  /** Null if there are neither traces nor an access log. */
  private final RequestLog requestLog;

  private final AtomicBoolean closed = new AtomicBoolean();

  private PodiumServer(
      ServerConfig config,
      TileScheduler scheduler,
      ModelRepository repository,
      Readiness readiness,
      HealthRpc health,
      LoadRpc loads,
      GrpcTransport transport,
      AdminServer admin,
      ScheduledExecutorService timer,
      ExecutorService control,
      RequestLog requestLog) {
    this.config = config;
    this.scheduler = scheduler;
    this.repository = repository;
    this.readiness = readiness;
    this.health = health;
    this.loads = loads;
    this.transport = transport;
    this.admin = admin;
    this.timer = timer;
    this.requestLog = requestLog;
    this.control = control;
  }

  /**
   * Loads the models and starts listening; returns when both are done.
   *
   * @throws ModelException if the models' folder can't be read. Single models that fail are
   *     reported by {@code ListModels} and in the log, and the others serve
   * @throws IOException if an address can't be bound
   */
  public static PodiumServer start(ServerConfig config) throws IOException, ModelException {
    checkCpus(config.scheduler().cpus());
    Telemetry telemetry = new Telemetry();
    TileScheduler scheduler = new TileScheduler(config.scheduler(), CLOCK, telemetry);
    ModelRepository repository =
        new ModelRepository(
            config.models(),
            new ModelLoader(
                new OnnxEngine(),
                config.engine().withWorkers(config.scheduler().workers()),
                config.compiler(),
                Set.copyOf(config.engine().allowedLibraries())),
            version ->
                scheduler
                    .retire(version.scheduled())
                    .thenRun(() -> telemetry.forget(version.scheduled())),
            loadThreads());
    Admission admission = new Admission(config.admission(), CLOCK);
    Readiness readiness = new Readiness(repository, config.requiredModels());
    HealthRpc health = new HealthRpc(readiness);
    ExecutorService control = controlThread();
    CallMeters calls = new CallMeters();
    ScheduledExecutorService timer = timer();
    EventLoops loops = new EventLoops(config.grpc().eventLoops());
    GrpcTransport transport = null;
    RequestLog requestLog = null;
    try {
      requestLog = ServerRequestLog.of(config, VERSION, CLOCK);
      repository.load();
      warmUp(config, repository, scheduler, loops, telemetry);
      List<BindableService> services =
          services(
              config,
              repository,
              desk(config, repository, scheduler, loops, admission, telemetry),
              telemetry,
              readiness,
              new ModelControl(repository, mayControl(config), control),
              timer);
      services.add(health::service);
      LoadRpc loads = null;
      List<ServerInterceptor> interceptors = new ArrayList<>();
      if (config.grpc().loadReports()) {
        loads = new LoadRpc(new LoadMeter(telemetry, scheduler::snapshot, CLOCK), timer);
        services.add(loads);
        interceptors.add(loads.trailers());
      }
      AccessControl access = accessControl(config.auth());
      if (access != null) {
        interceptors.add(access);
        every(
            config.reload(),
            timer,
            () -> telemetry.reloaded(KeyFiles.CREDENTIALS, access.reload()));
      }
      warnIfOpen(config);
      services.forEach(
          service ->
              service
                  .bindService()
                  .getMethods()
                  .forEach(
                      method -> calls.known(method.getMethodDescriptor().getFullMethodName())));
      transport =
          GrpcTransport.start(
              config.grpc(),
              config.tls(),
              new TransportServices(
                  services,
                  interceptors,
                  requestLog == null ? List.of(calls) : List.of(calls, requestLog)),
              loops);
      MultiCollector meters =
          new ServerCollector(
              telemetry,
              calls,
              scheduler,
              admission,
              repository,
              readiness,
              GrpcTransport::directBytes);
      AdminServer admin =
          AdminServer.start(
              new InetSocketAddress(config.admin().host(), config.admin().port()),
              readiness::missing,
              requestLog == null ? meters : requestLog.metersBeside(meters),
              new StatusReport(
                  VERSION, readiness::missing, repository, telemetry, scheduler, admission));
      if (config.tls().enabled()) {
        GrpcTransport listening = transport;
        every(
            config.reload(),
            timer,
            () -> telemetry.reloaded(KeyFiles.CERTIFICATES, listening.reload()));
      }
      readiness.started();
      repository.listen(health::changed);
      health.started(repository.status());
      return new PodiumServer(
          config,
          scheduler,
          repository,
          readiness,
          health,
          loads,
          transport,
          admin,
          timer,
          control,
          requestLog);
    } catch (IOException | ModelException | RuntimeException e) {
      if (transport != null) {
        transport.close(0);
      }
      loops.close();
      repository.close();
      scheduler.close();
      timer.shutdownNow();
      control.shutdownNow();
      if (requestLog != null) {
        requestLog.close();
      }
      throw e;
    }
  }

  private static void warmUp(
      ServerConfig config,
      ModelRepository repository,
      TileScheduler scheduler,
      EventLoops loops,
      Telemetry telemetry) {
    Admission admission = new Admission(config.admission(), CLOCK);
    ServerWarmUp.run(
        desk(config, repository, scheduler, loops, admission, telemetry),
        repository,
        loops,
        config.warmUp().toNanos(),
        CLOCK);
    // What callers send is to be counted, not this.
    telemetry.all().forEach(meters -> telemetry.forget(meters.version()));
  }

  private static RequestDispatcher desk(
      ServerConfig config,
      ModelRepository repository,
      TileScheduler scheduler,
      EventLoops loops,
      Admission admission,
      Telemetry telemetry) {
    return new RequestDispatcher(
        repository,
        scheduler,
        loops.callerRuns(),
        admission,
        telemetry,
        CLOCK,
        config.ranking().maxCandidates(),
        config.ranking().defaultDeadline().toNanos());
  }

  private static List<BindableService> services(
      ServerConfig config,
      ModelRepository repository,
      RequestDispatcher desk,
      Telemetry telemetry,
      Readiness readiness,
      ModelControl control,
      Executor files) {
    List<BindableService> services = new ArrayList<>();
    services.add(new RankingRpc(desk));
    services.add(new ModelRpc(repository, control));
    if (config.inference().enabled()) {
      services.add(
          new InferenceRpc(
              desk,
              new InferenceControl(
                  repository, control, files, readiness::isReady, telemetry::of, VERSION),
              config.inference().compareContext()));
    }
    if (config.grpc().reflection()) {
      services.add(ProtoReflectionServiceV1.newInstance());
      services.add(reflectionOfOldClients());
    }
    if (config.grpc().channelz()) {
      services.add(ChannelzService.newInstance(100));
    }
    return services;
  }

  /** Version v1alpha, which many tools still speak. */
  @SuppressWarnings("deprecation")
  private static BindableService reflectionOfOldClients() {
    return ProtoReflectionService.newInstance();
  }

  private static AccessControl accessControl(AccessOptions config) throws IOException {
    if (!config.enabled()) {
      return null;
    }
    try {
      return new AccessControl(config, System::currentTimeMillis);
    } catch (AccessException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** A server that others can reach should not be open to them by mistake. */
  private static void warnIfOpen(ServerConfig config) throws IOException {
    boolean tls = config.tls().enabled();
    boolean auth = config.auth().enabled();
    String missing = tls ? "authentication" : auth ? "TLS" : "TLS and authentication";
    if (!InetAddress.getByName(config.grpc().host()).isLoopbackAddress() && !(tls && auth)) {
      LOG.log(
          Level.WARNING,
          "grpc.host {0}: not loopback, without {1} (expected: both; see docs/security.md)",
          new Object[] {config.grpc().host(), missing});
    }
    if (!InetAddress.getByName(config.admin().host()).isLoopbackAddress()) {
      LOG.log(
          Level.WARNING,
          "admin.host {0}: not loopback; the admin port has no authentication",
          config.admin().host());
    }
  }

  /** For rare small tasks; costs nothing while there are none. */
  private static ScheduledExecutorService timer() {
    return Executors.newSingleThreadScheduledExecutor(
        task -> {
          Thread thread = new Thread(task, "podium-timer");
          thread.setDaemon(true);
          return thread;
        });
  }

  /** For loads and unloads that callers ask for; there is no thread while there are none. */
  private static ExecutorService controlThread() {
    ThreadPoolExecutor executor =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_CHANGES_WAITING),
            task -> {
              Thread thread = new Thread(task, "podium-control");
              thread.setDaemon(true);
              return thread;
            });
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }

  /** Strangers must not unload models: beyond loopback, callers need credentials for that. */
  static boolean mayControl(ServerConfig config) throws IOException {
    return config.modelControl()
        && (config.auth().enabled()
            || InetAddress.getByName(config.grpc().host()).isLoopbackAddress());
  }

  private static void every(Duration period, ScheduledExecutorService timer, Runnable task) {
    long nanos = period.toNanos();
    Runnable again =
        () -> {
          try {
            task.run();
          } catch (RuntimeException e) {
            LOG.log(Level.SEVERE, "a timer's task failed; it is tried again", e);
          }
        };
    Future<?> unused = timer.scheduleWithFixedDelay(again, nanos, nanos, TimeUnit.NANOSECONDS);
  }

  /** Where ranking requests are taken. */
  public InetSocketAddress grpcAddress() {
    return transport.address();
  }

  /** Where operators look. */
  public InetSocketAddress adminAddress() {
    return admin.address();
  }

  /** The models and their states. */
  public ModelRepository repository() {
    return repository;
  }

  /** Stops as {@link #stop} does, within the configured time. */
  @Override
  public void close() {
    drainAndClose();
  }

  /** As {@link #close}; returns whether all requests were finished. */
  public boolean drainAndClose() {
    return stop(config.drainTimeout());
  }

  /**
   * Takes no more requests, finishes those that it has, and frees everything. Calls after the first
   * do nothing.
   *
   * @return whether all requests were finished within the time
   */
  public boolean stop(Duration timeout) {
    if (!closed.compareAndSet(false, true)) {
      return true;
    }
    readiness.draining();
    health.notServing();
    if (loads != null) {
      loads.close();
    }
    boolean finished = transport.close(timeout.toMillis());
    if (requestLog != null) {
      requestLog.close(config.flushTimeout());
    }
    admin.close();
    timer.shutdownNow();
    control.shutdownNow();
    repository.close();
    scheduler.close();
    return finished;
  }

  /**
   * On half of the processors: beside as many others the times that a model is tuned by are off.
   */
  private static Executor loadThreads() {
    return LoadThreads.atOnce(Math.max(1, Runtime.getRuntime().availableProcessors() / 2));
  }

  private static void checkCpus(List<Integer> cpus) throws IOException {
    if (cpus.isEmpty()) {
      return;
    }
    try {
      CpuAffinity.check(cpus);
    } catch (IOException e) {
      throw new IOException("scheduler.cpus: " + e.getMessage(), e);
    }
  }
}
