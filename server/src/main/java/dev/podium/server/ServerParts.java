package dev.podium.server;

import dev.podium.server.access.AccessControl;
import dev.podium.server.access.AccessException;
import dev.podium.server.access.AccessOptions;
import dev.podium.server.admin.AdminServer;
import dev.podium.server.admin.StatusReport;
import dev.podium.server.admission.Admission;
import dev.podium.server.admission.AdmissionOptions;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.Readiness;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.requestlog.RequestLog;
import dev.podium.server.rpc.HealthRpc;
import dev.podium.server.rpc.InferenceControl;
import dev.podium.server.rpc.InferenceRpc;
import dev.podium.server.rpc.LoadRpc;
import dev.podium.server.rpc.ModelControl;
import dev.podium.server.rpc.ModelRpc;
import dev.podium.server.rpc.RankingRpc;
import dev.podium.server.rpc.RequestDispatcher;
import dev.podium.server.schedule.TileScheduler;
import dev.podium.server.telemetry.CallMeters;
import dev.podium.server.telemetry.KeyFiles;
import dev.podium.server.telemetry.LoadMeter;
import dev.podium.server.telemetry.ServerCollector;
import dev.podium.server.telemetry.Telemetry;
import dev.podium.server.transport.EventLoops;
import dev.podium.server.transport.GrpcTransport;
import dev.podium.server.transport.TransportBounds;
import dev.podium.server.transport.TransportServices;
import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.protobuf.services.ChannelzService;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.prometheus.metrics.model.registry.MultiCollector;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Makes the parts of a server and joins them: the constructor all that needs no model, so that
 * wrong settings are found and the admin port is open before models are loaded; then {@link #load},
 * {@link #warmUp} and {@link #serve} in this order. What is made is closed by the lifecycle, also
 * if one of these fails.
 */
final class ServerParts {
  private static final LongSupplier CLOCK = System::nanoTime;

  /** As the package says; a server run from its classes has none. */
  private static final String VERSION =
      Objects.requireNonNullElse(
          PodiumServer.class.getPackage().getImplementationVersion(), "development");

  private final ServerConfig config;
  private final Lifecycle lifecycle;
  private final Telemetry telemetry = new Telemetry();
  private final CallMeters calls = new CallMeters();
  private final AdmissionOptions limits;
  private final Admission admission;
  private final TileScheduler scheduler;
  private final ModelRepository repository;
  private final Readiness readiness;
  private final AdminServer admin;
  private final ExecutorService control;
  private final ScheduledExecutorService timer;
  private final EventLoops loops;

  /** Null if there are neither traces nor an access log. */
  private final RequestLog requestLog;

  /** Null if everybody may call. */
  private final AccessControl access;

  private final GrpcTransport transport;

  ServerParts(ServerConfig config, Lifecycle lifecycle) throws IOException, ModelException {
    this.config = config;
    this.lifecycle = lifecycle;
    StartChecks.run(config);
    MemoryBounds bounds = MemoryBounds.here(config);
    StartChecks.warn(bounds);
    limits = config.admission().withMaxBytes(bounds.requestBytes());
    admission = new Admission(limits, CLOCK);
    scheduler =
        lifecycle.part(
            "scheduler",
            () -> new TileScheduler(config.scheduler(), CLOCK, telemetry),
            TileScheduler::close);
    ExecutorService loads =
        lifecycle.part("load threads", ServerThreads::loads, ServerThreads::close);
    repository = lifecycle.part("models", () -> emptyRepository(loads), ModelRepository::close);
    repository.found();
    readiness = new Readiness(repository, config.requiredModels());
    ServerCollector meters =
        new ServerCollector(
            telemetry,
            calls,
            scheduler,
            admission,
            repository,
            readiness,
            GrpcTransport::directBytes,
            ServerLogging::droppedLines);
    // The request log, which has meters of its own, is made later: it closes before the admin port.
    AtomicReference<MultiCollector> shown = new AtomicReference<>(meters);
    admin = lifecycle.part("admin port", () -> openAdmin(shown), AdminServer::close);
    control = lifecycle.part("control thread", ServerThreads::control, ServerThreads::close);
    timer = lifecycle.part("timer", ServerThreads::timer, ServerThreads::close);
    loops =
        lifecycle.part(
            "event loops", () -> new EventLoops(config.grpc().eventLoops()), EventLoops::close);
    requestLog =
        lifecycle.part(
            "request log",
            () -> ServerRequestLog.of(config, VERSION, CLOCK),
            log -> {
              if (log != null) {
                log.close(config.flushTimeout());
              }
            });
    if (requestLog != null) {
      shown.set(requestLog.metersBeside(meters));
    }
    access = accessControl(config.auth());
    transport =
        lifecycle.drained(
            "grpc port",
            () ->
                new GrpcTransport(
                    config.grpc(),
                    new TransportBounds(bounds.connections(), new AdmittedMessages(admission)),
                    config.tls(),
                    loops),
            (grpc, drain) -> grpc.close(drain.toMillis()));
  }

  private ModelRepository emptyRepository(Executor loads) {
    return new ModelRepository(
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
        loads);
  }

  private AdminServer openAdmin(AtomicReference<MultiCollector> meters) throws IOException {
    return AdminServer.start(
        new InetSocketAddress(config.admin().host(), config.admin().port()),
        readiness::unstarted,
        readiness::missing,
        () -> meters.get().collect(),
        new StatusReport(VERSION, readiness::missing, repository, telemetry, scheduler, admission));
  }

  private static AccessControl accessControl(AccessOptions options) throws IOException {
    if (!options.enabled()) {
      return null;
    }
    try {
      return new AccessControl(options, System::currentTimeMillis, GrpcTransport::end);
    } catch (AccessException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /** Loads the models. */
  void load() throws ModelException {
    repository.load();
  }

  /** Ranks the models' examples for a while. */
  void warmUp() {
    ServerWarmUp.run(
        dispatcher(new Admission(limits, CLOCK)),
        repository,
        loops,
        config.warmUp().toNanos(),
        CLOCK);
    // What callers send is to be counted, not this.
    telemetry.all().forEach(meters -> telemetry.forget(meters.version()));
  }

  /** Takes requests. */
  void serve() throws IOException {
    HealthRpc health = new HealthRpc(readiness);
    List<BindableService> services = services();
    services.add(health::service);
    List<ServerInterceptor> interceptors = new ArrayList<>();
    LoadRpc reports = null;
    if (config.grpc().loadReports()) {
      reports = new LoadRpc(new LoadMeter(telemetry, scheduler::snapshot, CLOCK), timer);
      services.add(reports);
      interceptors.add(reports.trailers());
    }
    if (access != null) {
      interceptors.add(access);
      ServerThreads.every(
          config.reload(), timer, () -> telemetry.reloaded(KeyFiles.CREDENTIALS, access.reload()));
    }
    services.forEach(
        service ->
            service
                .bindService()
                .getMethods()
                .forEach(method -> calls.known(method.getMethodDescriptor().getFullMethodName())));
    transport.start(
        new TransportServices(
            services,
            interceptors,
            requestLog == null ? List.of(calls) : List.of(calls, requestLog)));
    if (config.tls().enabled()) {
      telemetry.certificateExpires(transport.certificateExpiry());
      ServerThreads.every(config.reload(), timer, this::reloadCertificates);
    }
    closeFirst(health, reports);
    readiness.started();
    repository.listen(health::changed);
    health.started(repository.status());
  }

  private void reloadCertificates() {
    telemetry.reloaded(KeyFiles.CERTIFICATES, transport.reload());
    telemetry.certificateExpires(transport.certificateExpiry());
  }

  /** Streams that go on for ever, which the port would wait for, and before them readiness. */
  private void closeFirst(HealthRpc health, LoadRpc reports) {
    if (reports != null) {
      lifecycle.part("load reports", () -> reports, LoadRpc::close);
    }
    lifecycle.part("health", () -> health, HealthRpc::notServing);
    lifecycle.part("readiness", () -> readiness, Readiness::draining);
  }

  private RequestDispatcher dispatcher(Admission limit) {
    return new RequestDispatcher(
        repository,
        scheduler,
        loops.callerRuns(),
        limit,
        telemetry,
        CLOCK,
        config.ranking().maxCandidates(),
        config.ranking().defaultDeadline().toNanos());
  }

  private List<BindableService> services() throws IOException {
    RequestDispatcher dispatcher = dispatcher(admission);
    ModelControl models = new ModelControl(repository, StartChecks.mayControl(config), control);
    List<BindableService> services = new ArrayList<>();
    services.add(new RankingRpc(dispatcher));
    services.add(new ModelRpc(repository, models));
    if (config.inference().enabled()) {
      services.add(
          new InferenceRpc(
              dispatcher,
              new InferenceControl(
                  repository, models, timer, readiness::isReady, telemetry::of, VERSION),
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

  ModelRepository repository() {
    return repository;
  }

  AdminServer admin() {
    return admin;
  }

  GrpcTransport transport() {
    return transport;
  }
}
