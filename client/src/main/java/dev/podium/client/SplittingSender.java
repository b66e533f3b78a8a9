package dev.podium.client;

import dev.podium.client.RequestSplitter.Part;
import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import io.grpc.Deadline;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Sends a request above the ceiling in parts, side by side, and merges their answers. The first
 * part that fails, fails the request; parts that nobody waits for any more are cancelled.
 *
 * <p>Parts that arrive while a new version is taking over may be scored by two versions, whose
 * scores don't compare. The parts that the older one scored are then asked again of the newer one
 * by its number.
 */
final class SplittingSender implements Sender {
  private final Sender next;
  private final int maxCandidatesPerCall;

  SplittingSender(Sender next, int maxCandidatesPerCall) {
    this.next = next;
    this.maxCandidatesPerCall = maxCandidatesPerCall;
  }

  @Override
  public CompletableFuture<RankResponse> send(RankRequest request, Deadline deadline) {
    List<Part> parts = RequestSplitter.split(request, maxCandidatesPerCall);
    if (parts.size() == 1) {
      return next.send(request, deadline);
    }
    var answer = new CompletableFuture<RankResponse>();
    List<CompletableFuture<RankResponse>> calls = new ArrayList<>(parts.size());
    for (Part part : parts) {
      calls.add(sendPart(part, part.request(), deadline, answer));
    }
    whenAll(
        calls,
        answer,
        responses -> {
          long newest =
              responses.stream().mapToLong(r -> r.getModel().getVersion()).max().orElseThrow();
          List<CompletableFuture<RankResponse>> settled = new ArrayList<>(calls);
          for (int i = 0; i < parts.size(); i++) {
            if (responses.get(i).getModel().getVersion() != newest) {
              RankRequest.Builder pinned = parts.get(i).request().toBuilder();
              pinned.getModelBuilder().setVersion(newest);
              settled.set(i, sendPart(parts.get(i), pinned.build(), deadline, answer));
            }
          }
          whenAll(
              settled, answer, same -> answer.complete(ResponseMerger.merge(request, parts, same)));
        });
    return answer;
  }

  /** Sends one part; its failure is the answer's failure, and the answer's end is its end. */
  private CompletableFuture<RankResponse> sendPart(
      Part part, RankRequest request, Deadline deadline, CompletableFuture<RankResponse> answer) {
    CompletableFuture<RankResponse> call = next.send(request, deadline);
    Futures.onEnd(
        call,
        (response, failure) -> {
          if (failure != null) {
            int last = part.firstCandidate() + part.candidates() - 1;
            answer.completeExceptionally(
                RankingException.of(failure).about(part.firstCandidate(), last));
          }
        });
    Futures.onEnd(answer, (response, failure) -> call.cancel(false));
    return call;
  }

  private static void whenAll(
      List<CompletableFuture<RankResponse>> calls,
      CompletableFuture<RankResponse> answer,
      Consumer<List<RankResponse>> then) {
    Futures.onEnd(
        CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new)),
        (done, failure) -> {
          if (failure != null) {
            return; // the part that failed fails the answer itself, and says which part it was
          }
          try {
            then.accept(calls.stream().map(CompletableFuture::join).toList());
          } catch (RuntimeException e) {
            answer.completeExceptionally(RankingException.of(e));
          }
        });
  }
}
