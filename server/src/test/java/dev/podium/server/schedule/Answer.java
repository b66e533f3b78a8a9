package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A completion that a test can wait for, and that minds being called twice. */
final class Answer implements RankCompletion {
  private final CompletableFuture<Object> outcome = new CompletableFuture<>();

  @Override
  public void succeeded(RankResult result) {
    complete(result);
  }

  @Override
  public void failed(RankException fault) {
    complete(fault);
  }

  private void complete(Object value) {
    if (!outcome.complete(value)) {
      throw new AssertionError("answered twice: " + outcome.join() + ", then " + value);
    }
  }

  CompletableFuture<Object> future() {
    return outcome;
  }

  boolean isDone() {
    return outcome.isDone();
  }

  Object outcome() {
    try {
      return outcome.get(30, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("no answer", e);
    }
  }

  RankResult result() {
    assertThat(outcome()).isInstanceOf(RankResult.class);
    return (RankResult) outcome();
  }

  RankException fault(FaultCode code) {
    assertThat(outcome()).isInstanceOf(RankException.class);
    RankException fault = (RankException) outcome();
    assertThat(fault.code()).isEqualTo(code);
    return fault;
  }

  /** Checks that all scores are there and are those of a user's items 0, 1, 2 and so on. */
  void hasScoresOf(float user, int rows) {
    RankResult result = result();
    assertThat(result.isComplete()).isTrue();
    assertThat(result.scores(0)).hasSize(rows);
    assertThat(result.scores(1)).hasSize(rows);
    for (int i = 0; i < rows; i++) {
      assertThat(result.scores(0)[i]).isEqualTo(10 * user + i);
      assertThat(result.scores(1)[i]).isEqualTo(2 * (10 * user + i));
    }
  }
}
