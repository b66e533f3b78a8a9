package dev.podium.server.rpc;

import dev.podium.inference.GRPCInferenceServiceGrpc;
import io.grpc.BindableService;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * The Open Inference Protocol, {@code inference.GRPCInferenceService}, for clients made for KServe
 * or Triton: they send a graph's inputs themselves. Inference works on calls, as {@link RankingRpc}
 * does; the rest is {@link InferenceControl}.
 */
public final class InferenceRpc implements BindableService {
  /** Full names of the methods that bring requests. */
  public static final Set<String> REQUESTS =
      Set.of(
          GRPCInferenceServiceGrpc.getModelInferMethod().getFullMethodName(),
          GRPCInferenceServiceGrpc.getModelStreamInferMethod().getFullMethodName());

  private final RequestHandler<?> handler;
  private final RequestDispatcher dispatcher;
  private final InferenceControl control;

  /**
   * @param compareContext whether to find out if all rows of a request have the same context, which
   *     is then computed once
   */
  public InferenceRpc(
      RequestDispatcher dispatcher, InferenceControl control, boolean compareContext) {
    this.handler = new InferHandler(dispatcher, compareContext);
    this.dispatcher = dispatcher;
    this.control = control;
  }

  @Override
  public ServerServiceDefinition bindService() {
    CallDeadline deadline = dispatcher.deadline();
    var infer = dispatcher.methods().of(GRPCInferenceServiceGrpc.getModelInferMethod());
    var stream = dispatcher.methods().of(GRPCInferenceServiceGrpc.getModelStreamInferMethod());
    List<ServerMethodDefinition<?, ?>> others = new ArrayList<>();
    for (ServerMethodDefinition<?, ?> method : control.bindService().getMethods()) {
      String name = method.getMethodDescriptor().getFullMethodName();
      if (!name.equals(infer.getFullMethodName()) && !name.equals(stream.getFullMethodName())) {
        others.add(method);
      }
    }
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(GRPCInferenceServiceGrpc.SERVICE_NAME)
            .setSchemaDescriptor(
                GRPCInferenceServiceGrpc.getServiceDescriptor().getSchemaDescriptor())
            .addMethod(infer)
            .addMethod(stream);
    for (ServerMethodDefinition<?, ?> method : others) {
      MethodDescriptor<?, ?> described = method.getMethodDescriptor();
      descriptor.addMethod(described);
    }
    ServerServiceDefinition.Builder service =
        ServerServiceDefinition.builder(descriptor.build())
            .addMethod(infer, (call, headers) -> new UnaryCall(handler, call, deadline.call()))
            .addMethod(stream, (call, headers) -> new StreamCall(handler, call, deadline.call()));
    others.forEach(service::addMethod);
    return service.build();
  }
}
