package dev.podium.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.podium.server.TestVersions;
import dev.podium.server.engine.Form;
import dev.podium.server.schedule.ServedVersion;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ServerCollectorTest {
  @Test
  void countsRunsAndTheirTimeByForm() {
    ServedVersion version = TestVersions.named("m");
    Telemetry telemetry = new Telemetry();
    telemetry.tileRan(version, 8, 64, 1, Form.EXPORTED, 1_000_000_000);
    telemetry.tileRan(version, 8, 64, 1, Form.WHOLE, 2_000_000_000);
    telemetry.tileRan(version, 8, 64, 1, Form.WHOLE, 2_000_000_000);
    telemetry.tileRan(version, 8, 64, 1, Form.SPLIT, 500_000_000);

    MetricSnapshots.Builder all = MetricSnapshots.builder();
    ServerCollector.tiles(telemetry.all(), all);
    MetricSnapshots snapshots = all.build();

    assertThat(byForm(snapshots, "podium_tiles"))
        .isEqualTo(Map.of("exported", 1.0, "whole", 2.0, "split", 1.0));
    Map<String, Double> seconds = byForm(snapshots, "podium_tile_seconds");
    assertThat(seconds.get("exported")).isCloseTo(1, within(1e-9));
    assertThat(seconds.get("whole")).isCloseTo(4, within(1e-9));
    assertThat(seconds.get("split")).isCloseTo(0.5, within(1e-9));
    assertThat(telemetry.of(version).tiles()).isEqualTo(4);
  }

  private static Map<String, Double> byForm(MetricSnapshots all, String name) {
    List<CounterSnapshot> found =
        all.stream()
            .filter(snapshot -> snapshot.getMetadata().getName().equals(name))
            .map(CounterSnapshot.class::cast)
            .toList();
    assertThat(found).hasSize(1);
    return found.get(0).getDataPoints().stream()
        .collect(
            Collectors.toMap(point -> point.getLabels().get("form"), point -> point.getValue()));
  }
}
