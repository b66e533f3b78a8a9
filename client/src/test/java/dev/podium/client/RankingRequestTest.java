package dev.podium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.podium.ranking.v1.CandidateIds;
import dev.podium.ranking.v1.FeatureColumn;
import dev.podium.ranking.v1.Int64Values;
import dev.podium.ranking.v1.Priority;
import dev.podium.ranking.v1.RankRequest;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RankingRequestTest {
  @Test
  void rowsLeaveAsTheSameMessageAsColumns() {
    RankingRequest.Builder byRow = RankingRequest.builder("m");
    byRow
        .addCandidate(50)
        .set("item_id", 50)
        .set("price", 1.5)
        .set("brand", "a")
        .setVector("image", 0.1f, 0.2f)
        .setSequence("genres", "Drama", "War")
        .setSequence("tags", 1, 2)
        .setSequence("weights", 0.5f);
    byRow
        .addCandidate(181)
        .set("item_id", 181)
        .set("price", 2.5)
        .set("brand", "b")
        .setVector("image", 0.3f, 0.4f)
        .setSequence("genres", List.of())
        .setSequence("tags", 3)
        .setSequence("weights", 0.25f, 0.75f);

    RankingRequest byColumn =
        RankingRequest.builder("m")
            .candidateIds(50, 181)
            .column("item_id", new long[] {50, 181})
            .column("price", new float[] {1.5f, 2.5f})
            .column("brand", "a", "b")
            .vectorColumn("image", new float[] {0.1f, 0.2f, 0.3f, 0.4f}, 2)
            .sequenceColumn("genres", List.of("Drama", "War"), new int[] {2, 0})
            .sequenceColumn("tags", new long[] {1, 2, 3}, new int[] {2, 1})
            .sequenceColumn("weights", new float[] {0.5f, 0.25f, 0.75f}, new int[] {1, 2})
            .build();

    assertThat(byRow.build().message()).isEqualTo(byColumn.message());
  }

  @Test
  void theContextIsOneRowOfEachFeature() {
    RankRequest message =
        RankingRequest.builder("m")
            .label("stable")
            .requestId("home-42")
            .topK(3)
            .outputs("ctr", "cvr")
            .priority(Priority.PRIORITY_SHEDDABLE)
            .allowPartial()
            .context("user_id", 7)
            .context("age", 0.5)
            .context("city", "Köln")
            .contextVector("embedding", 1f, 2f)
            .contextSequence("history", 50, 181)
            .contextSequence("weights", 0.5f)
            .contextSequence("words", "a", "b")
            .build()
            .message();

    assertThat(message.getModel().getName()).isEqualTo("m");
    assertThat(message.getModel().getLabel()).isEqualTo("stable");
    assertThat(message.getRequestId()).isEqualTo("home-42");
    assertThat(message.getTopK()).isEqualTo(3);
    assertThat(message.getPriority()).isEqualTo(Priority.PRIORITY_SHEDDABLE);
    assertThat(message.getAllowPartial()).isTrue();
    assertThat(message.getOutputsList()).containsExactly("ctr", "cvr");
    assertThat(message.getContextList())
        .extracting(FeatureColumn::getName)
        .containsExactly("user_id", "age", "city", "embedding", "history", "weights", "words");
    assertThat(message.getContext(0).getInt64Values().getValuesList()).containsExactly(7L);
    assertThat(message.getContext(1).getFloatValues().getValuesList()).containsExactly(0.5f);
    assertThat(message.getContext(2).getStringValues().getValuesList()).containsExactly("Köln");
    assertThat(message.getContext(3).getFloatValues().getValuesList()).containsExactly(1f, 2f);
    assertThat(message.getContext(4).getRaggedInt64Values().getValuesList())
        .containsExactly(50L, 181L);
    assertThat(message.getContext(4).getRaggedInt64Values().getRowLengthsList()).containsExactly(2);
    assertThat(message.getContext(5).getRaggedFloatValues().getRowLengthsList()).containsExactly(1);
    assertThat(message.getContext(6).getRaggedStringValues().getValuesList())
        .containsExactly("a", "b");
  }

  @Test
  void aVersionReplacesALabelAndTheOtherWayRound() {
    assertThat(RankingRequest.builder("m").label("a").version(2).build().message().getModel())
        .satisfies(model -> assertThat(model.getVersion()).isEqualTo(2))
        .satisfies(model -> assertThat(model.hasLabel()).isFalse());
  }

  @Test
  void rowsAndWholeColumnsMayBeMixed() {
    RankingRequest.Builder request =
        RankingRequest.builder("m").column("price", new float[] {1, 2});
    request.addCandidate("a").set("item_id", 1);
    request.addCandidate("b").set("item_id", 2);

    RankRequest message = request.build().message();

    assertThat(message.getCandidates().getCount()).isEqualTo(2);
    assertThat(message.getCandidates().getIds().getStringIds().getValuesList())
        .containsExactly("a", "b");
    assertThat(message.getCandidates().getColumnsList())
        .extracting(FeatureColumn::getName)
        .containsExactly("item_id", "price");
  }

  @Test
  void aBuilderMayBuildAgainWithMoreCandidates() {
    RankingRequest.Builder request = RankingRequest.builder("m").context("user", 1);
    request.addCandidate(1).set("item_id", 1);
    RankingRequest first = request.build();
    request.addCandidate(2).set("item_id", 2);
    RankingRequest second = request.build();

    assertThat(itemIds(first)).containsExactly(1L);
    assertThat(itemIds(second)).containsExactly(1L, 2L);
    assertThat(second.message().getContextCount()).isEqualTo(1);
  }

  @Test
  void aRequestWithoutCandidatesIsEmptyNotWrong() {
    RankRequest message = RankingRequest.builder("m").build().message();

    assertThat(message.getCandidates().getCount()).isZero();
    assertThat(message.getCandidates().getIds().getIdsCase())
        .isEqualTo(CandidateIds.IdsCase.IDS_NOT_SET);
  }

  @Test
  void aFinishedCandidateTakesNoMoreFeatures() {
    RankingRequest.Builder request = RankingRequest.builder("m");
    CandidateRow first = request.addCandidate(50);
    request.addCandidate(181);

    IllegalStateException e =
        assertThrows(IllegalStateException.class, () -> first.set("item_id", 50));
    assertThat(e)
        .hasMessage(
            "candidate 0 (id 50): another candidate was begun after it (expected: set its features first)");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource
  void errorsInUseNameTheThingWhatCameAndWhatWasExpected(
      String message, Consumer<RankingRequest.Builder> use) {
    RankingRequest.Builder request = RankingRequest.builder("m");

    assertThatThrownBy(
            () -> {
              use.accept(request);
              request.build();
            })
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  static Stream<Arguments> errorsInUseNameTheThingWhatCameAndWhatWasExpected() {
    return Stream.of(
        error(
            "feature 'year': no value for candidate 1 (id 181) (expected: one for each candidate)",
            r -> {
              r.addCandidate(50).set("item_id", 50).set("year", 1977);
              r.addCandidate(181).set("item_id", 181);
            }),
        error(
            "feature 'year': no value for candidate 1 (id 'b') (expected: one for each candidate)",
            r -> {
              r.addCandidate("a").set("year", 1977);
              r.addCandidate("b");
              r.addCandidate("c").set("year", 1983);
            }),
        error(
            "feature 'year': no value for candidate 0 (expected: one for each candidate)",
            r -> {
              r.addCandidate().set("item_id", 50);
              r.addCandidate().set("item_id", 181).set("year", 1983);
            }),
        error(
            "feature 'year': set twice for candidate 0 (id 50) (expected: once)",
            r -> r.addCandidate(50).set("year", 1977).set("year", 1978)),
        error(
            "feature 'year': set twice, first in the context (expected: once in a request)",
            r -> r.context("year", 1977).addCandidate(50).set("year", 1977)),
        error(
            "feature 'year': set twice, first in the context (expected: once in a request)",
            r -> r.context("year", 1977).context("year", 1978)),
        error(
            "feature 'year': set twice, first as a column (expected: once in a request)",
            r -> r.column("year", new long[1]).column("year", new long[1])),
        error(
            "feature 'year': set twice, first by candidate (expected: once in a request)",
            r -> {
              r.addCandidate().set("year", 1977);
              r.column("year", new long[1]);
            }),
        error(
            "feature 'price': one real number for candidate 1 (expected: one whole number, as for the candidates before it)",
            r -> {
              r.addCandidate().set("price", 10);
              r.addCandidate().set("price", 10.5);
            }),
        error(
            "feature 'image': 3 values for candidate 1 (expected: 2, as for the candidates before it)",
            r -> {
              r.addCandidate().setVector("image", 1f, 2f);
              r.addCandidate().setVector("image", 1f, 2f, 3f);
            }),
        error(
            "feature 'age': 3 rows (expected: 2, one for each candidate)",
            r -> r.column("item_id", new long[2]).column("age", new float[3])),
        error(
            "feature 'age': 3 rows (expected: 1, one for each candidate)",
            r -> r.column("age", new float[3]).addCandidate()),
        error(
            "feature 'age': 3 rows (expected: 4, one for each candidate)",
            r -> r.candidateIds(1, 2, 3, 4).column("age", new float[3])),
        error(
            "feature 'age': 3 rows (expected: 0, one for each candidate)",
            r -> r.candidateCount(0).column("age", new float[3])),
        error(
            "candidate ids: 2 (expected: 3, one for each candidate)",
            r -> r.candidateCount(3).candidateIds(List.of("a", "b"))),
        error(
            "candidateCount: 5 (expected: 1, the candidates added)",
            r -> r.candidateCount(5).addCandidate()),
        error(
            "candidate ids: given by row and as a column (expected: one of the two)",
            r -> r.candidateIds(1).addCandidate(1)),
        error(
            "candidate 1: no id (expected: a whole number, as for the candidates before it)",
            r -> {
              r.addCandidate(1);
              r.addCandidate();
            }),
        error(
            "candidate 1: text as id (expected: a whole number, as for the candidates before it)",
            r -> {
              r.addCandidate(1);
              r.addCandidate("b");
            }),
        error(
            "candidate 1: a whole number as id (expected: text, as for the candidates before it)",
            r -> {
              r.addCandidate("a");
              r.addCandidate(2);
            }),
        error(
            "candidate 1: a whole number as id (expected: no id, as for the candidates before it)",
            r -> {
              r.addCandidate();
              r.addCandidate(2);
            }),
        error("candidate 0: null as id (expected: text)", r -> r.addCandidate((String) null)),
        error(
            "feature 'brand': null (expected: text)",
            r -> r.addCandidate().set("brand", (String) null)),
        error(
            "feature 'image': 7 values (expected: a multiple of its width 3)",
            r -> r.vectorColumn("image", new float[7], 3)),
        error(
            "feature 'image': width 0 (expected: 1 or more)",
            r -> r.vectorColumn("image", new float[7], 0)),
        error(
            "feature 'tags': row lengths that add up to 3 (expected: 4, the number of values)",
            r -> r.sequenceColumn("tags", new long[4], new int[] {1, 2})),
        error(
            "feature 'tags': length -1 of row 1 (expected: 0 or more)",
            r -> r.sequenceColumn("tags", new float[0], new int[] {1, -1})),
        error("topK: -1 (expected: 0 or more; 0 returns all in request order)", r -> r.topK(-1)),
        error("version: 0 (expected: 1 or more)", r -> r.version(0)),
        error("candidateCount: -1 (expected: 0 or more)", r -> r.candidateCount(-1)));
  }

  private static Arguments error(String message, Consumer<RankingRequest.Builder> use) {
    return arguments(message, use);
  }

  private static List<Long> itemIds(RankingRequest request) {
    Int64Values values = request.message().getCandidates().getColumns(0).getInt64Values();
    return values.getValuesList();
  }
}
