package dev.podium.server.rpc;

import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.ListModelsRequest;
import dev.podium.ranking.v1.ListModelsResponse;
import dev.podium.ranking.v1.LoadModelRequest;
import dev.podium.ranking.v1.LoadModelResponse;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.ModelSummary;
import dev.podium.ranking.v1.UnloadModelRequest;
import dev.podium.ranking.v1.UnloadModelResponse;
import dev.podium.ranking.v1.VersionState;
import dev.podium.ranking.v1.VersionStatus;
import dev.podium.server.access.CallAccess;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Vocabulary;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.repository.manager.ModelStatus;
import io.grpc.stub.StreamObserver;
import java.util.function.Function;

/** {@code podium.ranking.v1.ModelService}: what is served, and changes to it. */
public final class ModelRpc extends ModelServiceGrpc.ModelServiceImplBase {
  private static final int VOCABULARY_SAMPLE = 1_000;

  private final ModelRepository repository;
  private final ModelControl control;

  public ModelRpc(ModelRepository repository, ModelControl control) {
    this.repository = repository;
    this.control = control;
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> answer) {
    ListModelsResponse.Builder models = ListModelsResponse.newBuilder();
    CallAccess access = CallAccess.current();
    for (ModelStatus status : repository.status()) {
      if (!access.allows(status.name())) {
        continue;
      }
      models.addModels(summary(status));
    }
    answer.onNext(models.build());
    answer.onCompleted();
  }

  @Override
  public void getModel(GetModelRequest request, StreamObserver<Model> answer) {
    ModelSpec spec = request.getModel();
    try {
      CallAccess.current().check(spec.getName());
      try (Lease lease =
          repository
              .route(
                  spec.getName(), spec.getVersion(), spec.getLabel(), CallAccess.current()::allows)
              .primary()) {
        answer.onNext(describe(lease.version(), repository.status(lease.version())));
        answer.onCompleted();
      }
    } catch (RankException e) {
      refuse(answer, e);
    }
  }

  @Override
  public void loadModel(LoadModelRequest request, StreamObserver<LoadModelResponse> answer) {
    String model = request.getName();
    try {
      CallAccess.current().check(model);
    } catch (RankException e) {
      refuse(answer, e);
      return;
    }
    control.load(
        model,
        failure ->
            answer(
                model,
                failure,
                answer,
                now -> LoadModelResponse.newBuilder().setModel(now).build()));
  }

  @Override
  public void unloadModel(UnloadModelRequest request, StreamObserver<UnloadModelResponse> answer) {
    String model = request.getName();
    try {
      CallAccess.current().check(model);
      if (repository.status(model) == null) {
        throw new RankException(FaultCode.NOT_FOUND, "model " + Quoted.text(model) + ": unknown");
      }
    } catch (RankException e) {
      refuse(answer, e);
      return;
    }
    control.unload(
        model,
        failure ->
            answer(
                model,
                failure,
                answer,
                now -> UnloadModelResponse.newBuilder().setModel(now).build()));
  }

  private <T> void answer(
      String model,
      RankException failure,
      StreamObserver<T> answer,
      Function<ModelSummary, T> message) {
    if (failure != null) {
      refuse(answer, failure);
    } else {
      answer.onNext(message.apply(summary(repository.status(model))));
      answer.onCompleted();
    }
  }

  private static void refuse(StreamObserver<?> answer, RankException why) {
    answer.onError(Statuses.status(why).asRuntimeException(Statuses.trailers(why)));
  }

  private static ModelSummary summary(ModelStatus status) {
    ModelSummary.Builder summary =
        ModelSummary.newBuilder().setName(status.name()).setMessage(status.message());
    status.versions().forEach(version -> summary.addVersions(version(version)));
    return summary.build();
  }

  private static Model describe(LoadedVersion version, ModelStatus.Version status) {
    Signature signature = version.signature();
    Model.Builder model =
        Model.newBuilder()
            .setModel(ModelSpec.newBuilder().setName(version.model()).setVersion(version.number()))
            .setStatus(version(status))
            .setDescription(version.description())
            .addAllExecutionProviders(version.providers());
    signature.features().forEach(feature -> model.addFeatures(feature(feature)));
    for (Signature.Output output : signature.outputs()) {
      model.addOutputs(
          dev.podium.ranking.v1.Output.newBuilder()
              .setName(output.name())
              .setWidth(output.width()));
    }
    return model.build();
  }

  private static VersionStatus version(ModelStatus.Version version) {
    return VersionStatus.newBuilder()
        .setVersion(version.number())
        .setState(
            switch (version.state()) {
              case LOADING -> VersionState.VERSION_STATE_LOADING;
              case AVAILABLE -> VersionState.VERSION_STATE_AVAILABLE;
              case UNLOADING -> VersionState.VERSION_STATE_UNLOADING;
              case UNLOADED -> VersionState.VERSION_STATE_UNLOADED;
              case FAILED -> VersionState.VERSION_STATE_FAILED;
            })
        .setMessage(version.message())
        .addAllLabels(version.labels())
        .build();
  }

  private static dev.podium.ranking.v1.Feature feature(Feature feature) {
    dev.podium.ranking.v1.Feature.Builder wire =
        dev.podium.ranking.v1.Feature.newBuilder()
            .setName(feature.name())
            .setRole(
                feature.role() == FeatureRole.CONTEXT
                    ? dev.podium.ranking.v1.Role.ROLE_CONTEXT
                    : dev.podium.ranking.v1.Role.ROLE_CANDIDATE)
            .setKind(
                switch (feature.kind()) {
                  case DENSE -> dev.podium.ranking.v1.Kind.KIND_DENSE;
                  case CATEGORICAL -> dev.podium.ranking.v1.Kind.KIND_CATEGORICAL;
                  case SEQUENCE -> dev.podium.ranking.v1.Kind.KIND_SEQUENCE;
                })
            .setWireType(
                switch (feature.wireType()) {
                  case INT64 -> DataType.DATA_TYPE_INT64;
                  case FLOAT -> DataType.DATA_TYPE_FLOAT32;
                  case STRING -> DataType.DATA_TYPE_STRING;
                })
            .setWidth(feature.kind() == FeatureKind.DENSE ? feature.width() : 1)
            .setLength(feature.kind() == FeatureKind.SEQUENCE ? feature.width() : 0)
            .setRequired(feature.required());
    if (feature.ids() instanceof IdRule.Bounded bounded) {
      wire.setVocabularySize(bounded.size());
    } else if (feature.ids() instanceof IdRule.Listed listed) {
      Vocabulary vocabulary = listed.vocabulary();
      wire.setVocabularySize(listed.size());
      for (int i = 0; i < Math.min(VOCABULARY_SAMPLE, vocabulary.size()); i++) {
        wire.addVocabularySample(vocabulary.entry(i));
      }
    }
    return wire.build();
  }
}
