package dev.podium.server.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessMemoryTest {
  @TempDir private Path folder;

  @Test
  void residentMemoryIsReadByKind() throws Exception {
    Path file = folder.resolve("status");
    Files.writeString(
        file,
        "Name:\tjava\nVmRSS:\t  700 kB\nRssAnon:\t  512 kB\nRssFile:\t  128 kB\n"
            + "RssShmem:\t    0 kB\nThreads:\t4\n");
    assertThat(new ProcessMemory(file).read())
        .isEqualTo(Map.of("anonymous", 524_288L, "file", 131_072L, "shared", 0L));
  }

  @Test
  void aSystemThatDoesNotSayIsNoError() {
    assertThat(new ProcessMemory(folder.resolve("missing")).read()).isEmpty();
  }
}
