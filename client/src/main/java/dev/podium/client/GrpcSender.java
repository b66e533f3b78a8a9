package dev.podium.client;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.ranking.v1.RankingServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Deadline;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.CompletableFuture;

/** One request, one unary call on one channel. */
final class GrpcSender implements Sender {
  private final Channel channel;

  GrpcSender(Channel channel) {
    this.channel = channel;
  }

  @Override
  public CompletableFuture<RankResponse> send(RankRequest request, Deadline deadline) {
    ClientCall<RankRequest, RankResponse> call =
        channel.newCall(
            RankingServiceGrpc.getRankMethod(), CallOptions.DEFAULT.withDeadline(deadline));
    var answer = new CompletableFuture<RankResponse>();
    Futures.onEnd(
        answer,
        (response, failure) -> {
          if (failure != null) {
            call.cancel("given up by the caller", null); // no effect on a call that has ended
          }
        });
    try {
      ClientCalls.asyncUnaryCall(call, request, new Answer(answer));
    } catch (RuntimeException e) { // an interceptor's, say
      answer.completeExceptionally(RankingException.of(e));
    }
    return answer;
  }

  private record Answer(CompletableFuture<RankResponse> future)
      implements StreamObserver<RankResponse> {
    @Override
    public void onNext(RankResponse response) {
      future.complete(response);
    }

    @Override
    public void onError(Throwable failure) {
      future.completeExceptionally(RankingException.of(failure));
    }

    @Override
    public void onCompleted() {
      // A unary call that completes without a message is reported to onError.
    }
  }
}
