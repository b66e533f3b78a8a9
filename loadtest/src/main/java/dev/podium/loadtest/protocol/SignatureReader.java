package dev.podium.loadtest.protocol;

import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.ModelMetadataRequest;
import dev.podium.inference.ModelMetadataResponse;
import dev.podium.inference.ModelMetadataResponse.TensorMetadata;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.Output;
import dev.podium.ranking.v1.Role;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Asks a server what a model takes. */
public final class SignatureReader {
  private static final long TIMEOUT_SECONDS = 10;

  private final String target;
  private final Channel channel;

  /** A reader over the first of some connections. */
  public SignatureReader(Target target, Connections connections) {
    this(
        target.toString(),
        ClientInterceptors.intercept(
            connections.channel(0),
            MetadataUtils.newAttachHeadersInterceptor(connections.security().metadata())));
  }

  SignatureReader(String target, Channel channel) {
    this.target = target;
    this.channel = channel;
  }

  /**
   * The signature, by Podium's own call.
   *
   * @throws WorkFailedException if there is no server, or no such model
   */
  public Model signature(ModelSpec model) {
    return call(model.getName(), () -> getModel(model));
  }

  /**
   * The signature, if the server offers Podium's own call and knows the model by it.
   *
   * @throws WorkFailedException if there is no server
   */
  public Optional<Model> signatureIfOffered(ModelSpec model) {
    try {
      return Optional.of(getModel(model));
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED
          || e.getStatus().getCode() == Status.Code.NOT_FOUND) {
        return Optional.empty();
      }
      throw new WorkFailedException(message(model.getName(), e.getStatus()), e);
    }
  }

  private Model getModel(ModelSpec model) {
    return ModelServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .getModel(GetModelRequest.newBuilder().setModel(model).build());
  }

  /**
   * The tensors, by the Open Inference Protocol.
   *
   * @param version the model's version as text, empty if the server chooses
   * @throws WorkFailedException if there is no server, or no such model
   */
  public ModelMetadataResponse metadata(String model, String version) {
    return call(
        model,
        () ->
            GRPCInferenceServiceGrpc.newBlockingStub(channel)
                .withDeadlineAfter(TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .modelMetadata(
                    ModelMetadataRequest.newBuilder().setName(model).setVersion(version).build()));
  }

  private <T> T call(String model, Supplier<T> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      throw new WorkFailedException(message(model, e.getStatus()), e);
    }
  }

  private String message(String model, Status status) {
    return switch (status.getCode()) {
      case UNAVAILABLE -> "no server at " + target + ": " + reason(status);
      case NOT_FOUND -> "model '" + model + "' at " + target + ": " + reason(status);
      case UNIMPLEMENTED ->
          target
              + " does not speak this protocol: "
              + reason(status)
              + " (try the other --protocol)";
      default -> "signature of '" + model + "' from " + target + ": " + reason(status);
    };
  }

  private static String reason(Status status) {
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    String text =
        status.getCode() + (status.getDescription() == null ? "" : " " + status.getDescription());
    String cause = root == null || root.getMessage() == null ? "" : " (" + root.getMessage() + ")";
    return (text + cause).replaceAll("\\s+", " ");
  }

  /**
   * A signature for servers that have none: each input is a candidate feature of its own name.
   * Whole numbers are ids of a vocabulary of unknown size; wider ones are sequences.
   */
  public static Model signatureOf(ModelMetadataResponse metadata) {
    Model.Builder model =
        Model.newBuilder().setModel(ModelSpec.newBuilder().setName(metadata.getName()));
    for (TensorMetadata input : metadata.getInputsList()) {
      boolean flat = input.getShapeCount() < 2;
      int width = flat ? 1 : (int) Math.max(1, input.getShape(input.getShapeCount() - 1));
      boolean real = input.getDatatype().startsWith("FP");
      boolean text = input.getDatatype().equals("BYTES");
      Feature.Builder feature =
          Feature.newBuilder()
              .setName(input.getName())
              .setRole(Role.ROLE_CANDIDATE)
              .setRequired(true)
              .setWireType(
                  real
                      ? DataType.DATA_TYPE_FLOAT32
                      : text ? DataType.DATA_TYPE_STRING : DataType.DATA_TYPE_INT64);
      if (real) {
        feature.setKind(Kind.KIND_DENSE).setWidth(width);
      } else if (width > 1) {
        feature.setKind(Kind.KIND_SEQUENCE).setWidth(1).setLength(width);
      } else {
        feature.setKind(Kind.KIND_CATEGORICAL).setWidth(1);
      }
      model.addFeatures(feature);
    }
    for (TensorMetadata output : metadata.getOutputsList()) {
      int width =
          output.getShapeCount() < 2
              ? 1
              : (int) Math.max(1, output.getShape(output.getShapeCount() - 1));
      model.addOutputs(Output.newBuilder().setName(output.getName()).setWidth(width));
    }
    return model.build();
  }
}
