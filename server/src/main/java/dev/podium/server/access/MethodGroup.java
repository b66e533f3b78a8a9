package dev.podium.server.access;

import java.util.Locale;
import java.util.Map;

/** Methods that rules speak of together. */
public enum MethodGroup {
  /** Ranking requests. */
  RANK,
  /** Inference requests of the Open Inference Protocol. */
  INFER,
  /** What is served, and how much was. */
  DESCRIBE,
  /** Loads, unloads, labels. */
  CONTROL,
  /** Whether the server and its models serve. Open to everybody: probes have no credentials. */
  HEALTH,
  /** The services' descriptions. */
  REFLECTION,
  /** What the transport does. */
  CHANNELZ,
  /** Anything that the others don't name. */
  OTHER;

  private static final Map<String, MethodGroup> SERVICES =
      Map.of(
          "podium.ranking.v1.RankingService", RANK,
          "podium.ranking.v1.ModelService", DESCRIBE,
          "inference.GRPCInferenceService", DESCRIBE,
          "grpc.health.v1.Health", HEALTH,
          "grpc.reflection.v1.ServerReflection", REFLECTION,
          "grpc.reflection.v1alpha.ServerReflection", REFLECTION,
          "grpc.channelz.v1.Channelz", CHANNELZ,
          "xds.service.orca.v3.OpenRcaService", DESCRIBE);

  private static final Map<String, MethodGroup> METHODS =
      Map.of(
          "podium.ranking.v1.ModelService/LoadModel", CONTROL,
          "podium.ranking.v1.ModelService/UnloadModel", CONTROL,
          "podium.ranking.v1.ModelService/SetLabel", CONTROL,
          "inference.GRPCInferenceService/ModelInfer", INFER,
          "inference.GRPCInferenceService/ModelStreamInfer", INFER,
          "inference.GRPCInferenceService/RepositoryModelLoad", CONTROL,
          "inference.GRPCInferenceService/RepositoryModelUnload", CONTROL,
          "inference.GRPCInferenceService/ServerLive", HEALTH,
          "inference.GRPCInferenceService/ServerReady", HEALTH);

  /** The group of a method, named as gRPC does: {@code service/method}. */
  public static MethodGroup of(String fullMethodName) {
    MethodGroup group = METHODS.get(fullMethodName);
    if (group != null) {
      return group;
    }
    int slash = fullMethodName.lastIndexOf('/');
    return SERVICES.getOrDefault(fullMethodName.substring(0, Math.max(0, slash)), OTHER);
  }

  /** The group that a rule names, or null. */
  public static MethodGroup named(String name) {
    for (MethodGroup group : values()) {
      if (group.toString().equals(name)) {
        return group;
      }
    }
    return null;
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
