package dev.podium.server.repository.manager;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.fault.ModelException;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.loader.ServingRules;
import dev.podium.server.repository.loader.VersionLoader;
import dev.podium.server.repository.source.FoundModel;
import dev.podium.server.repository.source.VersionFolder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a load does, its version ends in a state that says so, and no other is harmed. */
class VersionManagerTest {
  static Stream<Arguments> faults() {
    return Stream.of(
        Arguments.of(new ModelException("model.onnx: no model"), "model.onnx: no model"),
        Arguments.of(
            new StackOverflowError(), "its graph is nested too deeply for the compiler's stack"),
        Arguments.of(
            new OutOfMemoryError("Java heap space"),
            "out of memory: Java heap space (expected: room to load it)"),
        Arguments.of(
            new NoClassDefFoundError("x/Y"), "internal error: java.lang.NoClassDefFoundError: x/Y"),
        Arguments.of(
            new UnsatisfiedLinkError("libx.so"),
            "internal error: java.lang.UnsatisfiedLinkError: libx.so"),
        Arguments.of(new AssertionError("a"), "internal error: java.lang.AssertionError: a"),
        Arguments.of(
            new InternalError("SIGBUS"), "internal error: java.lang.InternalError: SIGBUS"),
        Arguments.of(
            new IllegalStateException("i"), "internal error: java.lang.IllegalStateException: i"));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aLoadThatThrowsFailsThatVersionAlone(Throwable fault, String message) {
    try (VersionManager manager = manager(new Throwing(fault), Runnable::run)) {
      List<String> problems = manager.reconcile(desired(1, 2)).toCompletableFuture().join();

      assertThat(problems).containsExactly("version 1: " + message, "version 2: " + message);
      assertThat(manager.status("m").versions())
          .extracting(ModelStatus.Version::state, ModelStatus.Version::message)
          .containsOnly(org.assertj.core.groups.Tuple.tuple(VersionState.FAILED, message));
    }
  }

  @Test
  void aFaultWithoutWordsIsAFailureToo() {
    try (VersionManager manager = manager(new Throwing(new Unspeakable()), Runnable::run)) {
      assertThat(manager.reconcile(desired(1)).toCompletableFuture().join())
          .containsExactly("version 1: internal error");
    }
  }

  @Test
  void aLoadThatCanNotBeginFails() {
    Executor full =
        task -> {
          throw new RejectedExecutionException();
        };
    try (VersionManager manager = manager(new Throwing(new AssertionError("not reached")), full)) {
      assertThat(manager.reconcile(desired(1)).toCompletableFuture().join())
          .containsExactly("version 1: the server is stopping");
      assertThat(manager.status("m").versions())
          .extracting(ModelStatus.Version::state)
          .containsExactly(VersionState.FAILED);
    }
  }

  @Test
  void aListenerThatThrowsStopsNoLoad() {
    try (VersionManager manager =
        manager(new Throwing(new ModelException("no model")), Runnable::run)) {
      manager.listen(
          status -> {
            throw new IllegalStateException("a listener's fault");
          });
      assertThat(manager.reconcile(desired(1)).toCompletableFuture().join())
          .containsExactly("version 1: no model");
    }
  }

  /** Several times what the stack of an ordinary thread holds. */
  @Test
  void loadsHaveADeepStack() throws Exception {
    ExecutorService threads = LoadThreads.atOnce(1);
    try {
      assertThat(threads.submit(() -> depth(100_000)).get(30, TimeUnit.SECONDS)).isEqualTo(100_000);
    } finally {
      threads.shutdown();
    }
  }

  private static int depth(int more) {
    return more == 0 ? 0 : 1 + depth(more - 1);
  }

  private static VersionManager manager(VersionLoader loader, Executor loads) {
    return new VersionManager(loader, version -> CompletableFuture.completedFuture(null), loads);
  }

  private static Desired desired(long... numbers) {
    TreeMap<Long, VersionFolder> versions = new TreeMap<>();
    for (long number : numbers) {
      Path folder = Path.of("m").resolve(Long.toString(number));
      versions.put(number, new VersionFolder("m", number, Path.of("m"), folder));
    }
    return new Desired("m", versions, Map.of(), false, List.of(), List.of());
  }

  /** A fault that faults again when it is told, as in memory that is full. */
  private static final class Unspeakable extends RuntimeException {
    private static final long serialVersionUID = 1L;

    @Override
    public String toString() {
      throw new AssertionError("while it was told");
    }
  }

  /** Throws what it was given at each load. */
  private record Throwing(Throwable fault) implements VersionLoader {
    @Override
    public ServingRules rules(FoundModel model) {
      throw new AssertionError("not asked for");
    }

    @Override
    public LoadedVersion load(VersionFolder version) throws ModelException {
      if (fault instanceof ModelException wrong) {
        throw wrong;
      }
      if (fault instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) fault;
    }
  }
}
