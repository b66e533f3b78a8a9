package dev.podium.server.transport;

import dev.podium.server.log.RateBound;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerStreamTracer;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Stands between the network and the services, so that no client can hold the server's memory or
 * its end: what arrives is counted before a handler sees it, calls whose messages don't come or
 * whose answers aren't taken are ended, messages that can't be read get the status that says so,
 * and a stopping server ends streams that wait for nothing. Thread-safe.
 */
final class CallGuard extends ServerStreamTracer.Factory {
  private static final Logger LOG = Logger.getLogger(CallGuard.class.getName());
  private static final int LINES_A_SECOND = 5;
  private static final Status STOPPING =
      Status.UNAVAILABLE.withDescription("the server is stopping");

  private final MessageBudget budget;
  private final StallRule rule;
  private final LongSupplier clock;
  private final RateBound lines;
  private final Set<StreamWatch> open = ConcurrentHashMap.newKeySet();
  private volatile long hurryNanos = Long.MAX_VALUE;
  private volatile boolean draining;

  /**
   * @param clock nanoseconds
   */
  CallGuard(MessageBudget budget, StallRule rule, LongSupplier clock) {
    this.budget = budget;
    this.rule = rule;
    this.clock = clock;
    this.lines = new RateBound(LINES_A_SECOND, clock);
  }

  @Override
  public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
    StreamWatch[] self = new StreamWatch[1];
    self[0] = new StreamWatch(budget, clock, () -> open.remove(self[0]));
    open.add(self[0]);
    return self[0];
  }

  /** The same service, guarded. The tracers of its calls must be this factory's. */
  ServerServiceDefinition guard(ServerServiceDefinition service) {
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    var guarded = service.getMethods().stream().map(this::guard).toList();
    guarded.forEach(method -> descriptor.addMethod(method.getMethodDescriptor()));
    ServerServiceDefinition.Builder definition =
        ServerServiceDefinition.builder(descriptor.build());
    guarded.forEach(definition::addMethod);
    return definition.build();
  }

  private <Q, A> ServerMethodDefinition<Incoming<Q>, A> guard(ServerMethodDefinition<Q, A> plain) {
    MethodDescriptor<Q, A> method = plain.getMethodDescriptor();
    ServerCallHandler<Q, A> handler = plain.getServerCallHandler();
    return ServerMethodDefinition.create(
        method.toBuilder(
                Incoming.marshaller(method.getRequestMarshaller()), method.getResponseMarshaller())
            .build(),
        (call, headers) -> start(call, headers, method, handler));
  }

  private <Q, A> ServerCall.Listener<Incoming<Q>> start(
      ServerCall<Incoming<Q>, A> call,
      Metadata headers,
      MethodDescriptor<Q, A> method,
      ServerCallHandler<Q, A> handler) {
    StreamWatch watch = StreamWatch.KEY.get();
    GuardedCall<Q, A> guarded = new GuardedCall<>(call, method, watch);
    watch.attach(guarded);
    if (method.getType().clientSendsOneMessage()) {
      watch.awaitMessage();
    }
    ServerCall.Listener<Q> listener = handler.startCall(guarded, headers);
    if (draining) {
      guarded.drain(STOPPING);
    }
    return new Listener<>(guarded, watch, listener);
  }

  /** Tells a handler what happens to its call. */
  private final class Listener<Q> extends ServerCall.Listener<Incoming<Q>> {
    private final GuardedCall<Q, ?> call;
    private final StreamWatch watch;
    private final ServerCall.Listener<Q> handler;
    private final boolean oneMessage;

    Listener(GuardedCall<Q, ?> call, StreamWatch watch, ServerCall.Listener<Q> handler) {
      this.call = call;
      this.watch = watch;
      this.handler = handler;
      this.oneMessage = call.getMethodDescriptor().getType().clientSendsOneMessage();
    }

    @Override
    public void onMessage(Incoming<Q> incoming) {
      if (incoming.problem() != null) {
        watch.handled();
        call.end(incoming.problem(), new Metadata());
        tell(call, incoming.problem());
        return;
      }
      if (!oneMessage) {
        watch.received();
        watch.handled();
      }
      if (call.deliver()) {
        handler.onMessage(incoming.message());
      }
    }

    @Override
    public void onHalfClose() {
      watch.received();
      watch.handled();
      call.halfClosed();
      if (!call.isEnded()) {
        handler.onHalfClose();
      }
    }

    @Override
    public void onReady() {
      call.ready();
      handler.onReady();
    }

    @Override
    public void onCancel() {
      handler.onCancel();
    }

    @Override
    public void onComplete() {
      if (call.isEnded()) {
        handler.onCancel();
      } else {
        handler.onComplete();
      }
    }
  }

  private void tell(ServerCall<?, ?> call, Status problem) {
    long heldBack = lines.pass();
    if (heldBack >= 0) {
      LOG.log(
          Level.WARNING,
          "{0} from {1}: {2}: {3}{4}",
          new Object[] {
            call.getMethodDescriptor().getFullMethodName(),
            call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR),
            problem.getCode(),
            problem.getDescription(),
            heldBack == 0 ? "" : " (and " + heldBack + " such calls that were not logged)"
          });
    }
  }

  /** Ends the calls that wait for their clients in vain. To be run now and then. */
  void sweep() {
    long now = clock.getAsLong();
    StallRule current = rule.hurried(hurryNanos);
    for (StreamWatch watch : open) {
      switch (current.judge(now, watch.receiving(), watch.owing())) {
        case WAIT -> {}
        case NOT_RECEIVED -> {
          GuardedCall<?, ?> call = watch.call();
          if (call != null) {
            call.end(
                Status.DEADLINE_EXCEEDED.withDescription(
                    "request: not whole after "
                        + current.receiveNanos() / 1_000_000
                        + " ms (expected: its last byte and the end of the call)"),
                new Metadata());
          }
        }
        case NOT_TAKEN -> watch.cut("answer: not taken by the client");
      }
    }
  }

  /**
   * The server stops: streams are ended as soon as their requests are answered, and clients that
   * keep others waiting get less time.
   *
   * @param hurryNanos the most that a client may take from now on
   */
  void drain(long hurryNanos) {
    draining = true;
    this.hurryNanos = hurryNanos;
    for (StreamWatch watch : open) {
      GuardedCall<?, ?> call = watch.call();
      if (call != null) {
        call.drain(STOPPING);
      }
    }
  }

  /** Calls that aren't over. */
  int openCalls() {
    return open.size();
  }
}
