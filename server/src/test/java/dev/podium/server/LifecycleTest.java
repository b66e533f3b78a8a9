package dev.podium.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever a server has made is closed once, the last first: at a stop and after a failed start.
 */
class LifecycleTest {
  private static final List<String> PARTS =
      List.of(
          "scheduler",
          "load threads",
          "models",
          "admin port",
          "control thread",
          "timer",
          "event loops",
          "request log",
          "grpc port",
          "load reports",
          "health",
          "readiness");

  @TempDir Path folder;

  private final List<String> made = new ArrayList<>();
  private final List<String> closed = new ArrayList<>();
  private final Set<Thread> before = Thread.getAllStackTraces().keySet();

  static List<String> parts() {
    return PARTS;
  }

  @Test
  void aStopClosesAllPartsInReverse() throws Exception {
    ServerConfig config = config(Path.of("..", "models", "bench"));
    PodiumServer server = PodiumServer.start(config, new Lifecycle(made::add, closed::add));

    assertThat(made).isEqualTo(PARTS);
    assertThat(closed).isEmpty();
    assertThat(server.stop(Duration.ofSeconds(10))).isTrue();
    assertThat(closed).isEqualTo(reversed(PARTS));
    assertThat(server.stop(Duration.ofSeconds(10))).isTrue();
    assertThat(closed).as("a second stop does nothing").hasSameSizeAs(PARTS);
    assertNothingIsLeft(config);
  }

  @ParameterizedTest
  @MethodSource("parts")
  void aPartThatCannotBeMadeClosesThoseBeforeIt(String failing) throws Exception {
    ServerConfig config = config(Files.createDirectories(folder.resolve("models")));
    Lifecycle lifecycle =
        new Lifecycle(
            name -> {
              if (name.equals(failing)) {
                throw new IllegalStateException("no " + name);
              }
              made.add(name);
            },
            closed::add);

    assertThatThrownBy(() -> PodiumServer.start(config, lifecycle)).hasMessage("no " + failing);

    assertThat(made).isEqualTo(PARTS.subList(0, PARTS.indexOf(failing)));
    assertThat(closed).isEqualTo(reversed(made));
    assertNothingIsLeft(config);
  }

  @Test
  void aFolderThatIsNotThereIsSaidBeforeAPortIsOpen() throws Exception {
    ServerConfig config = config(folder.resolve("nowhere"));

    assertThatThrownBy(() -> PodiumServer.start(config, new Lifecycle(made::add, closed::add)))
        .hasMessageContaining("nowhere");

    assertThat(made).isEqualTo(PARTS.subList(0, PARTS.indexOf("admin port")));
    assertThat(closed).isEqualTo(reversed(made));
    assertNothingIsLeft(config);
  }

  @Test
  void aPartThatFailsToCloseKeepsNoOtherOpen() {
    Lifecycle lifecycle = new Lifecycle(made::add, closed::add);
    AtomicReference<Duration> waited = new AtomicReference<>();
    lifecycle.drained(
        "first",
        () -> "a part",
        (part, drain) -> {
          waited.set(drain);
          return true;
        });
    lifecycle.part(
        "second",
        () -> "a part",
        part -> {
          throw new IllegalStateException("stuck");
        });
    List<String> lines = new ArrayList<>();
    Handler handler = handler(lines);
    Logger logger = Logger.getLogger(Lifecycle.class.getName());
    logger.addHandler(handler);
    logger.setUseParentHandlers(false);
    try {
      assertThat(lifecycle.close(Duration.ofSeconds(7))).isFalse();
    } finally {
      logger.removeHandler(handler);
      logger.setUseParentHandlers(true);
    }

    assertThat(closed).containsExactly("second", "first");
    assertThat(waited).hasValue(Duration.ofSeconds(7));
    assertThat(lines).containsExactly("can't close second");
  }

  @Test
  void workThatIsNotFinishedIsSaid() {
    Lifecycle lifecycle = new Lifecycle();
    lifecycle.drained("busy", () -> "a part", (part, drain) -> false);
    lifecycle.part("idle", () -> "a part", part -> {});

    assertThat(lifecycle.close(Duration.ZERO)).isFalse();
  }

  /** Everything that a server can have, on ports that are free now. */
  private static ServerConfig config(Path models) throws Exception {
    Map<String, String> settings = new HashMap<>();
    settings.put("models", models.toString());
    settings.put("warm_up", "0s");
    settings.put("compiler.enabled", "false");
    settings.put("grpc.load_reports", "true");
    settings.put("access_log.enabled", "true");
    settings.put("traces.endpoint", "http://127.0.0.1:9");
    settings.put("grpc.port", Integer.toString(FreePorts.next()));
    settings.put("admin.port", Integer.toString(FreePorts.next()));
    return ConfigReader.read(null, Map.of(), settings);
  }

  private void assertNothingIsLeft(ServerConfig config) throws Exception {
    assertThat(FreePorts.isFree(config.grpc().port())).as("grpc port").isTrue();
    assertThat(FreePorts.isFree(config.admin().port())).as("admin port").isTrue();
    Set<Thread> left =
        Thread.getAllStackTraces().keySet().stream()
            .filter(thread -> !before.contains(thread) && isServers(thread))
            .collect(Collectors.toSet());
    for (Thread thread : left) {
      thread.join(TimeUnit.SECONDS.toMillis(10));
    }
    assertThat(left).noneMatch(Thread::isAlive);
  }

  private static boolean isServers(Thread thread) {
    return thread.getName().startsWith("podium-")
        || thread.getName().startsWith("HTTP-Dispatcher")
        || thread.getName().startsWith("BatchSpanProcessor");
  }

  private static List<String> reversed(List<String> names) {
    List<String> reversed = new ArrayList<>(names);
    Collections.reverse(reversed);
    return reversed;
  }

  private static Handler handler(List<String> lines) {
    return new Handler() {
      @Override
      public void publish(LogRecord line) {
        lines.add(line.getMessage());
      }

      @Override
      public void flush() {}

      @Override
      public void close() {}
    };
  }
}
