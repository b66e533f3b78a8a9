package dev.podium.server.rpc;

import dev.podium.server.repository.ModelStatus;
import dev.podium.server.repository.VersionState;
import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import java.util.List;

/**
 * {@code grpc.health.v1.Health}: the server under the empty name, and each model under its own.
 * Thread-safe.
 */
public final class HealthRpc {
  private final HealthStatusManager manager = new HealthStatusManager();
  private volatile boolean serving;

  public HealthRpc() {
    manager.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
  }

  /** What the transport serves. */
  public BindableService service() {
    return manager.getHealthService();
  }

  /** The server takes requests; a model does if one of its versions is available. */
  public void serving(List<ModelStatus> models) {
    for (ModelStatus model : models) {
      boolean available =
          model.versions().stream().anyMatch(v -> v.state() == VersionState.AVAILABLE);
      manager.setStatus(
          model.name(), available ? ServingStatus.SERVING : ServingStatus.NOT_SERVING);
    }
    manager.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
    serving = true;
  }

  /** The server takes no more requests; for good. */
  public void notServing() {
    serving = false;
    manager.enterTerminalState();
  }

  /** Whether the server takes requests. */
  public boolean isServing() {
    return serving;
  }
}
