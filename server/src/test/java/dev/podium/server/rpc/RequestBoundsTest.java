package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.podium.inference.InferParameter;
import dev.podium.inference.ModelInferRequest;
import dev.podium.inference.ModelInferRequest.InferRequestedOutputTensor;
import dev.podium.ranking.v1.ModelSpec;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.server.TestModels;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.Signature.Output;
import dev.podium.server.rpc.InProcess.Call;
import dev.podium.server.rpc.InProcess.Way;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What one request may cost: memory in proportion to its bytes, an answer that fits, an end. */
class RequestBoundsTest {
  private static final long FEW = 2 << 20;
  private static final int MEGABYTES_16 = 16 << 20;

  @TempDir static Path models;
  private final AtomicLong clock = new AtomicLong(System.nanoTime());
  private InProcess server;

  @BeforeAll
  static void write() throws Exception {
    TestModels.sum(models, "sum");
    TestModels.history(models, "history");
  }

  @BeforeEach
  void start() throws Exception {
    server = new InProcess(models, new OnnxEngine(), RequestSteps.NONE, clock::get, 200_000_000);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void anOutputIsNamedOnce(Way way) throws Exception {
    byte[] twice =
        way.ranks()
            ? TestMessages.rank("sum", 2).addOutputs("score").build().toByteArray()
            : infer(Collections.nCopies(2, "score"));
    assertThat(refusal(way, twice)).contains("output 'score': asked for twice (expected: once)");
    byte[] often =
        way.ranks()
            ? TestMessages.rank("sum", 2)
                .addAllOutputs(Collections.nCopies(200_000, "score"))
                .build()
                .toByteArray()
            : infer(Collections.nCopies(200_000, "score"));
    assertThat(refusal(way, often)).contains("more than").contains("outputs");
    assertThat(server.held()).isEqualTo("bytes 0, rows 0, messages 0, tasks 0");
  }

  /** What each request would be answered with is known before anything runs for it. */
  @Test
  void scoresThatDoNotFitAnAnswerAreRefused() throws Exception {
    Signature signature =
        new Signature(
            List.of(),
            List.of(),
            List.of(new Output("small", 0, 0, 1), new Output("wide", 1, 0, 100_000)));
    assertThat(WantedOutputs.of(signature, List.of("small"), 10_000).outputs()).hasSize(1);
    assertThatThrownBy(() -> WantedOutputs.of(signature, List.of(), 10_000))
        .isInstanceOf(RankException.class)
        .hasMessage(
            "scores: 4000040000 bytes (expected: at most 1073741824; ask for fewer outputs)");
  }

  @Test
  void emptyColumnsCostNoMoreThanTheirBytes() throws Exception {
    byte[] columns = new byte[MEGABYTES_16];
    for (int i = 0; i < columns.length; i += 2) {
      columns[i] = RankRequest.CONTEXT_FIELD_NUMBER << 3 | 2;
    }
    frugal(Way.RANK, columns, "more than 8192 columns");
    byte[] outputs = new byte[MEGABYTES_16];
    for (int i = 0; i < outputs.length; i += 2) {
      outputs[i] = RankRequest.OUTPUTS_FIELD_NUMBER << 3 | 2;
    }
    frugal(Way.RANK, outputs, "more than 1024 outputs");
    for (int field :
        new int[] {
          ModelInferRequest.INPUTS_FIELD_NUMBER,
          ModelInferRequest.OUTPUTS_FIELD_NUMBER,
          ModelInferRequest.RAW_INPUT_CONTENTS_FIELD_NUMBER,
          ModelInferRequest.PARAMETERS_FIELD_NUMBER
        }) {
      byte[] tensors = new byte[MEGABYTES_16];
      for (int i = 0; i < tensors.length; i += 2) {
        tensors[i] = (byte) (field << 3 | 2);
      }
      frugal(Way.INFER, tensors, "more than");
    }
    ModelInferRequest.Builder shape = TestMessages.infer("sum", 1, true);
    shape.getInputsBuilder(0).addAllShape(Collections.nCopies(1_000_000, 1L));
    frugal(Way.INFER, shape.build().toByteArray(), "more than 32 dimensions");
    ModelInferRequest.Builder parameters = TestMessages.infer("sum", 1, true);
    for (int i = 0; i < 5_000; i++) {
      parameters.putParameters("p" + i, InferParameter.getDefaultInstance());
    }
    frugal(Way.INFER, parameters.build().toByteArray(), "more than 1024 parameters");
  }

  @Test
  void rowsThatDidNotComeCostNothing() throws Exception {
    RankRequest.Builder few = TestMessages.rank("sum", 1);
    few.getCandidatesBuilder().setCount(10_000).clearIds();
    frugal(Way.RANK, few.build().toByteArray(), "values (expected: 10000, for 10000 rows)");
    few.getCandidatesBuilder()
        .setIds(TestMessages.rank("sum", 1).getCandidates().getIds())
        .clearColumns();
    assertThat(refusal(Way.RANK, few.build().toByteArray())).contains("missing");
    ModelInferRequest.Builder typed = TestMessages.infer("sum", 1, false);
    for (int i = 0; i < 3; i++) {
      typed.getInputsBuilder(i).setShape(0, 10_000);
    }
    frugal(Way.INFER, typed.build().toByteArray(), "1 elements in its INT64 contents");
    ModelInferRequest.Builder raw = TestMessages.infer("sum", 1, true);
    for (int i = 0; i < 3; i++) {
      raw.getInputsBuilder(i).setShape(0, 10_000);
    }
    frugal(Way.INFER, raw.build().toByteArray(), "8 raw bytes (expected: 80000");
    assertThat(server.scheduler.snapshot().assembledBytes()).isZero();
  }

  @Test
  void rowLengthsTooManyAreCountedAndNotKept() throws Exception {
    RankRequest.Builder request = TestMessages.history(1, 0);
    request
        .getContextBuilder(0)
        .getRaggedInt64ValuesBuilder()
        .addAllRowLengths(Collections.nCopies(2_000_000, 0));
    frugal(
        Way.RANK,
        request.build().toByteArray(),
        "2000001 rows (expected: 1, as it is a context column)");
  }

  /** The thread that a message arrived on reads small ones only. */
  @Test
  void aLongHistoryIsReadByAWorker() throws Exception {
    Call small = server.send(Way.RANK, TestMessages.history(1, 10).build().toByteArray());
    assertThat(small.answeredBy()).isEqualTo(Thread.currentThread().getName());
    Call large = server.send(Way.RANK, TestMessages.history(1, 200_000).build().toByteArray());
    assertThat(large.status()).isEqualTo(Status.OK);
    assertThat(large.answeredBy()).startsWith("podium-worker");
    RankResponse response = RankResponse.parseFrom(large.answers().get(0));
    // The last four of 0, 1, ..., 6, 0, 1, ...
    int sum = 0;
    for (int i = 199_996; i < 200_000; i++) {
      sum += i % 7;
    }
    assertThat(response.getOutputs(0).getScores(0)).isEqualTo(10 + sum);
  }

  @ParameterizedTest
  @EnumSource(Way.class)
  void aMessageThatIsNeverHandledIsGivenBack(Way way) throws Exception {
    if (way.streams()) {
      return;
    }
    byte[] message = new byte[100_000];
    Call call = server.open(way);
    call.bring(message);
    assertThat(server.dispatcher.pool().held()).isOne();
    call.cancel();
    assertThat(server.held()).isEqualTo("bytes 0, rows 0, messages 0, tasks 0");
    Call two = server.open(way);
    two.bring(message);
    two.bring(message);
    assertThat(two.status().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(server.held()).isEqualTo("bytes 0, rows 0, messages 0, tasks 0");
  }

  /** A default deadline is for each request: a stream lives longer. */
  @ParameterizedTest
  @EnumSource(
      value = Way.class,
      names = {"RANK_STREAM", "INFER_STREAM"})
  void theDefaultDeadlineIsForEachRequestOfAStream(Way way) throws Exception {
    Call call = server.open(way);
    for (int i = 0; i < 5; i++) {
      call.bring(
          way.ranks()
              ? TestMessages.rank("sum", 1).build().toByteArray()
              : TestMessages.infer("sum", 1, true).build().toByteArray());
      clock.addAndGet(150_000_000);
    }
    call.halfClose();
    assertThat(call.status()).isEqualTo(Status.OK);
    assertThat(call.answers()).hasSize(5);
    for (byte[] answer : call.answers()) {
      assertThat(new String(answer, java.nio.charset.StandardCharsets.ISO_8859_1))
          .doesNotContain("deadline");
    }
  }

  @Test
  void theDefaultDeadlineCountsFromEachArrival() {
    CallInfo none = new CallInfo(Long.MAX_VALUE, 200, null, null);
    assertThat(none.deadline(1_000)).isEqualTo(1_200);
    assertThat(none.deadline(5_000)).isEqualTo(5_200);
    assertThat(new CallInfo(3_000, 200, null, null).deadline(2_999)).isEqualTo(3_000);
    assertThat(new CallInfo(Long.MAX_VALUE, 0, null, null).deadline(1)).isEqualTo(Long.MAX_VALUE);
  }

  /** Every text that a caller can send, one after the other far too long, with a line break. */
  @ParameterizedTest
  @EnumSource(Way.class)
  void noTextMakesALongSentence(Way way) throws Exception {
    String text = "n".repeat(20_000) + "\n" + "m".repeat(20_000);
    Message good =
        way.ranks()
            ? TestMessages.rank("sum", 2)
                .setModel(ModelSpec.newBuilder().setName("sum").setLabel("l"))
                .build()
            : TestMessages.infer("sum", 2, false)
                .addOutputs(InferRequestedOutputTensor.newBuilder().setName("score"))
                .setModelVersion("1")
                .putParameters("p", InferParameter.newBuilder().setStringParam("s").build())
                .build();
    List<Message> bad = new ArrayList<>();
    lengthen(good, text, bad);
    int refused = 0;
    for (Message message : bad) {
      Call call = server.send(way, message.toByteArray());
      String sentence = sentence(way, call);
      if (sentence != null) {
        refused++;
        assertThat(sentence).hasSizeLessThanOrEqualTo(Quoted.LONGEST_SENTENCE);
        assertThat(sentence.chars()).noneMatch(Character::isISOControl);
        assertThat(sentence).doesNotContain("n".repeat(200));
      }
    }
    assertThat(bad).hasSizeGreaterThan(5);
    assertThat(refused).isGreaterThan(3);
  }

  /** The message with each of its texts in turn replaced. */
  private static void lengthen(Message message, String text, List<Message> into) {
    for (var field : message.getAllFields().entrySet()) {
      FieldDescriptor which = field.getKey();
      int count = which.isRepeated() ? message.getRepeatedFieldCount(which) : 1;
      for (int i = 0; i < Math.min(count, 3); i++) {
        int index = i;
        if (which.getJavaType() == FieldDescriptor.JavaType.STRING) {
          into.add(with(message, which, index, text));
        } else if (which.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
          List<Message> inner = new ArrayList<>();
          Object value =
              which.isRepeated() ? message.getRepeatedField(which, index) : message.getField(which);
          lengthen((Message) value, text, inner);
          inner.forEach(changed -> into.add(with(message, which, index, changed)));
        }
      }
    }
  }

  private static Message with(Message message, FieldDescriptor field, int index, Object value) {
    Message.Builder builder = message.toBuilder();
    return field.isRepeated()
        ? builder.setRepeatedField(field, index, value).build()
        : builder.setField(field, value).build();
  }

  /** Refused, with little memory taken beside the message's own bytes. */
  private void frugal(Way way, byte[] message, String why) throws Exception {
    refusal(way, message); // loads the classes
    Call call = server.open(way);
    call.bring(message);
    long before = FuzzTest.allocated();
    call.halfClose();
    String sentence = sentence(way, call);
    assertThat(FuzzTest.allocated() - before).as(why).isLessThan(FEW);
    assertThat(sentence).contains(why);
    assertThat(server.admission.snapshot().bytes()).isZero();
  }

  private String refusal(Way way, byte[] message) throws Exception {
    String sentence = sentence(way, server.send(way, message));
    assertThat(sentence).isNotNull();
    return sentence;
  }

  private static String sentence(Way way, Call call) throws Exception {
    return FuzzTest.sentence(way, call);
  }

  private static byte[] infer(List<String> outputs) {
    ModelInferRequest.Builder request = TestMessages.infer("sum", 2, true);
    outputs.forEach(
        name -> request.addOutputs(InferRequestedOutputTensor.newBuilder().setName(name)));
    return request.build().toByteArray();
  }
}
