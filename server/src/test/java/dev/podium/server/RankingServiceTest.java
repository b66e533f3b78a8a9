package dev.podium.server;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;

import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.GetModelRequest;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.ListModelsRequest;
import dev.podium.ranking.v1.ModelServiceGrpc;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import dev.podium.ranking.v1.StringValues;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ranking service over a real channel: right answers, and every row of the error table. */
class RankingServiceTest {
  @TempDir static Path models;

  private static PodiumServer server;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() throws Exception {
    TestModels.sum(models, "sum");
    TestModels.sumWithExternalData(models, "external");
    TestModels.everyType(models, "types");
    TestModels.share(models, "share");
    server = PodiumServer.start(TestConfigs.of(models, "ranking.max_candidates", "5000"));
    channel = NettyChannelBuilder.forAddress(server.grpcAddress()).usePlaintext().build();
  }

  @AfterAll
  static void stop() throws Exception {
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    assertThat(server.stop(Duration.ofSeconds(5))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 64, 500, 2_000})
  void scoresAreTheModelsAtAnyRowCount(int rows) {
    for (String model : List.of("sum", "external")) {
      RankResponse response = rank(request(rows).setModel(model(model)).build());
      assertThat(response.getModel().getVersion()).isEqualTo(1);
      assertThat(response.getOutputsList()).extracting("name").containsExactly("score", "log");
      assertThat(response.getOutputs(0).getWidth()).isEqualTo(1);
      for (int row = 0; row < rows; row++) {
        assertThat(response.getOutputs(0).getScores(row)).isEqualTo(score(row));
        assertThat(response.getOutputs(1).getScores(row))
            .isCloseTo((float) Math.log(row + 1.0), within(1e-5f));
      }
      assertThat(response.getTiming().getTiles()).isEqualTo((rows + 255) / 256);
      assertThat(response.getCandidateIndicesCount()).isZero();
    }
  }

  @Test
  void theBestComeFirstWithTheirIdsAndTiesKeepTheirOrder() {
    RankRequest.Builder request = request(6).setTopK(4).addOutputs("score");
    // item decides: 3, 0, 3, 1, 0, 2
    column(request, "item", 3, 0, 3, 1, 0, 2);
    floatColumn(request, "x", new float[] {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1});
    request
        .getCandidatesBuilder()
        .setIds(
            CandidateIds.newBuilder()
                .setStringIds(
                    StringValues.newBuilder().addAllValues(List.of("a", "b", "", "d", "e", "f"))));
    RankResponse response = rank(request.build());
    assertThat(response.getCandidateIndicesList()).containsExactly(0, 2, 5, 3);
    assertThat(response.getCandidateIds().getStringIds().getValuesList())
        .containsExactly("a", "", "f", "d");
    assertThat(response.getOutputsCount()).isEqualTo(1);
    assertThat(response.getOutputs(0).getScoresList()).containsExactly(7311f, 7311f, 7211f, 7111f);

    request
        .setTopK(100)
        .getCandidatesBuilder()
        .setIds(CandidateIds.newBuilder().setInt64Ids(longs(-1, 1L << 40, 2, 3, 4, 5)));
    response = rank(request.build());
    assertThat(response.getCandidateIndicesList()).containsExactly(0, 2, 5, 3, 1, 4);
    assertThat(response.getCandidateIds().getInt64Ids().getValuesList())
        .containsExactly(-1L, 2L, 5L, 3L, 1L << 40, 4L);
  }

  @Test
  void everyTypeOfInputArrivesAsSent() {
    RankRequest.Builder request = RankRequest.newBuilder().setModel(model("types"));
    request.getCandidatesBuilder().setCount(3);
    column(request, "i", -7, 0, 7);
    floatColumn(request, "d", new float[] {0.5f, -1.5f, 3});
    column(request, "b", 0, 1, 1);
    request
        .getCandidatesBuilder()
        .addColumns(
            FeatureColumn.newBuilder()
                .setName("s")
                .setStringValues(
                    StringValues.newBuilder().addAllValues(List.of("yes", "no", "yes"))));
    RankResponse response = rank(request.build());
    assertThat(response.getOutputs(0).getScoresList()).containsExactly(-7f, 0f, 7f);
    assertThat(response.getOutputs(1).getScoresList()).containsExactly(0.5f, -1.5f, 3f);
    assertThat(response.getOutputs(2).getScoresList()).containsExactly(0f, 1f, 1f);
    assertThat(response.getOutputs(3).getScoresList()).containsExactly(1f, 0f, 1f);
  }

  @Test
  void aModelWhoseRowsSeeEachOtherGetsWholeRequests() {
    for (int rows : new int[] {1, 3, 16, 17, 700}) {
      RankRequest.Builder request = RankRequest.newBuilder().setModel(model("share"));
      request.getCandidatesBuilder().setCount(rows);
      float[] x = new float[rows];
      for (int i = 0; i < rows; i++) {
        x[i] = i + 1;
      }
      floatColumn(request, "x", x);
      RankResponse response = rank(request.build());
      float sum = rows * (rows + 1) / 2f;
      assertThat(response.getTiming().getTiles()).isEqualTo(1);
      for (int i = 0; i < rows; i++) {
        assertThat(response.getOutputs(0).getScores(i)).isCloseTo(x[i] / sum, within(1e-6f));
      }
    }
  }

  @Test
  void noCandidatesAreRankedToNothing() {
    RankResponse response = rank(request(0).setTopK(3).build());
    assertThat(response.getOutputsCount()).isEqualTo(2);
    assertThat(response.getOutputs(0).getScoresCount()).isZero();
  }

  @Test
  void aStreamAnswersEachRequestByItsIdAndSurvivesABadOne() throws Exception {
    Map<String, RankResponse> answers = new ConcurrentHashMap<>();
    CompletableFuture<Void> end = new CompletableFuture<>();
    StreamObserver<RankRequest> requests =
        RankingServiceGrpc.newStub(channel)
            .rankStream(
                new StreamObserver<>() {
                  @Override
                  public void onNext(RankResponse response) {
                    answers.put(response.getRequestId(), response);
                  }

                  @Override
                  public void onError(Throwable t) {
                    end.completeExceptionally(t);
                  }

                  @Override
                  public void onCompleted() {
                    end.complete(null);
                  }
                });
    for (int i = 0; i < 300; i++) {
      RankRequest.Builder request = request(1 + i % 40).setRequestId("r" + i);
      if (i % 10 == 3) {
        request.setModel(model("nobody"));
      }
      requests.onNext(request.build());
    }
    requests.onCompleted();
    end.get(30, TimeUnit.SECONDS);
    assertThat(answers).hasSize(300);
    for (int i = 0; i < 300; i++) {
      RankResponse answer = answers.get("r" + i);
      assertThat(answer.hasError()).isEqualTo(i % 10 == 3);
      if (answer.hasError()) {
        assertThat(answer.getError().getCode()).isEqualTo(Status.Code.NOT_FOUND.value());
        assertThat(answer.getError().getMessage()).contains("model 'nobody': unknown");
      } else {
        assertThat(answer.getOutputs(0).getScoresCount()).isEqualTo(1 + i % 40);
      }
    }
  }

  @Test
  void whatIsNotThereIsNotFound() {
    fails(
        request(1).setModel(model("nobody")),
        Status.Code.NOT_FOUND,
        "model 'nobody': unknown (expected: one of external, share, sum, types)");
    fails(
        request(1).setModel(model("sum").setVersion(7)),
        Status.Code.NOT_FOUND,
        "model 'sum': no version 7 (expected: one of [1])");
    fails(
        request(1).setModel(model("sum").setLabel("canary")),
        Status.Code.NOT_FOUND,
        "model 'sum': no label 'canary' (expected: one of [])");
    fails(request(1).clearModel(), Status.Code.INVALID_ARGUMENT, "model.name: empty");
  }

  @Test
  void aWrongRequestIsAnInvalidArgumentThatNamesTheFeature() {
    RankRequest.Builder wrongRows = request(2);
    wrongRows.getCandidatesBuilder().setCount(3);
    fails(
        wrongRows,
        Status.Code.INVALID_ARGUMENT,
        "feature 'item': 2 rows (expected: 3, one for each candidate)");
    fails(
        request(2).addContext(context("age", 1)),
        Status.Code.INVALID_ARGUMENT,
        "feature 'age': unknown (expected: one of user, item, x)");
    RankRequest.Builder missing = request(2);
    missing.getCandidatesBuilder().removeColumns(0);
    fails(missing, Status.Code.INVALID_ARGUMENT, "feature 'item': missing");
    RankRequest.Builder range = request(2);
    column(range, "item", 1, 1000);
    fails(range, Status.Code.INVALID_ARGUMENT, "feature 'item': 1000 in row 1 (expected: 0 to 999");
    RankRequest.Builder nan = request(2);
    floatColumn(nan, "x", new float[] {1, 1, Float.NaN, 1});
    fails(
        nan, Status.Code.INVALID_ARGUMENT, "feature 'x': NaN in row 1 (expected: a finite number)");
    fails(
        request(2).addOutputs("ctr"),
        Status.Code.INVALID_ARGUMENT,
        "output 'ctr': unknown (expected: one of [score, log])");
    fails(
        request(2).addOutputs("log").addOutputs("log"),
        Status.Code.INVALID_ARGUMENT,
        "output 'log': asked for twice");
    fails(request(2).setTopK(-1), Status.Code.INVALID_ARGUMENT, "top_k: -1 (expected: 0 or more)");
    RankRequest.Builder ids = request(2);
    ids.getCandidatesBuilder().setIds(CandidateIds.newBuilder().setInt64Ids(longs(1)));
    fails(
        ids,
        Status.Code.INVALID_ARGUMENT,
        "candidates.ids: 1 ids (expected: 2, one for each candidate)");
  }

  @Test
  void aScoreThatIsNotFiniteIsInternal() {
    RankRequest.Builder request = request(2);
    floatColumn(request, "x", new float[] {1, 1, -1, 1});
    fails(request, Status.Code.INTERNAL, "log");
  }

  @Test
  void tooMuchIsResourceExhausted() {
    fails(
        request(5_001),
        Status.Code.RESOURCE_EXHAUSTED,
        "candidates.count: 5001 (expected: at most 5000)");
    RankRequest huge = request(1).setRequestId("x".repeat(17 << 20)).build();
    fails(huge.toBuilder(), Status.Code.RESOURCE_EXHAUSTED, "16777216");
  }

  @Test
  void aMessageOfManyWindowsIsServed() {
    String id = "x".repeat(3 << 20);
    RankResponse response = rank(request(3).setRequestId(id).build());
    assertThat(response.getRequestId()).isEqualTo(id);
    assertThat(response.getOutputs(0).getScores(2)).isEqualTo(score(2));
  }

  /** What a client may send before the server has taken any of it. */
  @Test
  void theWindowIsAnnounced() throws Exception {
    try (Socket socket = new Socket()) {
      socket.connect(server.grpcAddress());
      socket.setSoTimeout(30_000);
      socket.getOutputStream().write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
      socket.getOutputStream().write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
      DataInputStream in = new DataInputStream(socket.getInputStream());
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      assertThat(in.readUnsignedByte()).as("type of the first frame: settings").isEqualTo(4);
      in.skipNBytes(5);
      Map<Integer, Integer> settings = new HashMap<>();
      for (int i = 0; i < length / 6; i++) {
        settings.put(in.readUnsignedShort(), in.readInt());
      }
      assertThat(settings).containsEntry(4, 256 << 10);
    }
  }

  @Test
  void aDeadlineThatHasPassedIsExceeded() {
    StatusRuntimeException e =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                RankingServiceGrpc.newBlockingStub(channel)
                    .withDeadlineAfter(1, TimeUnit.NANOSECONDS)
                    .rank(request(1).build()));
    assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    assertThat(rank(request(1).build()).getOutputs(0).getScores(0)).isEqualTo(score(0));
  }

  @Test
  void modelsAndSignaturesAreListed() {
    var stub = ModelServiceGrpc.newBlockingStub(channel);
    assertThat(stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsList())
        .extracting("name")
        .containsExactly("external", "share", "sum", "types");
    var model = stub.getModel(GetModelRequest.newBuilder().setModel(model("sum")).build());
    assertThat(model.getFeaturesList()).extracting("name").containsExactly("user", "item", "x");
    assertThat(model.getFeatures(0).getRequired()).isFalse();
    assertThat(model.getFeatures(1).getVocabularySize()).isEqualTo(1000);
    assertThat(model.getFeatures(2).getWidth()).isEqualTo(2);
    assertThat(model.getExecutionProvidersList()).containsExactly("cpu");
  }

  /**
   * Raw bytes of every quality: the answer is a score or a clear refusal, and the server is as good
   * as before.
   */
  @Test
  void twentyThousandMutatedRequestsDoNoHarm() throws Exception {
    long seed = 20_261_124;
    Random random = new Random(seed);
    MethodDescriptor<byte[], byte[]> method =
        RankingServiceGrpc.getRankMethod().toBuilder(BYTES, BYTES).build();
    Map<Status.Code, Integer> statuses = new TreeMap<>();
    List<CompletableFuture<Status.Code>> calls = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = mutate(request(1 + random.nextInt(20)).build().toByteArray(), random);
      CompletableFuture<Status.Code> done = new CompletableFuture<>();
      ClientCalls.asyncUnaryCall(
          channel.newCall(method, CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS)),
          bytes,
          new StreamObserver<byte[]>() {
            @Override
            public void onNext(byte[] value) {}

            @Override
            public void onError(Throwable t) {
              done.complete(Status.fromThrowable(t).getCode());
            }

            @Override
            public void onCompleted() {
              done.complete(Status.Code.OK);
            }
          });
      calls.add(done);
      if (calls.size() == 200) {
        for (CompletableFuture<Status.Code> call : calls) {
          statuses.merge(call.get(60, TimeUnit.SECONDS), 1, Integer::sum);
        }
        calls.clear();
      }
    }
    assertThat(statuses.keySet())
        .as("seed %d", seed)
        .isSubsetOf(
            Status.Code.OK,
            Status.Code.INVALID_ARGUMENT,
            Status.Code.NOT_FOUND,
            Status.Code.RESOURCE_EXHAUSTED,
            Status.Code.INTERNAL);
    assertThat(statuses.get(Status.Code.INVALID_ARGUMENT)).isGreaterThan(1_000);
    assertThat(rank(request(500).build()).getOutputs(0).getScores(499)).isEqualTo(score(499));
  }

  private static byte[] mutate(byte[] good, Random random) {
    if (random.nextInt(10) == 0) {
      byte[] garbage = new byte[random.nextInt(300)];
      random.nextBytes(garbage);
      return garbage;
    }
    byte[] bytes = good.clone();
    for (int flips = random.nextInt(4); flips >= 0; flips--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
    }
    return random.nextInt(5) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length)) : bytes;
  }

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        }
      };

  private static RankResponse rank(RankRequest request) {
    return RankingServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(30, TimeUnit.SECONDS)
        .rank(request);
  }

  /** The request fails as told, and the next one on the same connection is answered. */
  private static void fails(RankRequest.Builder request, Status.Code code, String message) {
    StatusRuntimeException e =
        catchThrowableOfType(StatusRuntimeException.class, () -> rank(request.build()));
    assertThat(e).as("a failure with %s", message).isNotNull();
    assertThat(e.getStatus().getCode()).isEqualTo(code);
    assertThat(e.getStatus().getDescription()).contains(message);
    assertThat(rank(request(1).build()).getOutputs(0).getScores(0)).isEqualTo(score(0));
  }

  /** User 7; candidate i is item i mod 1000 with x = (i + 1, 1). */
  private static RankRequest.Builder request(int rows) {
    RankRequest.Builder request =
        RankRequest.newBuilder().setModel(model("sum")).addContext(context("user", 7));
    request.getCandidatesBuilder().setCount(rows);
    long[] items = new long[rows];
    float[] x = new float[2 * rows];
    for (int i = 0; i < rows; i++) {
      items[i] = i % 1000;
      x[2 * i] = i + 1;
      x[2 * i + 1] = 1;
    }
    column(request, "item", items);
    floatColumn(request, "x", x);
    return request;
  }

  private static float score(int row) {
    return row + 1 + 10 + 100 * (row % 1000) + 7000;
  }

  private static ModelSpec.Builder model(String name) {
    return ModelSpec.newBuilder().setName(name);
  }

  private static FeatureColumn context(String name, long value) {
    return FeatureColumn.newBuilder().setName(name).setInt64Values(longs(value)).build();
  }

  private static void column(RankRequest.Builder request, String name, long... values) {
    replace(
        request, FeatureColumn.newBuilder().setName(name).setInt64Values(longs(values)).build());
  }

  private static void floatColumn(RankRequest.Builder request, String name, float[] values) {
    FloatValues.Builder column = FloatValues.newBuilder();
    for (float value : values) {
      column.addValues(value);
    }
    replace(request, FeatureColumn.newBuilder().setName(name).setFloatValues(column).build());
  }

  private static void replace(RankRequest.Builder request, FeatureColumn column) {
    CandidateBatch.Builder batch = request.getCandidatesBuilder();
    for (int i = 0; i < batch.getColumnsCount(); i++) {
      if (batch.getColumns(i).getName().equals(column.getName())) {
        batch.setColumns(i, column);
        return;
      }
    }
    batch.addColumns(column);
  }

  private static Int64Values longs(long... values) {
    Int64Values.Builder column = Int64Values.newBuilder();
    for (long value : values) {
      column.addValues(value);
    }
    return column.build();
  }
}
