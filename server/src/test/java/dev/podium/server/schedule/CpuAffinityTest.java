package dev.podium.server.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Where a thread may run, as the kernel says it in /proc. */
class CpuAffinityTest {
  private static final Path STATUS = Path.of("/proc/thread-self/status");

  @BeforeAll
  static void needsLinux() {
    assumeTrue(Files.exists(STATUS), "not on Linux: no " + STATUS);
  }

  static String cpusOfThisThread() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("Cpus_allowed_list:")) {
          return line.substring(line.indexOf(':') + 1).strip();
        }
      }
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("no Cpus_allowed_list in " + STATUS);
  }

  @Test
  void aBoundThreadStaysOnItsProcessorAndOthersDoNot() throws Exception {
    int cpu = CpuAffinity.allowed().length() - 1;
    String before = cpusOfThisThread();
    FutureTask<String> bound =
        new FutureTask<>(
            () -> {
              CpuAffinity.bind(cpu);
              return cpusOfThisThread();
            });
    new Thread(bound).start();
    assertThat(bound.get(30, TimeUnit.SECONDS)).isEqualTo(Integer.toString(cpu));
    assertThat(cpusOfThisThread()).isEqualTo(before);
  }

  @Test
  void aProcessorThatTheProcessDoesNotHaveIsAnErrorThatNamesThoseItHas() throws Exception {
    int none = CpuAffinity.allowed().length();
    CpuAffinity.check(List.of(none - 1));
    assertThatThrownBy(() -> CpuAffinity.check(List.of(none - 1, none)))
        .isInstanceOf(IOException.class)
        .hasMessage(
            "%d (expected: of the processors that this process may use, %s)",
            none, CpuAffinity.allowed());
    assertThatThrownBy(() -> CpuAffinity.bind(none)).isInstanceOf(IOException.class);
  }
}
