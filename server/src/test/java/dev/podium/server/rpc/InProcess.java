package dev.podium.server.rpc;

import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.server.ServerConfig;
import dev.podium.server.access.CallAccess;
import dev.podium.server.admission.Admission;
import dev.podium.server.engine.Engine;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.loader.ModelLoader;
import dev.podium.server.schedule.RankTask;
import dev.podium.server.schedule.TileScheduler;
import dev.podium.server.telemetry.Telemetry;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * Both services without a network: calls made by hand, on a repository, a scheduler and an
 * admission of their own. What a caller sends reaches the handlers as the transport would bring it.
 */
final class InProcess implements AutoCloseable {
  /** What a call does to the request's way; named as a test wants to say it. */
  enum Way {
    RANK,
    RANK_STREAM,
    INFER,
    INFER_STREAM;

    boolean streams() {
      return this == RANK_STREAM || this == INFER_STREAM;
    }

    boolean ranks() {
      return this == RANK || this == RANK_STREAM;
    }
  }

  final ModelRepository repository;
  final TileScheduler scheduler;
  final Admission admission;
  final RequestDispatcher dispatcher;
  private final RankHandler rank;
  private final InferHandler infer;

  /** What is thrown before the messages of a call are sent; null for nothing. */
  volatile RequestSteps replies = RequestSteps.NONE;

  InProcess(Path models, Engine engine, RequestSteps steps) throws Exception {
    this(models, engine, steps, System::nanoTime, 0);
  }

  InProcess(
      Path models, Engine engine, RequestSteps steps, LongSupplier clock, long defaultDeadline)
      throws Exception {
    ServerConfig config = ServerConfig.onFreePorts(models);
    Telemetry telemetry = new Telemetry();
    scheduler = new TileScheduler(config.scheduler(), clock, telemetry);
    repository =
        new ModelRepository(
            models,
            new ModelLoader(
                engine,
                config.engine().withWorkers(config.scheduler().workers()),
                config.compiler(),
                Set.of()),
            version -> scheduler.retire(version.scheduled()),
            Runnable::run);
    repository.load();
    admission = new Admission(config.admission(), clock);
    dispatcher =
        new RequestDispatcher(
            repository,
            scheduler,
            Runnable::run,
            admission,
            telemetry,
            clock,
            config.ranking().maxCandidates(),
            defaultDeadline,
            steps);
    rank = new RankHandler(dispatcher);
    infer = new InferHandler(dispatcher, true);
  }

  /** A call that has brought its messages and been half-closed. */
  Call send(Way way, byte[]... messages) throws IOException {
    Call call = open(way);
    for (byte[] message : messages) {
      call.bring(message);
    }
    call.halfClose();
    return call;
  }

  /** A call that has brought nothing so far. */
  Call open(Way way) {
    return new Call(way);
  }

  /** How many things are held that a request would hold: 0 if all was given back. */
  String held() {
    return "bytes %d, rows %d, messages %d, tasks %d"
        .formatted(
            admission.snapshot().bytes(),
            admission.snapshot().rows(),
            dispatcher.pool().held(),
            scheduler.snapshot().liveTasks());
  }

  @Override
  public void close() {
    repository.close();
    scheduler.close();
  }

  /** One call, from the server's side and from its caller's. */
  final class Call extends ServerCall<MessageBytes, byte[]> {
    private final Way way;
    private final Listener<MessageBytes> listener;
    private final CompletableFuture<Status> closed = new CompletableFuture<>();
    private final List<byte[]> answers = new ArrayList<>();
    private int closes;
    private volatile String answeredBy;

    private Call(Way way) {
      this.way = way;
      CallInfo info =
          new CallInfo(
              RankTask.NO_DEADLINE,
              dispatcher.deadline().defaultNanos(),
              CallAccess.current(),
              null);
      RequestHandler<?> handler = way.ranks() ? rank : infer;
      listener =
          way.streams() ? new StreamCall(handler, this, info) : new UnaryCall(handler, this, info);
    }

    /** As gRPC does: what a listener throws ends the call. */
    void bring(byte[] message) throws IOException {
      MessageBytes bytes =
          dispatcher.pool().read(new ByteArrayInputStream(message), message.length);
      try {
        listener.onMessage(bytes);
      } catch (Throwable e) {
        broken(e);
      }
    }

    void halfClose() {
      try {
        listener.onHalfClose();
      } catch (Throwable e) {
        broken(e);
      }
    }

    void cancel() {
      listener.onCancel();
    }

    private void broken(Throwable e) {
      end(Status.UNKNOWN.withCause(e));
      listener.onCancel();
    }

    /** How it ended. */
    Status status() throws Exception {
      try {
        return closed.get(30, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        throw new AssertionError(way + ": the call has no end; held: " + held(), e);
      }
    }

    /** The messages that its caller got. */
    synchronized List<byte[]> answers() {
      return List.copyOf(answers);
    }

    /** The thread that sent the last answer. */
    String answeredBy() {
      return answeredBy;
    }

    /** How often the server closed it. */
    synchronized int closes() {
      return closes;
    }

    private synchronized void end(Status status) {
      closes++;
      closed.complete(status);
    }

    @Override
    public void request(int numMessages) {}

    @Override
    public void sendHeaders(Metadata headers) {}

    @Override
    public synchronized void sendMessage(byte[] message) {
      replies.before(RequestSteps.Step.ANSWER);
      if (closes > 0) {
        throw new IllegalStateException("call is closed");
      }
      answers.add(message);
      answeredBy = Thread.currentThread().getName();
    }

    @Override
    public void close(Status status, Metadata trailers) {
      replies.before(RequestSteps.Step.REFUSE);
      end(status);
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public MethodDescriptor<MessageBytes, byte[]> getMethodDescriptor() {
      return dispatcher
          .methods()
          .of(
              switch (way) {
                case RANK -> RankingServiceGrpc.getRankMethod();
                case RANK_STREAM -> RankingServiceGrpc.getRankStreamMethod();
                case INFER -> GRPCInferenceServiceGrpc.getModelInferMethod();
                case INFER_STREAM -> GRPCInferenceServiceGrpc.getModelStreamInferMethod();
              });
    }
  }
}
