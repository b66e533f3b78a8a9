package dev.podium.client;

import dev.podium.ranking.v1.RankRequest;
import dev.podium.ranking.v1.RankResponse;
import io.grpc.Deadline;
import java.util.concurrent.CompletableFuture;

/** Sends one request and brings one answer. Thread-safe. Senders wrap one another. */
interface Sender {
  /**
   * Sends without blocking.
   *
   * @return a future that fails with {@link RankingException} alone. Cancelling it, or completing
   *     it in any other way, gives the call up.
   */
  CompletableFuture<RankResponse> send(RankRequest request, Deadline deadline);
}
