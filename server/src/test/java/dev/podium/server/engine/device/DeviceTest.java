package dev.podium.server.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceTest {
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // providers, fewest and most rows of a tile, runs at once, on the calling thread
    "cpu,          16, 1024, 2147483647, true",
    "cuda cpu,     64, 4096,          1, false",
    "tensorrt cpu, 64, 4096,          1, false",
    "webgpu cpu,   64, 4096,          1, false",
    "a-plug-in cpu, 16, 1024, 2147483647, false"
  })
  void theFirstProviderDecides(
      String providers, int fewest, int most, int runs, boolean onCallingThread) {
    List<String> names = List.of(providers.split(" "));
    Device device = Device.of(names);
    assertThat(device.provider()).isEqualTo(names.get(0));
    assertThat(device.tileRows()).startsWith(fewest).endsWith(most).isSorted();
    assertThat(device.concurrentRuns()).isEqualTo(runs);
    assertThat(device.onCallingThread()).isEqualTo(onCallingThread);
    assertThat(device.hostSums()).isTrue();
    assertThat(device.measuredRows()).startsWith(1, fewest).endsWith(most);
  }

  @Test
  void threadsOfTheRuntimesOwnAreNotTheCallers() {
    Device device = Device.CPU.withOwnThreads();
    assertThat(device.onCallingThread()).isFalse();
    assertThat(device.tileRows()).isEqualTo(Device.CPU.tileRows());
  }

  @Test
  void aTileHasMoreThanOneRow() {
    assertThatThrownBy(() -> new Device("x", List.of(1, 2), 1, true, true))
        .hasMessage("tile rows: [1, 2] (expected: at least one, each above 1)");
    assertThatThrownBy(() -> new Device("x", List.of(), 1, true, true))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
