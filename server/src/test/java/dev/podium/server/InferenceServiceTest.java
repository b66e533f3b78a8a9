package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.podium.inference.GRPCInferenceServiceGrpc;
import dev.podium.inference.InferParameter;
import dev.podium.inference.InferTensorContents;
import dev.podium.inference.ModelConfigRequest;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferRequest.InferInputTensor;
import dev.podium.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.podium.inference.ModelInferResponse;
import dev.podium.inference.ModelMetadataRequest;
import dev.podium.inference.ModelMetadataResponse;
import dev.podium.inference.ModelReadyRequest;
import dev.podium.inference.ModelStatisticsRequest;
import dev.podium.inference.ModelStreamInferResponse;
import dev.podium.inference.RepositoryIndexRequest;
import dev.podium.inference.RepositoryModelLoadRequest;
import dev.podium.inference.ServerLiveRequest;
import dev.podium.inference.ServerMetadataRequest;
import dev.podium.inference.ServerReadyRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The Open Inference Protocol over a real channel, as its clients use it. */
class InferenceServiceTest {
  @TempDir static Path models;

  private static PodiumServer server;
  private static ManagedChannel channel;
  private static GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub stub;

  @BeforeAll
  static void start() throws Exception {
    TestModels.sum(models, "sum");
    TestModels.everyType(models, "types");
    server = PodiumServer.start(TestConfigs.of(models, "ranking.max_candidates", "5000"));
    channel = NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
    stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    assertThat(server.stop(Duration.ofSeconds(5))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 500, 2_000})
  void rawInputsAreScoredRowByRow(int rows) {
    ModelInferResponse response = stub.modelInfer(sum(rows).setId("r").build());
    assertThat(response.getId()).isEqualTo("r");
    assertThat(response.getModelName()).isEqualTo("sum");
    assertThat(response.getModelVersion()).isEqualTo("1");
    assertThat(response.getOutputsList()).extracting("name").containsExactly("score", "log");
    assertThat(response.getOutputs(0).getDatatype()).isEqualTo("FP32");
    assertThat(response.getOutputs(0).getShapeList()).containsExactly((long) rows, 1L);
    float[] scores = floats(response.getRawOutputContents(0));
    assertThat(scores).hasSize(rows);
    for (int row = 0; row < rows; row++) {
      assertThat(scores[row]).isEqualTo(score(row));
    }
  }

  @Test
  void typedContentsMeanTheSameAsRawOnes() {
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("sum");
    request.addInputs(
        input("user", "INT64", 2)
            .setContents(InferTensorContents.newBuilder().addInt64Contents(1).addInt64Contents(1)));
    request.addInputs(
        input("item", "INT32", 2)
            .setContents(InferTensorContents.newBuilder().addIntContents(0).addIntContents(1)));
    request.addInputs(
        input("x", "FP32", 2, 2)
            .setContents(
                InferTensorContents.newBuilder().addAllFp32Contents(List.of(1f, 0f, 2f, 0f))));
    request.addOutputs(InferRequestedOutputTensor.newBuilder().setName("score"));
    ModelInferResponse response = stub.modelInfer(request.build());
    assertThat(response.getOutputsCount()).isEqualTo(1);
    assertThat(floats(response.getRawOutputContents(0))).containsExactly(1001f, 1102f);
  }

  @Test
  void everyDatatypeArrivesAsSentInBothForms() {
    ModelInferRequest.Builder typed = ModelInferRequest.newBuilder().setModelName("types");
    typed.addInputs(
        input("i", "INT32", 3)
            .setContents(InferTensorContents.newBuilder().addAllIntContents(List.of(-7, 0, 7))));
    typed.addInputs(
        input("d", "FP64", 3)
            .setContents(
                InferTensorContents.newBuilder().addAllFp64Contents(List.of(0.5, -1.5, 3.0))));
    typed.addInputs(
        input("b", "BOOL", 3)
            .setContents(
                InferTensorContents.newBuilder().addAllBoolContents(List.of(false, true, true))));
    typed.addInputs(
        input("s", "BYTES", 3)
            .setContents(
                InferTensorContents.newBuilder()
                    .addBytesContents(ByteString.copyFromUtf8("yes"))
                    .addBytesContents(ByteString.copyFromUtf8(""))
                    .addBytesContents(ByteString.copyFromUtf8("yes"))));
    ModelInferRequest.Builder raw = ModelInferRequest.newBuilder().setModelName("types");
    typed.getInputsList().forEach(in -> raw.addInputs(in.toBuilder().clearContents()));
    raw.addRawInputContents(bytes(12, b -> b.putInt(-7).putInt(0).putInt(7)));
    raw.addRawInputContents(bytes(24, b -> b.putDouble(0.5).putDouble(-1.5).putDouble(3)));
    raw.addRawInputContents(bytes(3, b -> b.put((byte) 0).put((byte) 1).put((byte) 1)));
    raw.addRawInputContents(texts("yes", "", "yes"));
    for (ModelInferRequest request : List.of(typed.build(), raw.build())) {
      ModelInferResponse response = stub.modelInfer(request);
      assertThat(floats(response.getRawOutputContents(0))).containsExactly(-7f, 0f, 7f);
      assertThat(floats(response.getRawOutputContents(1))).containsExactly(0.5f, -1.5f, 3f);
      assertThat(floats(response.getRawOutputContents(2))).containsExactly(0f, 1f, 1f);
      assertThat(floats(response.getRawOutputContents(3))).containsExactly(1f, 0f, 1f);
      assertThat(response.getOutputs(0).getShapeList()).containsExactly(3L);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT8", "UINT8", "INT16", "UINT16", "INT32", "UINT32", "INT64"})
  void narrowerWholeNumbersAreWidened(String datatype) {
    ModelInferRequest.Builder request = sum(2);
    request.setInputs(1, request.getInputs(1).toBuilder().setDatatype(datatype));
    request.setRawInputContents(
        1,
        bytes(
            2
                * (datatype.endsWith("8") ? 1 : datatype.endsWith("16") ? 2 : 4)
                * (datatype.endsWith("64") ? 2 : 1),
            b -> {
              for (int i = 0; i < 2; i++) {
                switch (datatype) {
                  case "INT8", "UINT8" -> b.put((byte) (100 + i));
                  case "INT16", "UINT16" -> b.putShort((short) (100 + i));
                  case "INT32", "UINT32" -> b.putInt(100 + i);
                  default -> b.putLong(100 + i);
                }
              }
            }));
    float[] scores = floats(stub.modelInfer(request.build()).getRawOutputContents(0));
    assertThat(scores[0] - score(0)).isEqualTo(10_000f);
    assertThat(scores[1] - score(1)).isEqualTo(10_000f);
  }

  @Test
  void anInputWhoseFeaturesHaveDefaultsMayBeLeftOut() {
    ModelInferRequest.Builder request = sum(3);
    request.removeInputs(0);
    ModelInferRequest without =
        request
            .clone()
            .clearRawInputContents()
            .addAllRawInputContents(request.getRawInputContentsList().subList(1, 3))
            .build();
    float[] scores = floats(stub.modelInfer(without).getRawOutputContents(0));
    assertThat(scores[0]).isEqualTo(score(0) - 3_000f);
  }

  @Test
  void aRequestWithoutRowsGetsNone() {
    ModelInferResponse response = stub.modelInfer(sum(0).build());
    assertThat(response.getOutputs(0).getShapeList()).containsExactly(0L, 1L);
    assertThat(response.getRawOutputContents(0)).isEqualTo(ByteString.EMPTY);
  }

  @Test
  void refusalsHaveTritonsCodesAndNameTheThing() {
    refused(sum(2).setModelName("nobody"), Status.Code.NOT_FOUND, "model 'nobody'");
    refused(sum(2).setModelName(""), Status.Code.INVALID_ARGUMENT, "model_name");
    refused(sum(2).setModelVersion("7"), Status.Code.NOT_FOUND, "no version 7");
    refused(sum(2).setModelVersion("new"), Status.Code.INVALID_ARGUMENT, "'new'");
    refused(
        sum(2).addOutputs(InferRequestedOutputTensor.newBuilder().setName("ctr")),
        Status.Code.INVALID_ARGUMENT,
        "output 'ctr': unknown");
    refused(
        edit(sum(2), 1, in -> in.setName("thing")),
        Status.Code.INVALID_ARGUMENT,
        "input 'thing': unknown (expected: [user, item, x])");
    refused(
        edit(sum(2), 1, in -> in.setDatatype("FP32")),
        Status.Code.INVALID_ARGUMENT,
        "input 'item': datatype 'FP32' (expected: INT64)");
    refused(
        edit(sum(2), 1, in -> in.setShape(0, 3)),
        Status.Code.INVALID_ARGUMENT,
        "input 'item': 3 rows (expected: 2, as input 'user' has)");
    refused(
        edit(sum(2), 2, in -> in.setShape(1, 3)),
        Status.Code.INVALID_ARGUMENT,
        "input 'x': shape [2, 3] (expected: [2, 2])");
    refused(
        edit(sum(2), 1, in -> in.setName("user")),
        Status.Code.INVALID_ARGUMENT,
        "input 'user': sent twice");
    refused(
        sum(2).setRawInputContents(1, ByteString.copyFrom(new byte[15])),
        Status.Code.INVALID_ARGUMENT,
        "input 'item': 15 raw bytes (expected: 16");
    refused(
        sum(2).addRawInputContents(ByteString.EMPTY),
        Status.Code.INVALID_ARGUMENT,
        "raw_input_contents: 4 (expected: 3");
    refused(
        edit(
            sum(2),
            1,
            in ->
                in.putParameters(
                    "shared_memory_region",
                    InferParameter.newBuilder().setStringParam("a").build())),
        Status.Code.INVALID_ARGUMENT,
        "in shared memory");
    refused(
        sum(2).setRawInputContents(1, bytes(16, b -> b.putLong(1).putLong(1_000))),
        Status.Code.INVALID_ARGUMENT,
        "input 'item': 1000 in row 1 (expected: 0 to 999");
    refused(
        sum(2)
            .setRawInputContents(2, bytes(16, b -> b.putFloat(1).putFloat(1).putFloat(Float.NaN))),
        Status.Code.INVALID_ARGUMENT,
        "input 'x': NaN in row 1 (expected: a finite number)");
    refused(sum(5_001), Status.Code.RESOURCE_EXHAUSTED, "rows: 5001 (expected: at most 5000)");
  }

  @Test
  void aStreamAnswersInOrderAndOutlivesRefusals() throws Exception {
    List<ModelStreamInferResponse> answers = new ArrayList<>();
    CompletableFuture<List<ModelStreamInferResponse>> done = new CompletableFuture<>();
    StreamObserver<ModelInferRequest> requests =
        GRPCInferenceServiceGrpc.newStub(channel)
            .modelStreamInfer(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ModelStreamInferResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    done.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {
                    done.complete(answers);
                  }
                });
    for (int i = 0; i < 100; i++) {
      // Large ones beside small ones, so that they end in another order.
      ModelInferRequest.Builder request = sum(i % 10 == 0 ? 3_000 : 1).setId("id" + i);
      requests.onNext(i % 7 == 3 ? request.setModelVersion("9").build() : request.build());
    }
    requests.onCompleted();
    done.get(30, TimeUnit.SECONDS);
    assertThat(answers).hasSize(100);
    for (int i = 0; i < 100; i++) {
      assertThat(answers.get(i).getInferResponse().getId()).isEqualTo("id" + i);
      assertThat(answers.get(i).getErrorMessage().isEmpty()).isEqualTo(i % 7 != 3);
    }
  }

  @Test
  void theServerTellsWhatItIsAndWhatItServes() {
    assertThat(stub.serverLive(ServerLiveRequest.getDefaultInstance()).getLive()).isTrue();
    assertThat(stub.serverReady(ServerReadyRequest.getDefaultInstance()).getReady()).isTrue();
    assertThat(stub.serverMetadata(ServerMetadataRequest.getDefaultInstance()).getName())
        .isEqualTo("podium");
    assertThat(ready("sum", "")).isTrue();
    assertThat(ready("sum", "1")).isTrue();
    assertThat(ready("sum", "2")).isFalse();
    assertThat(ready("nobody", "")).isFalse();

    ModelMetadataResponse metadata =
        stub.modelMetadata(ModelMetadataRequest.newBuilder().setName("sum").build());
    assertThat(metadata.getVersionsList()).containsExactly("1");
    assertThat(metadata.getPlatform()).isEqualTo("onnxruntime_onnx");
    assertThat(metadata.getInputsList()).extracting("name").containsExactly("user", "item", "x");
    assertThat(metadata.getInputs(0).getDatatype()).isEqualTo("INT64");
    assertThat(metadata.getInputs(2).getShapeList()).containsExactly(-1L, 2L);
    assertThat(metadata.getOutputs(0).getShapeList()).containsExactly(-1L, 1L);

    var config = stub.modelConfig(ModelConfigRequest.newBuilder().setName("sum").build());
    assertThat(config.getConfig().getInput(0).getOptional()).isTrue();
    assertThat(config.getConfig().getInput(1).getOptional()).isFalse();
    assertThat(config.getConfig().getInput(2).getDimsList()).containsExactly(-1L, 2L);

    var index = stub.repositoryIndex(RepositoryIndexRequest.getDefaultInstance());
    assertThat(index.getModelsList()).extracting("name").containsExactly("sum", "types");
    assertThat(index.getModelsList()).extracting("state").containsOnly("READY");

    assertThat(code(() -> stub.modelMetadata(metadataOf("nobody"))))
        .isEqualTo(Status.Code.NOT_FOUND);
    assertThat(
            code(() -> stub.repositoryModelLoad(RepositoryModelLoadRequest.getDefaultInstance())))
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void statisticsCountRequestsRowsAndRuns() {
    var before = statistics();
    for (int i = 0; i < 5; i++) {
      stub.modelInfer(sum(20).build());
    }
    refused(sum(2).setModelVersion("7"), Status.Code.NOT_FOUND, "version 7");
    var after = statistics();
    assertThat(after.getInferenceCount() - before.getInferenceCount()).isEqualTo(100);
    assertThat(
            after.getInferenceStats().getSuccess().getCount()
                - before.getInferenceStats().getSuccess().getCount())
        .isEqualTo(5);
    assertThat(after.getInferenceStats().getComputeInfer().getNs()).isPositive();
    assertThat(after.getExecutionCount() - before.getExecutionCount()).isEqualTo(5);
    assertThat(after.getBatchStatsList()).anyMatch(batch -> batch.getBatchSize() == 20);
    assertThat(after.getLastInference()).isPositive();
  }

  private static dev.podium.inference.ModelStatistics statistics() {
    return stub.modelStatistics(ModelStatisticsRequest.newBuilder().setName("sum").build())
        .getModelStats(0);
  }

  private static ModelMetadataRequest metadataOf(String model) {
    return ModelMetadataRequest.newBuilder().setName(model).build();
  }

  private static boolean ready(String model, String version) {
    return stub.modelReady(
            ModelReadyRequest.newBuilder().setName(model).setVersion(version).build())
        .getReady();
  }

  /** The rows have user 3, item = row modulo 1000, x = (row + 1, 0.5). */
  private static ModelInferRequest.Builder sum(int rows) {
    return ModelInferRequest.newBuilder()
        .setModelName("sum")
        .addInputs(input("user", "INT64", rows))
        .addInputs(input("item", "INT64", rows))
        .addInputs(input("x", "FP32", rows, 2))
        .addRawInputContents(
            bytes(
                rows * Long.BYTES,
                b -> {
                  while (b.hasRemaining()) {
                    b.putLong(3);
                  }
                }))
        .addRawInputContents(
            bytes(
                rows * Long.BYTES,
                b -> {
                  for (int row = 0; row < rows; row++) {
                    b.putLong(row % 1_000);
                  }
                }))
        .addRawInputContents(
            bytes(
                rows * 2 * Float.BYTES,
                b -> {
                  for (int row = 0; row < rows; row++) {
                    b.putFloat(row + 1).putFloat(0.5f);
                  }
                }));
  }

  private static float score(int row) {
    return row + 1 + 5 + 100f * (row % 1_000) + 3_000;
  }

  private static InferInputTensor.Builder input(String name, String datatype, long... shape) {
    InferInputTensor.Builder input =
        InferInputTensor.newBuilder().setName(name).setDatatype(datatype);
    for (long size : shape) {
      input.addShape(size);
    }
    return input;
  }

  private static ModelInferRequest.Builder edit(
      ModelInferRequest.Builder request, int input, Consumer<InferInputTensor.Builder> change) {
    change.accept(request.getInputsBuilder(input));
    return request;
  }

  private static void refused(ModelInferRequest.Builder request, Status.Code code, String part) {
    StatusRuntimeException refusal =
        catchThrowableOfType(StatusRuntimeException.class, () -> stub.modelInfer(request.build()));
    assertThat(refusal).isNotNull();
    assertThat(refusal.getStatus().getDescription()).contains(part);
    assertThat(refusal.getStatus().getCode()).isEqualTo(code);
  }

  private static Status.Code code(Runnable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::run).getStatus().getCode();
  }

  private static ByteString bytes(int size, Consumer<ByteBuffer> fill) {
    ByteBuffer buffer = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    fill.accept(buffer);
    return ByteString.copyFrom(buffer.array());
  }

  private static ByteString texts(String... values) {
    int size = 0;
    for (String value : values) {
      size += Integer.BYTES + value.getBytes(StandardCharsets.UTF_8).length;
    }
    return bytes(
        size,
        b -> {
          for (String value : values) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            b.putInt(utf8.length).put(utf8);
          }
        });
  }

  private static float[] floats(ByteString raw) {
    float[] values = new float[raw.size() / Float.BYTES];
    raw.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }
}
