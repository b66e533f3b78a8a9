package dev.podium.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import io.grpc.Deadline;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Parts whose answers come when, and as, the test says. */
class SplittingSenderTest {
  private static final Deadline DEADLINE = Deadline.after(1, TimeUnit.MINUTES);

  private final List<RankRequest> sent = new ArrayList<>();
  private final List<CompletableFuture<RankResponse>> calls = new ArrayList<>();
  private final SplittingSender sender =
      new SplittingSender(
          (request, deadline) -> {
            assertThat(deadline).isSameAs(DEADLINE);
            sent.add(request);
            calls.add(new CompletableFuture<>());
            return calls.get(calls.size() - 1);
          },
          10);

  @Test
  void partsAreSentSideBySideAndMergedWhicheverAnswersFirst() {
    RankRequest request = request(25);

    CompletableFuture<RankResponse> answer = sender.send(request, DEADLINE);

    assertThat(sent).hasSize(3);
    answer(2);
    answer(0);
    assertThat(answer).isNotDone();
    answer(1);
    assertThat(answer.join().getOutputsList())
        .isEqualTo(FakeRankingService.answer(request).getOutputsList());
  }

  @Test
  void aSmallRequestIsOneCallAndItsAnswerIsUntouched() {
    CompletableFuture<RankResponse> answer = sender.send(request(10), DEADLINE);

    assertThat(answer).isSameAs(calls.get(0));
  }

  @Test
  void aPartThatFailsFailsTheRequestSaysWhereAndCancelsTheOthers() {
    CompletableFuture<RankResponse> answer = sender.send(request(25), DEADLINE);

    answer(0);
    calls
        .get(1)
        .completeExceptionally(
            new RankingException(Status.Code.INVALID_ARGUMENT, "feature 'x': NaN", null));

    assertThat(answer).isCompletedExceptionally();
    assertThat(failure(answer))
        .hasMessage("INVALID_ARGUMENT: candidates 8 to 15: feature 'x': NaN");
    assertThat(calls.get(2)).isCancelled();
  }

  @Test
  void theLastPartToFailStillSaysWhere() {
    CompletableFuture<RankResponse> answer = sender.send(request(25), DEADLINE);

    answer(0);
    answer(1);
    calls.get(2).completeExceptionally(new RankingException(Status.Code.INTERNAL, "", null));

    assertThat(failure(answer)).hasMessage("INTERNAL: candidates 16 to 24");
  }

  @Test
  void cancellingTheAnswerCancelsEveryPart() {
    CompletableFuture<RankResponse> answer = sender.send(request(25), DEADLINE);

    answer.cancel(false);

    assertThat(calls).allSatisfy(call -> assertThat(call).isCancelled());
  }

  @Test
  void partsThatAnOlderVersionScoredAreAskedAgainOfTheNewer() {
    RankRequest request = request(25);
    CompletableFuture<RankResponse> answer = sender.send(request, DEADLINE);

    answer(0, 3);
    answer(1, 4);
    answer(2, 3);

    assertThat(sent).hasSize(5);
    assertThat(answer).isNotDone();
    for (int again = 3; again < 5; again++) {
      assertThat(sent.get(again).getModel().getVersion()).isEqualTo(4);
      answer(again, 4);
    }
    assertThat(answer.join().getModel().getVersion()).isEqualTo(4);
    assertThat(answer.join().getOutputsList())
        .isEqualTo(FakeRankingService.answer(request).getOutputsList());
  }

  @Test
  void aPartAskedAgainThatFailsFailsTheRequest() {
    CompletableFuture<RankResponse> answer = sender.send(request(20), DEADLINE);
    answer(0, 3);
    answer(1, 4);

    calls
        .get(2)
        .completeExceptionally(
            new RankingException(Status.Code.NOT_FOUND, "model 'm' version 4", null));

    assertThat(failure(answer)).hasMessage("NOT_FOUND: candidates 0 to 9: model 'm' version 4");
  }

  @Test
  void answersThatDoNotFitTogetherFailTheRequest() {
    CompletableFuture<RankResponse> answer = sender.send(request(20), DEADLINE);
    answer(0);

    calls
        .get(1)
        .complete(FakeRankingService.answer(sent.get(1)).toBuilder().clearOutputs().build());

    assertThat(failure(answer)).hasMessageStartingWith("INTERNAL: outputs of a part differ");
  }

  private void answer(int call) {
    answer(call, FakeRankingService.VERSION);
  }

  private void answer(int call, long version) {
    RankResponse.Builder response = FakeRankingService.answer(sent.get(call)).toBuilder();
    response.getModelBuilder().setVersion(version);
    calls.get(call).complete(response.build());
  }

  private static Throwable failure(CompletableFuture<?> future) {
    Throwable thrown = catchThrowable(future::join);
    assertThat(thrown).isInstanceOf(CompletionException.class);
    assertThat(thrown.getCause()).isInstanceOf(RankingException.class);
    return thrown.getCause();
  }

  private static RankRequest request(int count) {
    long[] ids = new long[count];
    for (int i = 0; i < count; i++) {
      ids[i] = i;
    }
    return RankingRequest.builder("m").column("item_id", ids).build().message();
  }
}
