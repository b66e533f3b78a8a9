package dev.podium.server.rpc;

import dev.podium.inference.RepositoryIndexRequest;
import dev.podium.inference.RepositoryIndexResponse;
import dev.podium.inference.RepositoryModelLoadRequest;
import dev.podium.inference.RepositoryModelLoadResponse;
import dev.podium.inference.RepositoryModelUnloadRequest;
import dev.podium.inference.RepositoryModelUnloadResponse;
import dev.podium.server.access.CallAccess;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.ModelException;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.repository.ModelRepository;
import dev.podium.server.repository.manager.ModelStatus;
import dev.podium.server.repository.manager.VersionState;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The calls of Triton's model repository extension, with its codes: what there is, load, unload.
 * Thread-safe.
 */
final class InferenceRepository {
  private final ModelRepository repository;
  private final ModelControl control;
  private final Executor files;

  /**
   * @param files runs what looks at the repository's folder
   */
  InferenceRepository(ModelRepository repository, ModelControl control, Executor files) {
    this.repository = repository;
    this.control = control;
    this.files = files;
  }

  /** Models that lie in the repository and were never loaded have no state, as in Triton. */
  void index(RepositoryIndexRequest request, StreamObserver<RepositoryIndexResponse> answer) {
    if (!onlyRepository(request.getRepositoryName(), answer)) {
      return;
    }
    CallAccess access = CallAccess.current();
    try {
      files.execute(() -> index(request.getReady(), access, answer));
    } catch (RejectedExecutionException e) {
      InferenceControl.refuse(
          answer, new RankException(FaultCode.UNAVAILABLE, "the server is shutting down"));
    }
  }

  private void index(
      boolean readyOnly, CallAccess access, StreamObserver<RepositoryIndexResponse> answer) {
    Set<String> names = new TreeSet<>();
    try {
      names.addAll(repository.found());
    } catch (ModelException e) {
      InferenceControl.refuse(answer, new RankException(FaultCode.INTERNAL, e.getMessage(), e));
      return;
    }
    repository.status().forEach(model -> names.add(model.name()));
    RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
    for (String name : names) {
      if (access.allows(name)) {
        index(repository.status(name), name, readyOnly, index);
      }
    }
    InferenceControl.send(answer, index.build());
  }

  private static void index(
      ModelStatus model, String name, boolean readyOnly, RepositoryIndexResponse.Builder index) {
    if (model == null || model.versions().isEmpty()) {
      if (!readyOnly) {
        index
            .addModelsBuilder()
            .setName(name)
            .setState(model == null ? "" : "UNAVAILABLE")
            .setReason(model == null ? "" : model.message());
      }
      return;
    }
    for (ModelStatus.Version version : model.versions()) {
      boolean available = version.state() == VersionState.AVAILABLE;
      if (available || !readyOnly) {
        index
            .addModelsBuilder()
            .setName(name)
            .setVersion(Long.toString(version.number()))
            .setState(
                switch (version.state()) {
                  case LOADING -> "LOADING";
                  case AVAILABLE -> "READY";
                  case UNLOADING -> "UNLOADING";
                  case UNLOADED, FAILED -> "UNAVAILABLE";
                })
            .setReason(available ? "" : version.message());
      }
    }
  }

  /** Answers when the model is loaded, or why it isn't. */
  void load(
      RepositoryModelLoadRequest request, StreamObserver<RepositoryModelLoadResponse> answer) {
    String model = request.getModelName();
    if (!onlyRepository(request.getRepositoryName(), answer) || !mayControl(model, answer)) {
      return;
    }
    if (request.getParametersCount() > 0) {
      String parameter = request.getParametersMap().keySet().iterator().next();
      InferenceControl.refuse(
          answer,
          RankException.invalid(
              "parameter '"
                  + parameter
                  + "': not supported (expected: none; a model is what its folder holds)"));
      return;
    }
    control.load(
        model,
        failure -> {
          if (failure == null) {
            InferenceControl.send(answer, RepositoryModelLoadResponse.getDefaultInstance());
          } else if (failure.code() == FaultCode.NOT_FOUND) {
            // Triton's code and words.
            InferenceControl.refuse(
                answer,
                new RankException(
                    FaultCode.INTERNAL,
                    "failed to load "
                        + Quoted.text(model)
                        + ", failed to poll from model repository"));
          } else {
            InferenceControl.refuse(answer, failure);
          }
        });
  }

  /** As in Triton, a model that isn't loaded is unloaded without an error. */
  void unload(
      RepositoryModelUnloadRequest request, StreamObserver<RepositoryModelUnloadResponse> answer) {
    String model = request.getModelName();
    if (onlyRepository(request.getRepositoryName(), answer) && mayControl(model, answer)) {
      control.unload(
          model,
          failure -> {
            if (failure == null) {
              InferenceControl.send(answer, RepositoryModelUnloadResponse.getDefaultInstance());
            } else {
              InferenceControl.refuse(answer, failure);
            }
          });
    }
  }

  private static boolean mayControl(String model, StreamObserver<?> answer) {
    try {
      CallAccess.current().check(model);
      return true;
    } catch (RankException e) {
      InferenceControl.refuse(answer, e);
      return false;
    }
  }

  private static boolean onlyRepository(String named, StreamObserver<?> answer) {
    if (!named.isEmpty()) {
      answer.onError(
          Status.UNIMPLEMENTED
              .withDescription("'repository_name' specification is not supported")
              .asRuntimeException());
    }
    return named.isEmpty();
  }
}
