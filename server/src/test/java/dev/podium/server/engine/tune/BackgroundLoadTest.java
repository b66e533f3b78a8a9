package dev.podium.server.engine.tune;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.engine.tune.CostMeter.Run;
import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.RankException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BackgroundLoadTest {
  @Test
  void runsWhatItIsTold() throws Exception {
    CountDownLatch first = new CountDownLatch(3);
    CountDownLatch second = new CountDownLatch(3);
    try (BackgroundLoad load =
        new BackgroundLoad(new Run[] {first::countDown, second::countDown})) {
      load.runFromNowOn(0);
      assertThat(first.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(second.getCount()).isEqualTo(3);
      load.runFromNowOn(1);
      assertThat(second.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void closesWithoutHavingRun() {
    AtomicInteger ran = new AtomicInteger();
    new BackgroundLoad(new Run[] {ran::incrementAndGet}).close();
    assertThat(ran).hasValue(0);
  }

  @Test
  void stopsWhereARunFails() throws Exception {
    AtomicInteger ran = new AtomicInteger();
    CountDownLatch failed = new CountDownLatch(1);
    try (BackgroundLoad load =
        new BackgroundLoad(
            new Run[] {
              () -> {
                ran.incrementAndGet();
                failed.countDown();
                throw new RankException(FaultCode.INTERNAL, "no");
              }
            })) {
      load.runFromNowOn(0);
      assertThat(failed.await(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(ran).hasValue(1);
  }
}
