package dev.podium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.podium.client.RequestSplitter.Part;
import dev.podium.ranking.v1.CandidateBatch;
import dev.podium.ranking.v1.DataType;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.FloatValues;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.RaggedInt64Values;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RawTensor;
import dev.podium.ranking.v1.Timing;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SplitAndMergeTest {
  @Property(tries = 2000)
  void anySplitGivesTheUnsplitAnswer(
      @ForAll @IntRange(min = 0, max = 60) int count,
      @ForAll @IntRange(min = 1, max = 64) int max,
      @ForAll @IntRange(min = 0, max = 70) int topK,
      @ForAll @IntRange(min = 0, max = 2) int idKind,
      @ForAll long seed) {
    RankRequest request = request(count, topK, idKind, new Random(seed));

    RankResponse whole = FakeRankingService.answer(request);
    RankResponse merged = splitAndMerge(request, max);

    assertThat(withoutTiming(merged)).isEqualTo(withoutTiming(whole));
  }

  @Property(tries = 500)
  void partsAreAsFewAndAsEqualAsCanBe(
      @ForAll @IntRange(min = 1, max = 60) int count,
      @ForAll @IntRange(min = 1, max = 64) int max,
      @ForAll long seed) {
    RankRequest request = request(count, 0, 1, new Random(seed));

    List<Part> parts = RequestSplitter.split(request, max);

    assertThat(parts).hasSize((count + max - 1) / max);
    var sizes = parts.stream().mapToInt(Part::candidates).summaryStatistics();
    assertThat(sizes.getSum()).isEqualTo(count);
    assertThat(sizes.getMax()).isLessThanOrEqualTo(max);
    assertThat(sizes.getMax() - sizes.getMin()).isLessThanOrEqualTo(1);
    assertThat(parts)
        .allSatisfy(
            part -> {
              assertThat(part.request().getContextList()).isEqualTo(request.getContextList());
              assertThat(part.request().getRequestId()).isEqualTo(request.getRequestId());
            });
  }

  @Test
  void aRequestThatIsSmallEnoughIsSentAsItIs() {
    RankRequest request = request(10, 0, 1, new Random(1));

    assertThat(RequestSplitter.split(request, 10))
        .singleElement()
        .extracting(Part::request)
        .isSameAs(request);
  }

  @Test
  void aRequestWhoseColumnsAreWrongIsSentWholeForTheServerToSayWhy() {
    for (FeatureColumn wrong : wrongColumnsForTenRows()) {
      RankRequest request =
          RankRequest.newBuilder()
              .setCandidates(CandidateBatch.newBuilder().setCount(10).addColumns(wrong))
              .build();

      assertThat(RequestSplitter.split(request, 3))
          .as(wrong.getName())
          .singleElement()
          .extracting(Part::request)
          .isSameAs(request);
    }
  }

  private static List<FeatureColumn> wrongColumnsForTenRows() {
    return List.of(
        FeatureColumn.newBuilder().setName("no values at all").build(),
        column("9 values").setInt64Values(Int64Values.newBuilder().addAllValues(longs(9))).build(),
        column("0 values").setInt64Values(Int64Values.getDefaultInstance()).build(),
        column("9 row lengths")
            .setRaggedInt64Values(
                RaggedInt64Values.newBuilder().addAllValues(longs(9)).addAllRowLengths(ones(9)))
            .build(),
        column("lengths below the values")
            .setRaggedInt64Values(
                RaggedInt64Values.newBuilder().addAllValues(longs(11)).addAllRowLengths(ones(10)))
            .build(),
        column("lengths above the values")
            .setRaggedInt64Values(
                RaggedInt64Values.newBuilder().addAllValues(longs(9)).addAllRowLengths(ones(10)))
            .build(),
        column("shape of 9 rows")
            .setRaw(RawTensor.newBuilder().addShape(9).setData(ByteString.copyFrom(new byte[80])))
            .build(),
        column("no shape")
            .setRaw(RawTensor.newBuilder().setData(ByteString.copyFrom(new byte[80])))
            .build());
  }

  @Test
  void timesOfPartsAreTheLongestQueueAndTheSumsOfTheOthers() {
    RankRequest request = request(10, 0, 0, new Random(1));

    Timing merged = splitAndMerge(request, 4).getTiming(); // 3, 3 and 4 candidates

    assertThat(merged)
        .isEqualTo(
            Timing.newBuilder()
                .setQueueMicros(4)
                .setAssembleMicros(10)
                .setInferMicros(20)
                .setTiles(3)
                .build());
  }

  /** The service splits what has more than 3 candidates. */
  @ParameterizedTest
  @CsvSource({
    "9, 3, SERVED_FORM_EXPORTED",
    "8, 4, SERVED_FORM_SPLIT",
    "10, 4, SERVED_FORM_UNSPECIFIED"
  })
  void theFormIsToldWhereAllPartsRanInOne(int candidates, int most, String form) {
    RankRequest request = request(candidates, 0, 0, new Random(1));

    assertThat(splitAndMerge(request, most).getTiming().getForm().name()).isEqualTo(form);
  }

  @Test
  void zeroAndMinusZeroAreEqualScoresAndKeepRequestOrder() {
    RankRequest request =
        RankRequest.newBuilder()
            .setTopK(2)
            .setCandidates(
                CandidateBatch.newBuilder()
                    .setCount(2)
                    .addColumns(
                        column("x")
                            .setFloatValues(FloatValues.newBuilder().addValues(1).addValues(2))))
            .build();

    RankResponse merged =
        ResponseMerger.merge(
            request, RequestSplitter.split(request, 1), List.of(top(-0.0f), top(0.0f)));

    assertThat(merged.getCandidateIndicesList()).containsExactly(0, 1);
  }

  @Test
  void partsThatDoNotFitTogetherAreAnInternalError() {
    RankRequest request = request(4, 0, 0, new Random(1));
    List<Part> parts = RequestSplitter.split(request, 2);
    RankResponse part = FakeRankingService.answer(parts.get(0).request());

    assertThatThrownBy(
            () ->
                ResponseMerger.merge(
                    request, parts, List.of(part, part.toBuilder().removeOutputs(1).build())))
        .hasMessage("INTERNAL: outputs of a part differ (expected: those of the first part)");
    RankResponse.Builder longer = part.toBuilder();
    longer.getOutputsBuilder(0).addScores(0.5f);
    assertThatThrownBy(() -> ResponseMerger.merge(request, parts, List.of(part, longer.build())))
        .hasMessage("INTERNAL: output 'ctr': 3 scores of a part (expected: 2)");
  }

  @Test
  void theMergerKnowsEveryFieldOfAnAnswer() {
    // A field that is new on the wire needs its line in ResponseMerger, and then in this list.
    assertThat(RankResponse.getDescriptor().getFields())
        .extracting(FieldDescriptor::getName)
        .containsExactly(
            "request_id",
            "model",
            "outputs",
            "candidate_indices",
            "candidate_ids",
            "timing",
            "warnings",
            "error", // on streams only
            "missing");
  }

  private static RankResponse top(float score) {
    RankResponse.Builder response = RankResponse.newBuilder().addCandidateIndices(0);
    response.addOutputsBuilder().setName("ctr").setWidth(1).addScores(score);
    return response.build();
  }

  private static RankResponse splitAndMerge(RankRequest request, int max) {
    List<Part> parts = RequestSplitter.split(request, max);
    List<RankResponse> responses =
        parts.stream().map(part -> FakeRankingService.answer(part.request())).toList();
    return parts.size() == 1 ? responses.get(0) : ResponseMerger.merge(request, parts, responses);
  }

  private static RankResponse withoutTiming(RankResponse response) {
    return response.toBuilder().clearTiming().build();
  }

  /** A request with a column of every kind. */
  private static RankRequest request(int count, int topK, int idKind, Random random) {
    RankingRequest.Builder request =
        RankingRequest.builder("m")
            .requestId("r" + random.nextInt())
            .topK(topK)
            .candidateCount(count)
            .context("user", random.nextLong())
            .contextSequence("history", random.longs(random.nextInt(4)).toArray());
    if (random.nextBoolean()) {
      request.outputs("pair", "ctr");
    }
    if (random.nextBoolean()) {
      request.allowPartial();
    }
    if (idKind == 1) {
      request.candidateIds(random.longs(count).toArray());
    } else if (idKind == 2) {
      request.candidateIds(texts(count, random));
    }
    int[] lengths = random.ints(count, 0, 4).toArray();
    int values = IntStream.of(lengths).sum();
    byte[] bytes = new byte[count * 8];
    random.nextBytes(bytes);
    return request
        .column("int64", random.longs(count, 0, 3).toArray())
        .column("float", floats(count, random))
        .vectorColumn("vector", floats(3 * count, random), 3)
        .column("text", texts(count, random))
        .sequenceColumn("int64s", random.longs(values).toArray(), lengths)
        .sequenceColumn("floats", floats(values, random), lengths)
        .sequenceColumn("texts", texts(values, random), lengths)
        .column(
            column("raw")
                .setRaw(
                    RawTensor.newBuilder()
                        .setDtype(DataType.DATA_TYPE_FLOAT32)
                        .addShape(count)
                        .addShape(2)
                        .setData(ByteString.copyFrom(bytes)))
                .build(),
            count)
        .build()
        .message();
  }

  private static FeatureColumn.Builder column(String name) {
    return FeatureColumn.newBuilder().setName(name);
  }

  private static List<Long> longs(int count) {
    return IntStream.range(0, count).mapToObj(i -> (long) i).toList();
  }

  private static List<Integer> ones(int count) {
    return IntStream.range(0, count).mapToObj(i -> 1).toList();
  }

  private static float[] floats(int count, Random random) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  private static List<String> texts(int count, Random random) {
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      texts.add("t" + random.nextInt(5));
    }
    return texts;
  }
}
