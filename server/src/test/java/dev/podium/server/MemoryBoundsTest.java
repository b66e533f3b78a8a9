package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.MemoryBounds.Machine;
import dev.podium.server.MemoryBounds.Settings;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What bounds come to on machines that can and can't hold them. */
class MemoryBoundsTest {
  private static final long MIB = 1 << 20;

  @ParameterizedTest
  @CsvSource({
    // heap and direct memory in MiB, files, open, listeners; requests in MiB, connections, warned
    // of
    "4096, 4096, 20000, 100, 1, 256, 10000, ''",
    "1024, 1024, 20000, 100, 1, 256, 10000, ''",
    "512, 1024, 20000, 100, 1, 128, 10000, admission.max_bytes",
    "1024, 512, 20000, 100, 1, 128, 10000, admission.max_bytes",
    "1024, 300, 20000, 100, 1, 75, 10000, admission.max_bytes scheduler.max_assembled",
    "40, 1024, 20000, 100, 1, 10, 10000, admission.max_bytes grpc.max_message",
    "4096, 4096, 1024, 100, 1, 256, 860, grpc.max_connections",
    "4096, 4096, 1024, 100, 2, 256, 430, grpc.max_connections",
    "4096, 4096, 100, 90, 1, 256, 1, grpc.max_connections",
    "4096, 4096, 10164, 100, 1, 256, 10000, ''",
    "4096, 4096, 10163, 100, 1, 256, 9999, grpc.max_connections",
    "4096, 4096, -1, 0, 1, 256, 10000, ''",
  })
  void followWhatThereIs(
      long heap,
      long direct,
      long files,
      long open,
      int listeners,
      long requests,
      int connections,
      String warned) {
    MemoryBounds bounds =
        MemoryBounds.of(
            new Settings(256 * MIB, 16 * MIB, 256 * MIB, 10_000, listeners),
            new Machine(heap * MIB, direct * MIB, files, open));
    assertThat(bounds.requestBytes()).isEqualTo(requests * MIB);
    assertThat(bounds.connections()).isEqualTo(connections);
    List<String> keys = warned.isEmpty() ? List.of() : List.of(warned.split(" "));
    assertThat(bounds.warnings()).hasSize(keys.size());
    for (int i = 0; i < keys.size(); i++) {
      assertThat(bounds.warnings().get(i)).startsWith(keys.get(i) + ": ").contains("(expected: ");
    }
  }

  @Test
  void thisMachineHasSomeOfEach() {
    Machine machine = ThisMachine.read();
    assertThat(machine.heap()).isPositive();
    assertThat(machine.direct()).isPositive();
    assertThat(machine.files()).isGreaterThan(machine.open());
  }
}
