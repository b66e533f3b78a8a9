package dev.podium.loadtest.protocol;

import static dev.podium.loadtest.FakeRanker.tensor;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferResponse;
import dev.podium.inference.ModelMetadataResponse;
import dev.podium.inference.ModelMetadataResponse.TensorMetadata;
import dev.podium.loadtest.FakeRanker;
import dev.podium.loadtest.TestModels;
import dev.podium.loadtest.fault.InputException;
import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.Feature;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.Kind;
import dev.podium.ranking.v1.Model;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.Role;
import dev.podium.ranking.v1.StringValues;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OipProtocolTest {
  private static final RankRequest REQUEST =
      RankRequest.newBuilder()
          .setRequestId("r1")
          .setModel(TestModels.NAME)
          .addContext(ids("user_id", 7))
          .addContext(ids("age", 3))
          .addContext(history(11, 12, 13))
          .setCandidates(
              CandidateBatch.newBuilder()
                  .setCount(2)
                  .addColumns(ids("item_id", 50, 181))
                  .addColumns(
                      FeatureColumn.newBuilder()
                          .setName("price")
                          .setFloatValues(
                              FloatValues.newBuilder().addAllValues(List.of(1f, 2f, 3f, 4f)))))
          .build();

  private static FeatureColumn ids(String name, long... values) {
    Int64Values.Builder list = Int64Values.newBuilder();
    for (long value : values) {
      list.addValues(value);
    }
    return FeatureColumn.newBuilder().setName(name).setInt64Values(list).build();
  }

  private static FeatureColumn history(long... values) {
    RaggedInt64Values.Builder list = RaggedInt64Values.newBuilder().addRowLengths(values.length);
    for (long value : values) {
      list.addValues(value);
    }
    return FeatureColumn.newBuilder().setName("history").setRaggedInt64Values(list).build();
  }

  private static ModelInferRequest infer(
      Model signature, ModelMetadataResponse metadata, TensorRules rules, RankRequest request)
      throws IOException {
    byte[] bytes =
        new OipProtocol(TensorMapping.of(signature, metadata, rules), "3").encode(request);
    return ModelInferRequest.parseFrom(bytes);
  }

  private static ByteBuffer raw(ModelInferRequest request, int input) {
    return request.getRawInputContents(input).asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long[] longs(ModelInferRequest request, int input) {
    ByteBuffer bytes = raw(request, input);
    long[] values = new long[bytes.remaining() / 8];
    bytes.asLongBuffer().get(values);
    return values;
  }

  @Test
  void repeatsTheContextAndFillsSequencesUp() throws IOException {
    ModelInferRequest request =
        infer(TestModels.films(), FakeRanker.filmsMetadata(), TensorRules.none(), REQUEST);
    assertThat(request.getModelName()).isEqualTo("films");
    assertThat(request.getModelVersion()).isEqualTo("3");
    assertThat(request.getId()).isEqualTo("r1");
    assertThat(request.getInputsList())
        .extracting(input -> input.getName() + " " + input.getDatatype() + input.getShapeList())
        .containsExactly(
            "user_id INT64[2]",
            "age INT32[2]",
            "history INT64[2, 4]",
            "item_id INT64[2, 1]",
            "price FP32[2, 2]");
    assertThat(longs(request, 0)).containsExactly(7, 7);
    assertThat(raw(request, 1).asIntBuffer().get(1)).isEqualTo(3);
    assertThat(longs(request, 2)).containsExactly(11, 12, 13, 0, 11, 12, 13, 0);
    assertThat(longs(request, 3)).containsExactly(50, 181);
    float[] prices = new float[4];
    raw(request, 4).asFloatBuffer().get(prices);
    assertThat(prices).containsExactly(1, 2, 3, 4);
  }

  @Test
  void followsModelYaml(@TempDir Path folder) throws IOException {
    Files.createDirectory(folder.resolve("vocabulary"));
    Files.writeString(folder.resolve("vocabulary/genre.txt"), "drama\ncomedy\n");
    Path file = folder.resolve("model.yaml");
    Files.writeString(
        file,
        """
        features:
          - {name: user_id, input: X, columns: [0, 1]}
          - {name: age, input: X, columns: [1, 2]}
          - {name: history, input: hist, length: 4, padding: {value: -1, side: left}, truncation: left}
          - {name: item_id, input: X, columns: [2, 3]}
          - {name: price, input: X, columns: [4, 6]}
          - name: genre
            input: X
            columns: [3, 4]
            vocabulary: {file: vocabulary/genre.txt, first_id: 1}
            out_of_vocabulary: 0
        """);
    ModelMetadataResponse metadata =
        ModelMetadataResponse.newBuilder()
            .setName("films")
            .addInputs(tensor("X", "FP32", -1, 6))
            .addInputs(tensor("hist", "INT64", -1, -1))
            .build();
    RankRequest request =
        REQUEST.toBuilder()
            .setContext(2, history(1, 2, 3, 4, 5, 6))
            .setCandidates(
                REQUEST.getCandidates().toBuilder()
                    .addColumns(
                        FeatureColumn.newBuilder()
                            .setName("genre")
                            .setStringValues(
                                StringValues.newBuilder().addValues("comedy").addValues("opera"))))
            .build();
    ModelInferRequest infer =
        infer(TestModels.filmsWithText(), metadata, TensorRules.read(file), request);
    float[] x = new float[12];
    raw(infer, 0).asFloatBuffer().get(x);
    assertThat(x).containsExactly(7, 3, 50, 2, 1, 2, 7, 3, 181, 0, 3, 4);
    assertThat(longs(infer, 1)).containsExactly(3, 4, 5, 6, 3, 4, 5, 6);
    RankRequest shorter = request.toBuilder().setContext(2, history(1, 2)).build();
    assertThat(
            longs(infer(TestModels.filmsWithText(), metadata, TensorRules.read(file), shorter), 1))
        .startsWith(-1, -1, 1, 2);
    // The end is cut off unless the folder says otherwise, as by the server.
    Files.writeString(file, Files.readString(file).replace(", truncation: left", ""));
    assertThat(
            longs(infer(TestModels.filmsWithText(), metadata, TensorRules.read(file), request), 1))
        .startsWith(1, 2, 3, 4);
  }

  @Test
  void sendsTextAsItIsToATensorOfText() throws IOException {
    Model signature =
        Model.newBuilder()
            .addFeatures(
                Feature.newBuilder()
                    .setName("genre")
                    .setRole(Role.ROLE_CANDIDATE)
                    .setKind(Kind.KIND_CATEGORICAL)
                    .setWidth(1)
                    .setWireType(DataType.DATA_TYPE_STRING))
            .build();
    ModelMetadataResponse metadata =
        ModelMetadataResponse.newBuilder()
            .setName("films")
            .addInputs(tensor("genre", "BYTES", -1))
            .build();
    RankRequest request =
        RankRequest.newBuilder()
            .setCandidates(
                CandidateBatch.newBuilder()
                    .setCount(2)
                    .addColumns(
                        FeatureColumn.newBuilder()
                            .setName("genre")
                            .setStringValues(
                                StringValues.newBuilder().addValues("a").addValues("été"))))
            .build();
    ByteBuffer raw = raw(infer(signature, metadata, TensorRules.none(), request), 0);
    assertThat(raw.getInt()).isEqualTo(1);
    assertThat(raw.get()).isEqualTo((byte) 'a');
    assertThat(raw.getInt()).isEqualTo(5);
    byte[] second = new byte[5];
    raw.get(second);
    assertThat(new String(second, StandardCharsets.UTF_8)).isEqualTo("été");
  }

  private static void refuses(Model signature, List<TensorMetadata> inputs, String message) {
    assertThatThrownBy(() -> TensorMapping.of("films", signature, inputs, TensorRules.none()))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(message);
  }

  @Test
  void saysInOneLineWhatDoesNotFit() {
    List<TensorMetadata> inputs = FakeRanker.filmsMetadata().getInputsList();
    refuses(
        TestModels.filmsWithText(),
        inputs,
        "model 'films': feature 'genre' has no input of that name (inputs: [user_id, age, history,");
    refuses(
        TestModels.films(),
        concat(inputs, tensor("season", "INT64", -1)),
        "model 'films': input 'season' gets no feature (features: [user_id,");
    refuses(
        TestModels.filmsWithText(),
        concat(inputs, tensor("genre", "INT64", -1)),
        "model 'films': feature 'genre' is text and input 'genre' takes INT64 (expected: a vocabulary file");
    refuses(
        TestModels.films(),
        List.of(
            inputs.get(0),
            inputs.get(1),
            inputs.get(3),
            inputs.get(4),
            tensor("history", "INT64", -1, 9)),
        "model 'films': input 'history' has shape [-1, 9] and its features fill 4 columns");
    refuses(
        TestModels.films(),
        List.of(
            inputs.get(0),
            inputs.get(1),
            inputs.get(2),
            inputs.get(3),
            tensor("price", "FP16", -1, 2)),
        "model 'films': input 'price' has datatype FP16 (expected: BOOL, INT32, INT64, FP32, FP64 or BYTES)");
  }

  private static List<TensorMetadata> concat(List<TensorMetadata> list, TensorMetadata more) {
    return java.util.stream.Stream.concat(list.stream(), java.util.stream.Stream.of(more)).toList();
  }

  @Test
  void namesAnUnreadableModelYaml() {
    assertThatThrownBy(() -> TensorRules.read(Path.of("/no/model.yaml")))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("/no/model.yaml: can't be read");
  }

  @Test
  void readsScoresFromRawAndFromTypedContents() {
    OipProtocol protocol =
        new OipProtocol(
            TensorMapping.of(TestModels.films(), FakeRanker.filmsMetadata(), TensorRules.none()),
            "");
    ModelInferResponse.InferOutputTensor.Builder output =
        ModelInferResponse.InferOutputTensor.newBuilder().setName("ctr").setDatatype("FP32");
    ByteBuffer raw =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(0.5f).putFloat(2f);
    ModelInferResponse asRaw =
        ModelInferResponse.newBuilder()
            .addOutputs(output)
            .addRawOutputContents(ByteString.copyFrom(raw.flip()))
            .build();
    assertThat(protocol.decode(asRaw.toByteArray()).get("ctr")).containsExactly(0.5f, 2f);
    output.getContentsBuilder().addFp32Contents(0.25f);
    ModelInferResponse typed = ModelInferResponse.newBuilder().addOutputs(output).build();
    assertThat(protocol.decode(typed.toByteArray()).get("ctr")).containsExactly(0.25f);
    assertThatThrownBy(() -> protocol.decode(new byte[0]))
        .isInstanceOf(WorkFailedException.class)
        .hasMessageContaining("no output of FP32");
  }

  @Test
  void makesASignatureFromTensorsWhereThereIsNone() {
    Model signature = SignatureReader.signatureOf(FakeRanker.filmsMetadata());
    assertThat(signature.getFeaturesList())
        .extracting(f -> f.getName() + " " + f.getKind() + " " + f.getWidth() + " " + f.getLength())
        .containsExactly(
            "user_id KIND_CATEGORICAL 1 0",
            "age KIND_CATEGORICAL 1 0",
            "history KIND_SEQUENCE 1 4",
            "item_id KIND_CATEGORICAL 1 0",
            "price KIND_DENSE 2 0");
  }
}
