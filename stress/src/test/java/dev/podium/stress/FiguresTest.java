package dev.podium.stress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.podium.loadtest.fault.WorkFailedException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is read from a server and its process, and what is made of it. */
class FiguresTest {
  private static final String PAGE =
      """
      # HELP podium_tiles_total Runs of the model, by form.
      # TYPE podium_tiles_total counter
      podium_tiles_total{form="exported",model="din",version="1"} 3.0
      podium_tiles_total{form="split",model="din",version="1"} 4.0
      podium_tiles_total{form="split",model="a deepfm } x",version="1"} 1.5E3 1700000000
      podium_tile_seconds_total{model="din"} 0.25
      podium_requests_in_work 2
      podium_request_seconds_bucket{le="+Inf"} +Inf
      """;

  @Test
  void addsUpTheSeriesOfAMetric() {
    Metrics metrics = Metrics.parse(PAGE);
    assertThat(metrics.sum("podium_tiles_total")).isEqualTo(1507);
    assertThat(metrics.sum("podium_tiles_total", "model=\"din\"")).isEqualTo(7);
    assertThat(metrics.sum("podium_tiles_total", "model=\"din\"", "form=\"split\"")).isEqualTo(4);
    assertThat(metrics.sum("podium_requests_in_work")).isEqualTo(2);
    assertThat(metrics.sum("podium_tile")).isZero();
    assertThat(metrics.sum("podium_tiles_total", "model=\"films\"")).isZero();
  }

  @Test
  void readsResidentMemory() {
    assertThat(ResidentMemory.parse("Name:\tjava\nVmHWM:\t 9 kB\nVmRSS:\t  2048 kB\nThreads:\t1\n"))
        .isEqualTo(2 << 20);
    assertThat(ResidentMemory.residentBytes(ProcessHandle.current().pid())).isPositive();
    assertThatThrownBy(() -> ResidentMemory.parse("Name:\tzombie\n"))
        .isInstanceOf(WorkFailedException.class)
        .hasMessageContaining("no VmRSS");
  }

  @Test
  void growthIsThatOfTheLargestLaterFigure() {
    assertThat(Soak.growth(List.of(100.0, 101.0, 104.0, 99.0))).isCloseTo(4, within(1e-9));
    assertThat(Soak.growth(List.of(100.0, 90.0))).isCloseTo(-10, within(1e-9));
    assertThat(Soak.growth(List.of(0.0, 0.0))).isZero();
    assertThat(Soak.growth(List.of(0.0, 1.0))).isNaN();
    assertThat(Soak.growth(List.of(100.0, Double.NaN))).isNaN();
    assertThat(Soak.growth(List.of(100.0))).isNaN();
  }

  @Test
  void aMixTakesAsLongAsItsParts() {
    assertThat(Soak.mixed(1000, 1000)).isCloseTo(1000, within(1e-9));
    assertThat(Soak.mixed(900, 100)).isCloseTo(180, within(1e-9));
  }

  @Test
  void aRefusalCostsWhatTheAnswersLeave() {
    // 10 answers of 2 ms, 100 refusals that share the other 5 ms.
    assertThat(Overload.refusalMicros(25_000_000, 10, 2e6, 100)).isCloseTo(50, within(1e-9));
    assertThat(Overload.refusalMicros(15_000_000, 10, 2e6, 100)).isZero();
    assertThat(Overload.refusalMicros(25_000_000, 10, 2e6, 4)).isNaN();
    assertThat(Overload.refusalMicros(25_000_000, 0, 2e6, 0)).isNaN();
  }
}
