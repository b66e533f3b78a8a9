package dev.podium.server.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How often the same may be said. */
class RateBoundTest {
  private final AtomicLong clock = new AtomicLong(Long.MAX_VALUE - 10);

  @Test
  void soManyASecondPassAndTheNextSaysHowManyDidNot() {
    RateBound bound = new RateBound(2, clock::get);
    assertThat(bound.pass()).isZero();
    assertThat(bound.pass()).isZero();
    assertThat(bound.pass()).isEqualTo(-1);
    clock.addAndGet(TimeUnit.SECONDS.toNanos(1) - 1); // past the largest long, as clocks may go
    assertThat(bound.pass()).isEqualTo(-1);
    clock.incrementAndGet();
    assertThat(bound.pass()).isEqualTo(2);
    assertThat(bound.pass()).isZero();
    assertThat(bound.pass()).isEqualTo(-1);
  }

  @Test
  void atLeastOneMayPass() {
    assertThatThrownBy(() -> new RateBound(0, clock::get))
        .hasMessage("perSecond: 0 (expected: at least 1)");
  }
}
