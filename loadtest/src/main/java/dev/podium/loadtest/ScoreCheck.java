package dev.podium.loadtest;

import dev.podium.loadtest.measure.GrpcTransport;
import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.Protocol;
import dev.podium.loadtest.workload.Workload;
import dev.podium.ranking.v1.RankRequest;
import io.grpc.Status;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Whether two protocols give the same scores for the same requests. */
final class ScoreCheck {
  private ScoreCheck() {}

  /**
   * The largest absolute difference between the scores that two protocols bring.
   *
   * @throws WorkFailedException if a call fails, or the answers have different outputs or sizes
   */
  static double largestDifference(
      Connections connections,
      Workload workload,
      int requests,
      Protocol one,
      Protocol other,
      long timeoutNanos) {
    double largest = 0;
    for (int i = 0; i < requests; i++) {
      RankRequest request = workload.request(i);
      Map<String, float[]> a = scores(connections, one, request, timeoutNanos);
      Map<String, float[]> b = scores(connections, other, request, timeoutNanos);
      largest = Math.max(largest, difference(one, a, other, b));
    }
    return largest;
  }

  private static Map<String, float[]> scores(
      Connections connections, Protocol protocol, RankRequest request, long timeoutNanos) {
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    new GrpcTransport(connections, protocol.method())
        .send(
            protocol.encode(request),
            timeoutNanos,
            (status, response) -> {
              if (status.isOk()) {
                answer.complete(response);
              } else {
                answer.completeExceptionally(failure(protocol, status));
              }
            });
    try {
      return protocol.decode(answer.join());
    } catch (java.util.concurrent.CompletionException e) {
      if (e.getCause() instanceof WorkFailedException failed) {
        throw failed;
      }
      throw e;
    }
  }

  private static WorkFailedException failure(Protocol protocol, Status status) {
    return new WorkFailedException(
        "verify: " + protocol.name() + ": " + status.getCode() + " " + status.getDescription());
  }

  static double difference(
      Protocol one, Map<String, float[]> a, Protocol other, Map<String, float[]> b) {
    if (a.size() != b.size()) {
      throw new WorkFailedException(
          String.format(
              "verify: %s gives outputs %s, %s gives %s (expected: as many)",
              one.name(), a.keySet(), other.name(), b.keySet()));
    }
    double largest = 0;
    Iterator<float[]> inOrder = b.values().iterator();
    for (Map.Entry<String, float[]> output : a.entrySet()) {
      float[] next = inOrder.next();
      // Podium may call an output as it likes; then the order pairs them.
      float[] scores = b.getOrDefault(output.getKey(), next);
      if (scores.length != output.getValue().length) {
        throw new WorkFailedException(
            String.format(
                "verify: output '%s': %s gives %d scores, %s gives %d",
                output.getKey(),
                one.name(),
                output.getValue().length,
                other.name(),
                scores.length));
      }
      for (int i = 0; i < scores.length; i++) {
        largest = Math.max(largest, Math.abs((double) scores[i] - output.getValue()[i]));
      }
    }
    return largest;
  }
}
