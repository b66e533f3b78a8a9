package dev.podium.server.rpc;

import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.Set;

/**
 * {@code podium.ranking.v1.RankingService}. Works on calls rather than stubs: a request stays bytes
 * until a worker writes it into the runtime's buffers, and its answer is sent from the thread that
 * computed it.
 */
public final class RankingRpc implements BindableService {
  /** Full names of the methods that bring requests. */
  public static final Set<String> REQUESTS =
      Set.of(
          RankingServiceGrpc.getRankMethod().getFullMethodName(),
          RankingServiceGrpc.getRankStreamMethod().getFullMethodName());

  private final RequestHandler<?> handler;
  private final ByteMethods methods;
  private final CallDeadline deadline;

  /** Requests go through this dispatcher. */
  public RankingRpc(RequestDispatcher dispatcher) {
    this.handler = new RankHandler(dispatcher);
    this.methods = dispatcher.methods();
    this.deadline = dispatcher.deadline();
  }

  @Override
  public ServerServiceDefinition bindService() {
    var rank = methods.of(RankingServiceGrpc.getRankMethod());
    var stream = methods.of(RankingServiceGrpc.getRankStreamMethod());
    ServiceDescriptor descriptor =
        ServiceDescriptor.newBuilder(RankingServiceGrpc.SERVICE_NAME)
            .setSchemaDescriptor(RankingServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
            .addMethod(rank)
            .addMethod(stream)
            .build();
    return ServerServiceDefinition.builder(descriptor)
        .addMethod(rank, (call, headers) -> new UnaryCall(handler, call, deadline.call()))
        .addMethod(stream, (call, headers) -> new StreamCall(handler, call, deadline.call()))
        .build();
  }
}
