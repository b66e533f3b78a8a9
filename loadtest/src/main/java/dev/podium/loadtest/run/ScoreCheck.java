package dev.podium.loadtest.run;

import dev.podium.loadtest.fault.WorkFailedException;
import dev.podium.loadtest.measure.UnaryCalls;
import dev.podium.loadtest.protocol.Connections;
import dev.podium.loadtest.protocol.Protocol;
import dev.podium.loadtest.workload.Workload;
import dev.podium.ranking.v1.RankRequest;
import io.grpc.Status;
import java.util.Iterator;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.HdrHistogram.Histogram;

/**
 * Sends the same requests through two protocols in turns, one at a time, and compares the scores
 * candidate by candidate. For one thread.
 */
public final class ScoreCheck {
  private final Connections connections;
  private final long timeoutNanos;
  private final Side one;
  private final Side other;
  private long scores;
  private double largest = -1;
  private String where = "";

  private ScoreCheck(Connections connections, Protocol one, Protocol other, long timeoutNanos) {
    this.connections = connections;
    this.timeoutNanos = timeoutNanos;
    this.one = new Side(one);
    this.other = new Side(other);
  }

  /** One protocol's part. */
  private static final class Side {
    final Protocol protocol;
    final Histogram latency = new Histogram(600_000_000L, 3);
    long bytes;

    Side(Protocol protocol) {
      this.protocol = protocol;
    }

    Figures figures(int requests) {
      return new Figures(
          protocol.name(),
          latency.getValueAtPercentile(50) / 1000.0,
          latency.getValueAtPercentile(99) / 1000.0,
          (double) bytes / requests);
    }
  }

  /** Latency and size of one protocol's requests, sent one at a time. */
  public record Figures(String protocol, double p50Millis, double p99Millis, double requestBytes) {}

  /**
   * The result of a comparison.
   *
   * @param scores number of pairs compared
   * @param largestDifference between the scores of a pair, not a number if one of them is none
   * @param where the request, output and candidate of that pair
   */
  public record Result(
      int requests,
      long scores,
      double largestDifference,
      String where,
      Figures one,
      Figures other) {}

  /**
   * Compares some requests of a workload.
   *
   * @throws WorkFailedException if a call fails, or the answers have different outputs or sizes
   */
  static Result run(
      Connections connections,
      Workload workload,
      int requests,
      Protocol one,
      Protocol other,
      long timeoutNanos) {
    ScoreCheck check = new ScoreCheck(connections, one, other, timeoutNanos);
    for (int i = 0; i < requests; i++) {
      RankRequest request = workload.request(i);
      check.compare(i, check.scores(check.one, request), check.scores(check.other, request));
    }
    return new Result(
        requests,
        check.scores,
        Math.max(0, check.largest),
        check.where,
        check.one.figures(requests),
        check.other.figures(requests));
  }

  private Map<String, float[]> scores(Side side, RankRequest request) {
    byte[] bytes = side.protocol.encode(request);
    side.bytes += bytes.length;
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    long begin = System.nanoTime();
    new UnaryCalls(connections, side.protocol.method())
        .send(
            bytes,
            timeoutNanos,
            (status, response) -> {
              if (status.isOk()) {
                answer.complete(response);
              } else {
                answer.completeExceptionally(failure(side.protocol, status));
              }
            });
    byte[] response;
    try {
      response = answer.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof WorkFailedException failed) {
        throw failed;
      }
      throw e;
    }
    side.latency.recordValue(Math.min(600_000_000L, (System.nanoTime() - begin) / 1000));
    return side.protocol.decode(response);
  }

  private static WorkFailedException failure(Protocol protocol, Status status) {
    return new WorkFailedException(
        "verify: " + protocol.name() + ": " + status.getCode() + " " + status.getDescription());
  }

  private void compare(int request, Map<String, float[]> a, Map<String, float[]> b) {
    if (a.size() != b.size()) {
      throw new WorkFailedException(
          String.format(
              "verify: %s gives outputs %s, %s gives %s (expected: as many)",
              one.protocol.name(), a.keySet(), other.protocol.name(), b.keySet()));
    }
    Iterator<float[]> inOrder = b.values().iterator();
    for (Map.Entry<String, float[]> output : a.entrySet()) {
      float[] next = inOrder.next();
      // Podium may call an output as it likes; then the order pairs them.
      float[] theirs = b.getOrDefault(output.getKey(), next);
      float[] ours = output.getValue();
      if (theirs.length != ours.length) {
        throw new WorkFailedException(
            String.format(
                "verify: output '%s': %s gives %d scores, %s gives %d",
                output.getKey(),
                one.protocol.name(),
                ours.length,
                other.protocol.name(),
                theirs.length));
      }
      for (int i = 0; i < ours.length; i++) {
        double difference = Math.abs((double) theirs[i] - ours[i]);
        // Written so that a score that is no number is the largest difference, and stays it.
        if (!(difference <= largest) && !Double.isNaN(largest)) {
          largest = difference;
          where = "request " + request + ", output '" + output.getKey() + "', score " + i;
        }
      }
      scores += ours.length;
    }
  }
}
