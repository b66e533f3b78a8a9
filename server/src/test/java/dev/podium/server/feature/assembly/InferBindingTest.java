package dev.podium.server.feature.assembly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.podium.inference.InferTensorContents;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferRequest.InferInputTensor;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import dev.podium.server.feature.signature.WireType;
import dev.podium.server.feature.wire.InferMessage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tensors to buffers: one context or many, ids out of vocabulary, columns of one matrix. */
class InferBindingTest {
  /**
   * Inputs {@code X} of [rows, 4] floats, whose columns are user (context, below 10, unknown: 0), a
   * dense context number, item (below 100, no rule) and a dense number; and a text context.
   */
  private static final Signature SIGNATURE =
      new Signature(
          List.of(
              id("user", 0, FeatureRole.CONTEXT, new IdRule.Bounded(10, 0)),
              dense("age", 1, FeatureRole.CONTEXT),
              id("item", 2, FeatureRole.CANDIDATE, new IdRule.Bounded(100, IdRule.NO_ID)),
              dense("price", 3, FeatureRole.CANDIDATE),
              new Feature(
                  "city",
                  1,
                  0,
                  1,
                  FeatureRole.CONTEXT,
                  FeatureKind.DENSE,
                  WireType.STRING,
                  IdRule.NONE,
                  null,
                  null,
                  true)),
          List.of(
              new TensorSpec("X", TensorDtype.FLOAT, List.of(4)),
              new TensorSpec("T", TensorDtype.STRING, List.of())),
          List.of(new Output("score", 0, 0, 1)));

  private static Feature id(String name, int column, FeatureRole role, IdRule ids) {
    return new Feature(
        name, 0, column, 1, role, FeatureKind.CATEGORICAL, WireType.INT64, ids, null, null, true);
  }

  private static Feature dense(String name, int column, FeatureRole role) {
    return new Feature(
        name, 0, column, 1, role, FeatureKind.DENSE, WireType.FLOAT, IdRule.NONE, null, null, true);
  }

  @ParameterizedTest
  @CsvSource({
    "7, 7, 30, 30, rome, rome, true",
    "7, 8, 30, 30, rome, rome, false",
    "7, 7, 30, 31, rome, rome, false",
    "7, 7, 30, 30, rome, oslo, false",
    "7, 7, 30, 30, rome, romeo, false",
  })
  void contextIsSharedIfAllRowsHaveTheSame(
      float user1, float user2, float age1, float age2, String city1, String city2, boolean same)
      throws RankException {
    InferMessage message =
        message(
            new float[][] {{user1, age1, 5, 1}, {user2, age2, 6, 2}}, List.of(city1, city2), false);
    assertThat(InferBinding.of(message, SIGNATURE, true).sharesContext()).isEqualTo(same);
    assertThat(InferBinding.of(message, SIGNATURE, false).sharesContext()).isFalse();
  }

  @Test
  void sharedContextGoesToOneRow() throws RankException {
    InferBinding request =
        InferBinding.of(
            message(new float[][] {{7, 30, 5, 1}, {7, 30, 6, 2}}, List.of("rome", "rome"), true),
            SIGNATURE,
            true);
    TensorBuffers context = new TensorBuffers(SIGNATURE.inputs(), 1);
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 4);
    request.fill(null, context, rows, 1, new AssemblyTally(SIGNATURE));
    assertThat(context.numbers(0).getFloat(0)).isEqualTo(7);
    assertThat(context.strings(1)).containsExactly("rome");
    assertThat(rows.numbers(0).getFloat((1 * 4 + 2) * 4)).isEqualTo(5);
    assertThat(rows.numbers(0).getFloat((2 * 4 + 3) * 4)).isEqualTo(2);
    assertThat(rows.strings(1)).containsExactly("", "", "", "");
  }

  @Test
  void idsOutOfVocabularyAreReplacedAndCountedOrRefused() throws RankException {
    TensorBuffers rows = new TensorBuffers(SIGNATURE.inputs(), 2);
    AssemblyTally tally = new AssemblyTally(SIGNATURE);
    InferBinding.of(
            message(new float[][] {{12, 30, 5, 1}, {-1, 30, 6, 2}}, List.of("a", "b"), true),
            SIGNATURE,
            true)
        .fill(null, null, rows, 0, tally);
    assertThat(rows.numbers(0).getFloat(0)).isZero();
    assertThat(rows.numbers(0).getFloat(4 * 4)).isZero();
    assertThat(tally.outOfVocabulary(0)).isEqualTo(2);
    assertThat(rows.strings(1)).containsExactly("a", "b");

    InferBinding bad =
        InferBinding.of(
            message(new float[][] {{1, 30, 100, 1}}, List.of("a"), true), SIGNATURE, true);
    assertThatThrownBy(() -> bad.fill(null, null, rows, 0, tally))
        .isInstanceOf(RankException.class)
        .hasMessage("input 'X': 100 in row 0 (expected: 0 to 99; it has no out-of-vocabulary id)");
  }

  @Test
  void textsMustFillTheirBytesExactly() {
    InferMessage tooLong;
    try {
      ModelInferRequest request =
          request(new float[][] {{1, 2, 3, 4}}, List.of("a"), true).toBuilder()
              .setRawInputContents(1, ByteString.copyFrom(new byte[] {2, 0, 0, 0, 'a'}))
              .build();
      tooLong = InferMessage.parse(request.toByteArray(), request.getSerializedSize());
    } catch (RankException e) {
      throw new AssertionError(e);
    }
    assertThatThrownBy(() -> InferBinding.of(tooLong, SIGNATURE, true))
        .hasMessageStartingWith("input 'T': 5 raw bytes (expected: just 1 elements of BYTES");
  }

  @ParameterizedTest
  @CsvSource({"3", "5"})
  void typedContentsMustHaveAsManyElementsAsTheShapeSays(int count) throws RankException {
    InferTensorContents.Builder contents = InferTensorContents.newBuilder();
    for (int i = 0; i < count; i++) {
      contents.addFp32Contents(i);
    }
    ModelInferRequest request =
        request(new float[][] {{1, 2, 3, 4}}, List.of("a"), false).toBuilder()
            .setInputs(
                0,
                InferInputTensor.newBuilder()
                    .setName("X")
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(4)
                    .setContents(contents))
            .build();
    InferMessage message = InferMessage.parse(request.toByteArray(), request.getSerializedSize());
    assertThatThrownBy(() -> InferBinding.of(message, SIGNATURE, true))
        .hasMessageStartingWith("input 'X': " + count)
        .hasMessageContaining("(expected: 4, as its shape says)");
  }

  private static InferMessage message(float[][] x, List<String> texts, boolean raw)
      throws RankException {
    ModelInferRequest request = request(x, texts, raw);
    return InferMessage.parse(request.toByteArray(), request.getSerializedSize());
  }

  private static ModelInferRequest request(float[][] x, List<String> texts, boolean raw) {
    InferInputTensor.Builder numbers =
        InferInputTensor.newBuilder()
            .setName("X")
            .setDatatype("FP32")
            .addShape(x.length)
            .addShape(4);
    InferInputTensor.Builder text =
        InferInputTensor.newBuilder().setName("T").setDatatype("BYTES").addShape(x.length);
    ModelInferRequest.Builder request = ModelInferRequest.newBuilder().setModelName("m");
    if (raw) {
      ByteBuffer values =
          ByteBuffer.allocate(x.length * 4 * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      ByteBuffer chars = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);
      for (int row = 0; row < x.length; row++) {
        for (float value : x[row]) {
          values.putFloat(value);
        }
        chars.putInt(texts.get(row).length());
        texts.get(row).chars().forEach(c -> chars.put((byte) c));
      }
      chars.flip();
      request
          .addRawInputContents(ByteString.copyFrom(values.array()))
          .addRawInputContents(ByteString.copyFrom(chars));
    } else {
      for (int row = 0; row < x.length; row++) {
        for (float value : x[row]) {
          numbers.getContentsBuilder().addFp32Contents(value);
        }
        text.getContentsBuilder().addBytesContents(ByteString.copyFromUtf8(texts.get(row)));
      }
    }
    return request.addInputs(numbers).addInputs(text).build();
  }
}
