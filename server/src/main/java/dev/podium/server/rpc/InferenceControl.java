package dev.podium.server.rpc;

import dev.podium.inference.DataType;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.InferBatchStatistics;
import dev.podium.inference.InferStatistics;
import dev.podium.inference.ModelConfig;
import dev.podium.inference.ModelConfigRequest;
import dev.podium.inference.ModelConfigResponse;
import dev.podium.inference.ModelDynamicBatching;
import dev.podium.inference.ModelInput;
import dev.podium.inference.ModelMetadataRequest;
import dev.podium.inference.ModelMetadataResponse;
import dev.podium.inference.ModelOutput;
import dev.podium.inference.ModelReadyRequest;
import dev.podium.inference.ModelReadyResponse;
import dev.podium.inference.ModelStatistics;
import dev.podium.inference.ModelStatisticsRequest;
import dev.podium.inference.ModelStatisticsResponse;
import dev.podium.inference.RepositoryIndexRequest;
import dev.podium.inference.RepositoryIndexResponse;
import dev.podium.inference.RepositoryModelLoadRequest;
import dev.podium.inference.RepositoryModelLoadResponse;
import dev.podium.inference.RepositoryModelUnloadRequest;
import dev.podium.inference.RepositoryModelUnloadResponse;
import dev.podium.inference.ServerLiveRequest;
import dev.podium.inference.ServerLiveResponse;
import dev.podium.inference.ServerMetadataRequest;
import dev.podium.inference.ServerMetadataResponse;
import dev.podium.inference.ServerReadyRequest;
import dev.podium.inference.ServerReadyResponse;
import dev.podium.inference.StatisticDuration;
import dev.podium.server.access.CallAccess;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Datatypes;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionState;
import dev.podium.server.schedule.SchedulerListener.Outcome;
import dev.podium.server.schedule.ServedVersion;
import dev.podium.server.telemetry.TimeHistogram;
import dev.podium.server.telemetry.VersionMeters;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/**
 * Everything of the Open Inference Protocol but inference: whether there is a server, what it
 * serves, how much it did. Thread-safe.
 */
public final class InferenceControl extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
  private static final String PLATFORM = "onnxruntime_onnx";
  private static final List<String> EXTENSIONS =
      List.of("model_repository", "model_configuration", "statistics", "binary_tensor_data");

  private final ModelRepository repository;
  private final InferenceRepository models;
  private final BooleanSupplier ready;
  private final Function<ServedVersion, VersionMeters> statistics;
  private final String serverVersion;

  /**
   * @param files runs what looks at the repository's folder
   * @param ready whether the server should be sent requests
   * @param statistics of a version, which may not have served yet
   * @param serverVersion for the metadata
   */
  public InferenceControl(
      ModelRepository repository,
      ModelControl control,
      Executor files,
      BooleanSupplier ready,
      Function<ServedVersion, VersionMeters> statistics,
      String serverVersion) {
    this.repository = repository;
    this.models = new InferenceRepository(repository, control, files);
    this.ready = ready;
    this.statistics = statistics;
    this.serverVersion = serverVersion;
  }

  @Override
  public void serverLive(ServerLiveRequest request, StreamObserver<ServerLiveResponse> answer) {
    send(answer, ServerLiveResponse.newBuilder().setLive(true).build());
  }

  @Override
  public void serverReady(ServerReadyRequest request, StreamObserver<ServerReadyResponse> answer) {
    send(answer, ServerReadyResponse.newBuilder().setReady(ready.getAsBoolean()).build());
  }

  /** A model that there isn't is not ready: no error, as in Triton. */
  @Override
  public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> answer) {
    boolean available;
    try {
      acquire(request.getName(), request.getVersion()).close();
      available = true;
    } catch (RankException e) {
      available = false;
    }
    send(answer, ModelReadyResponse.newBuilder().setReady(available).build());
  }

  @Override
  public void serverMetadata(
      ServerMetadataRequest request, StreamObserver<ServerMetadataResponse> answer) {
    send(
        answer,
        ServerMetadataResponse.newBuilder()
            .setName("podium")
            .setVersion(serverVersion)
            .addAllExtensions(EXTENSIONS)
            .build());
  }

  @Override
  public void modelMetadata(
      ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> answer) {
    describe(request.getName(), request.getVersion(), answer, this::metadata);
  }

  @Override
  public void modelConfig(ModelConfigRequest request, StreamObserver<ModelConfigResponse> answer) {
    describe(
        request.getName(),
        request.getVersion(),
        answer,
        version -> ModelConfigResponse.newBuilder().setConfig(config(version)).build());
  }

  @Override
  public void modelStatistics(
      ModelStatisticsRequest request, StreamObserver<ModelStatisticsResponse> answer) {
    ModelStatisticsResponse.Builder all = ModelStatisticsResponse.newBuilder();
    try {
      if (!request.getName().isEmpty()) {
        acquire(request.getName(), request.getVersion()).close();
      }
      long wanted = InferVersions.number(request.getVersion());
      for (ModelStatus model : repository.status()) {
        if (!CallAccess.current().allows(model.name())
            || (!request.getName().isEmpty() && !request.getName().equals(model.name()))) {
          continue;
        }
        for (ModelStatus.Version version : model.versions()) {
          if (version.state() == VersionState.AVAILABLE
              && (wanted == 0 || wanted == version.number())) {
            try (Lease lease = repository.lease(model.name(), version.number())) {
              if (lease != null) {
                all.addModelStats(statistics(lease.version()));
              }
            }
          }
        }
      }
      send(answer, all.build());
    } catch (RankException e) {
      refuse(answer, e);
    }
  }

  @Override
  public void repositoryIndex(
      RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> answer) {
    models.index(request, answer);
  }

  @Override
  public void repositoryModelLoad(
      RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> answer) {
    models.load(request, answer);
  }

  @Override
  public void repositoryModelUnload(
      RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> answer) {
    models.unload(request, answer);
  }

  private ModelMetadataResponse metadata(LoadedVersion version) {
    ModelMetadataResponse.Builder metadata =
        ModelMetadataResponse.newBuilder().setName(version.model()).setPlatform(PLATFORM);
    for (ModelStatus model : repository.status()) {
      if (model.name().equals(version.model())) {
        model.versions().stream()
            .filter(v -> v.state() == VersionState.AVAILABLE)
            .mapToLong(ModelStatus.Version::number)
            .sorted()
            .forEach(number -> metadata.addVersions(Long.toString(number)));
      }
    }
    for (TensorSpec input : version.signature().inputs()) {
      ModelMetadataResponse.TensorMetadata.Builder tensor =
          metadata
              .addInputsBuilder()
              .setName(input.name())
              .setDatatype(Datatypes.of(input.type()).name())
              .addShape(-1);
      input.rowShape().forEach(tensor::addShape);
    }
    for (Output output : version.signature().outputs()) {
      ModelMetadataResponse.TensorMetadata.Builder tensor =
          metadata
              .addOutputsBuilder()
              .setName(output.name())
              .setDatatype(InferEncoder.DATATYPE)
              .addShape(-1);
      version.rowShape(output).forEach(tensor::addShape);
    }
    return metadata.build();
  }

  private static ModelConfig config(LoadedVersion version) {
    Signature signature = version.signature();
    ModelConfig.Builder config =
        ModelConfig.newBuilder()
            .setName(version.model())
            .setPlatform(PLATFORM)
            .setBackend("onnxruntime")
            .setDefaultModelFilename("model.onnx")
            // 0: the row axis is part of the dimensions, as it is in the metadata.
            .setMaxBatchSize(0)
            .setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
    for (int i = 0; i < signature.inputs().size(); i++) {
      TensorSpec input = signature.inputs().get(i);
      ModelInput.Builder tensor =
          config
              .addInputBuilder()
              .setName(input.name())
              .setDataType(type(input))
              .setOptional(signature.featuresOf(i).stream().noneMatch(Feature::required))
              .addDims(-1);
      input.rowShape().forEach(tensor::addDims);
    }
    for (Output output : signature.outputs()) {
      ModelOutput.Builder tensor =
          config
              .addOutputBuilder()
              .setName(output.name())
              .setDataType(DataType.TYPE_FP32)
              .addDims(-1);
      version.rowShape(output).forEach(tensor::addDims);
    }
    return config.build();
  }

  private static DataType type(TensorSpec tensor) {
    return switch (tensor.type()) {
      case INT32 -> DataType.TYPE_INT32;
      case INT64 -> DataType.TYPE_INT64;
      case FLOAT -> DataType.TYPE_FP32;
      case DOUBLE -> DataType.TYPE_FP64;
      case BOOL -> DataType.TYPE_BOOL;
      case STRING -> DataType.TYPE_STRING;
    };
  }

  private ModelStatistics statistics(LoadedVersion version) {
    VersionMeters counts = statistics.apply(version.scheduled());
    ModelStatistics.Builder wire =
        ModelStatistics.newBuilder()
            .setName(version.model())
            .setVersion(Long.toString(version.number()))
            .setLastInference(counts.lastMillis())
            .setInferenceCount(counts.rows())
            .setExecutionCount(counts.tiles())
            .setInferenceStats(
                InferStatistics.newBuilder()
                    .setSuccess(duration(counts, true))
                    .setFail(duration(counts, false))
                    .setQueue(duration(counts.queue()))
                    .setComputeInput(duration(counts.assemble()))
                    .setComputeInfer(duration(counts.infer()))
                    .setComputeOutput(duration(counts.encode()))
                    .setCacheHit(StatisticDuration.getDefaultInstance())
                    .setCacheMiss(StatisticDuration.getDefaultInstance()));
    for (VersionMeters.Runs runs : counts.runsBySize()) {
      wire.addBatchStats(
          InferBatchStatistics.newBuilder()
              .setBatchSize(runs.rows())
              .setComputeInfer(
                  StatisticDuration.newBuilder().setCount(runs.count()).setNs(runs.nanos())));
    }
    return wire.build();
  }

  private static StatisticDuration duration(TimeHistogram times) {
    return StatisticDuration.newBuilder().setCount(times.count()).setNs(times.nanos()).build();
  }

  private static StatisticDuration duration(VersionMeters meters, boolean succeeded) {
    StatisticDuration.Builder sum = StatisticDuration.newBuilder();
    for (Outcome outcome : Outcome.values()) {
      if ((outcome == Outcome.SCORED || outcome == Outcome.PARTIAL) == succeeded) {
        sum.setCount(sum.getCount() + meters.total(outcome).count());
        sum.setNs(sum.getNs() + meters.total(outcome).nanos());
      }
    }
    return sum.build();
  }

  private Lease acquire(String model, String version) throws RankException {
    CallAccess access = CallAccess.current();
    access.check(model);
    return repository.route(model, InferVersions.number(version), "", access::allows).primary();
  }

  private <T> void describe(
      String model, String number, StreamObserver<T> answer, Function<LoadedVersion, T> describe) {
    try (Lease lease = acquire(model, number)) {
      send(answer, describe.apply(lease.version()));
    } catch (RankException e) {
      refuse(answer, e);
    }
  }

  static void refuse(StreamObserver<?> answer, RankException why) {
    answer.onError(Statuses.status(why).asRuntimeException(Statuses.trailers(why)));
  }

  static <T> void send(StreamObserver<T> answer, T message) {
    answer.onNext(message);
    answer.onCompleted();
  }
}
