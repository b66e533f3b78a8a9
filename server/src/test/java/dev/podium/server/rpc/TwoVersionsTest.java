package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.server.TestModels;
import dev.podium.server.engine.ort.OnnxEngine;
import dev.podium.server.fault.Priority;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.assembly.Binding;
import dev.podium.server.feature.assembly.InferBinding;
import dev.podium.server.feature.assembly.RankBinding;
import dev.podium.server.feature.wire.InferMessage;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.feature.wire.RankMessage;
import dev.podium.server.repository.loader.LoadedVersion;
import dev.podium.server.repository.manager.Lease;
import dev.podium.server.schedule.RankCompletion;
import dev.podium.server.schedule.RankResult;
import dev.podium.server.schedule.RankTask;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One request, parsed once, scored by two versions whose signatures differ. */
class TwoVersionsTest {
  @TempDir static Path models;
  private static InProcess server;

  @BeforeAll
  static void start() throws Exception {
    TestModels.sum(models, "sum");
    TestModels.sumOtherwise(models, "otherwise");
    server = new InProcess(models, new OnnxEngine(), RequestSteps.NONE);
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource({"1", "40", "1000"})
  void aRankingRequest(int rows) throws Exception {
    byte[] message = TestMessages.rank("sum", rows).build().toByteArray();
    RankMessage request = RankMessage.parse(message, message.length);
    scoredByBoth(
        rows,
        version -> RankBinding.of(request, version.signature()),
        version -> RankBinding.of(request, version.signature()));
  }

  @ParameterizedTest
  @CsvSource({"1, true", "40, false", "1000, true", "1000, false"})
  void anInferenceRequest(int rows, boolean raw) throws Exception {
    byte[] message = TestMessages.infer("sum", rows, raw).build().toByteArray();
    InferMessage request = InferMessage.parse(message, message.length);
    scoredByBoth(
        rows,
        version -> InferBinding.of(request, version.signature(), true),
        version -> InferBinding.of(request, version.signature(), false));
  }

  /** The bytes stay as long as one of two readers needs them, whoever ends first. */
  @Test
  void theBytesAreHeldByBoth() throws Exception {
    byte[] array = TestMessages.rank("sum", 3).build().toByteArray();
    MessageBytes bytes =
        server.dispatcher.pool().read(new ByteArrayInputStream(array), array.length);
    RankMessage request = RankMessage.parse(bytes);
    assertThat(request.source().tryRetain()).isTrue();
    Lease firstLease = server.repository.lease("sum", 1);
    LoadedVersion first = firstLease.version();
    Lease secondLease = server.repository.lease("otherwise", 1);
    LoadedVersion second = secondLease.version();
    try {
      Answer one = submit(first, RankBinding.of(request, first.signature()));
      assertThat(one.scores()).hasSize(3);
      bytes.release();
      Answer two = submit(second, RankBinding.of(request, second.signature()));
      assertThat(two.scores()).hasSize(3);
    } finally {
      bytes.release();
      firstLease.close();
      secondLease.close();
    }
    assertThat(server.dispatcher.pool().held()).isZero();
    assertThat(request.source().tryRetain()).isFalse();
  }

  private interface Binder {
    Binding bind(LoadedVersion version) throws RankException;
  }

  private static void scoredByBoth(int rows, Binder firstBinder, Binder secondBinder)
      throws Exception {
    Lease firstLease = server.repository.lease("sum", 1);
    LoadedVersion first = firstLease.version();
    Lease secondLease = server.repository.lease("otherwise", 1);
    LoadedVersion second = secondLease.version();
    try {
      Binding one = firstBinder.bind(first);
      Binding two = secondBinder.bind(second);
      // Both are bound before either runs, run at the same time, and one of them runs again.
      Answer b = submit(second, two);
      Answer a = submit(first, one);
      float[] scores = a.scores();
      float[] otherwise = b.scores();
      for (int i = 0; i < rows; i++) {
        assertThat(scores[i]).isEqualTo(TestMessages.sum(i));
        int item = i % 5 < 3 ? i % 5 : 0;
        assertThat(otherwise[i]).isEqualTo(i + 1 + 20 + 100 * item + 1000 * 3f);
      }
      assertThat(submit(first, one).scores()).isEqualTo(scores);
    } finally {
      firstLease.close();
      secondLease.close();
    }
  }

  private static Answer submit(LoadedVersion version, Binding binding) {
    Answer answer = new Answer();
    server.scheduler.submit(
        new RankTask(
            version.scheduled(),
            binding,
            System.nanoTime(),
            RankTask.NO_DEADLINE,
            Priority.NORMAL,
            false,
            answer));
    return answer;
  }

  private static final class Answer implements RankCompletion {
    private final CompletableFuture<float[]> first = new CompletableFuture<>();

    float[] scores() throws Exception {
      return first.get(30, TimeUnit.SECONDS);
    }

    @Override
    public void succeeded(RankResult result) {
      first.complete(result.scores(0));
    }

    @Override
    public void failed(RankException fault) {
      first.completeExceptionally(fault);
    }
  }
}
