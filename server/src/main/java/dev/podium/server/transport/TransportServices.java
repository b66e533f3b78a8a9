package dev.podium.server.transport;

import io.grpc.BindableService;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import java.util.List;

/**
 * What the transport carries.
 *
 * @param services all that callers can call
 * @param interceptors around each call; the last is the outermost
 * @param tracers hear of each call
 */
public record TransportServices(
    List<BindableService> services,
    List<ServerInterceptor> interceptors,
    List<ServerStreamTracer.Factory> tracers) {
  public TransportServices {
    services = List.copyOf(services);
    interceptors = List.copyOf(interceptors);
    tracers = List.copyOf(tracers);
  }
}
