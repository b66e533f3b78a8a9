package dev.podium.server.rpc;

import dev.podium.server.repository.Readiness;
import dev.podium.server.repository.manager.ModelStatus;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * {@code grpc.health.v1.Health}: the server under the empty name, which serves while it is ready,
 * and each model under its own, which serves while one of its versions is available. Thread-safe.
 */
public final class HealthRpc {
  private final Readiness readiness;
  private final HealthStatusManager manager = new HealthStatusManager();
  private final Set<ServerCall<?, ?>> watches = ConcurrentHashMap.newKeySet();
  private boolean ended;

  public HealthRpc(Readiness readiness) {
    this.readiness = readiness;
    manager.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
  }

  /** What the transport serves. */
  public ServerServiceDefinition service() {
    return ServerInterceptors.intercept(manager.getHealthService(), new WatchKeeper());
  }

  /** The first loads are done. */
  public void started(List<ModelStatus> models) {
    models.forEach(this::changed);
  }

  /** A model's versions are others than before. */
  public synchronized void changed(ModelStatus model) {
    manager.setStatus(model.name(), status(model.available()));
    manager.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status(readiness.isReady()));
  }

  /**
   * The server takes no more requests; for good. Those who watch are told so, and their calls end:
   * they would go on for ever, and the server waits for its calls.
   */
  public synchronized void notServing() {
    ended = true;
    manager.enterTerminalState();
    for (ServerCall<?, ?> watch : watches) {
      end(watch);
    }
    watches.clear();
  }

  private static void end(ServerCall<?, ?> watch) {
    watch.close(Status.UNAVAILABLE.withDescription("the server is shutting down"), new Metadata());
  }

  /** Notes an open watch; false if the server takes none any more. */
  private synchronized boolean keep(ServerCall<?, ?> watch) {
    return !ended && watches.add(watch);
  }

  private static ServingStatus status(boolean serving) {
    return serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }

  /** Knows the open calls of Watch. */
  private final class WatchKeeper implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      if (!call.getMethodDescriptor()
          .getFullMethodName()
          .equals(HealthGrpc.getWatchMethod().getFullMethodName())) {
        return next.startCall(call, headers);
      }
      if (!keep(call)) {
        end(call);
        return new ServerCall.Listener<>() {};
      }
      ServerCall.Listener<Q> listener = next.startCall(call, headers);
      return new SimpleForwardingServerCallListener<>(listener) {
        @Override
        public void onCancel() {
          watches.remove(call);
          super.onCancel();
        }

        @Override
        public void onComplete() {
          watches.remove(call);
          super.onComplete();
        }
      };
    }
  }
}
