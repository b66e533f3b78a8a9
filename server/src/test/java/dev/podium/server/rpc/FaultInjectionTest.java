package dev.podium.server.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.inference.ModelInferResponse;
import dev.podium.inference.ModelStreamInferResponse;
import dev.podium.ranking.v1.RankResponse;
import dev.podium.server.TestModels;
import dev.podium.server.repository.manager.VersionState;
import dev.podium.server.rpc.InProcess.Call;
import dev.podium.server.rpc.InProcess.Way;
import io.grpc.Status;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Something is thrown from each step of a request, each call of the runtime and each call of the
 * transport in turn. However it goes, the caller hears of it, nothing stays held, the workers live,
 * the next request is served, and the model can be unloaded.
 */
class FaultInjectionTest {
  private static final String NOTHING = "bytes 0, rows 0, messages 0, tasks 0";
  private static final Map<String, Supplier<Throwable>> CAUSES =
      Map.of(
          "OutOfMemoryError", () -> new OutOfMemoryError("injected"),
          "ArithmeticException", () -> new ArithmeticException("injected"));

  /** One candidate fits a tile that runs on the caller; a thousand are cut into four tiles. */
  private static final int[] ROWS = {1, 1_000};

  @Test
  void nothingIsLostWhereverSomethingIsThrown(@TempDir Path models) throws Exception {
    TestModels.sum(models, "sum");
    FaultInjector injector = new FaultInjector();
    Logger log = Logger.getLogger(Failures.class.getName());
    Level level = log.getLevel();
    log.setLevel(Level.OFF);
    try (InProcess server = new InProcess(models, injector.engine(), injector.steps())) {
      server.replies = injector.replies();
      for (Way way : Way.values()) {
        for (int rows : ROWS) {
          served(server, way, rows);
          refused(server, way);
        }
      }
      Set<String> points = injector.points();
      assertThat(points).hasSizeGreaterThan(12);

      Map<String, Map<String, Integer>> outcomes = new TreeMap<>();
      for (String point : points) {
        Map<String, Integer> outcome = outcomes.computeIfAbsent(point, p -> new TreeMap<>());
        for (Way way : Way.values()) {
          for (String cause : CAUSES.keySet()) {
            for (int rows : ROWS) {
              String how = thrownFrom(server, injector, point, cause, way, rows);
              outcome.merge(how, 1, Integer::sum);
            }
          }
        }
      }
      print(outcomes);

      // All workers are there: as many large requests as there are workers, at the same time.
      Call[] calls = new Call[2 * server.scheduler.snapshot().workers()];
      for (int i = 0; i < calls.length; i++) {
        calls[i] = server.send(Way.RANK, message(Way.RANK, 1_000));
      }
      for (Call call : calls) {
        assertThat(call.status().getCode()).isEqualTo(Status.Code.OK);
      }
      server.repository.unload("sum");
      eventually(
          "unloaded",
          () -> server.repository.status("sum").versions().get(0).state().toString(),
          VersionState.UNLOADED.toString());
    } finally {
      log.setLevel(level);
    }
  }

  private static String thrownFrom(
      InProcess server, FaultInjector injector, String point, String cause, Way way, int rows)
      throws Exception {
    String what = cause + " from " + point + ", " + way + " of " + rows;
    boolean wrong = point.equals("step REFUSE");
    if (point.equals("runtime newRunner") && cause.equals("OutOfMemoryError")) {
      // A version that no worker has a runner for yet.
      server.repository.load("sum");
    }
    injector.arm(point, CAUSES.get(cause));
    Call call = server.send(way, wrong ? wrong(way) : message(way, rows));
    Status status = status(what, call);
    boolean thrown = injector.disarm();
    eventually(what, server::held, NOTHING);
    assertThat(server.scheduler.snapshot().workers()).as(what).isPositive();
    String outcome = !thrown ? "not passed" : outcome(way, call, status);
    assertThat(outcome).as(what).isNotEqualTo("no answer");
    served(server, way, rows);
    return outcome;
  }

  private static Status status(String what, Call call) throws Exception {
    try {
      return call.status();
    } catch (AssertionError e) {
      throw new AssertionError(what + ": " + e.getMessage(), e);
    }
  }

  private static String outcome(Way way, Call call, Status status) throws Exception {
    if (!way.streams() || !status.isOk()) {
      return status.getCode().toString();
    }
    if (call.answers().isEmpty()) {
      return "no answer";
    }
    byte[] answer = call.answers().get(call.answers().size() - 1);
    if (way == Way.RANK_STREAM) {
      RankResponse response = RankResponse.parseFrom(answer);
      return response.hasError()
          ? Status.fromCodeValue(response.getError().getCode()).getCode().toString()
          : "OK";
    }
    String error = ModelStreamInferResponse.parseFrom(answer).getErrorMessage();
    return error.isEmpty() ? "OK" : error.startsWith("unexpected") ? "INTERNAL" : "REFUSED";
  }

  /** A request as it should be gets the right scores. */
  private static void served(InProcess server, Way way, int rows) throws Exception {
    Call call = server.send(way, message(way, rows));
    assertThat(call.status()).isEqualTo(Status.OK);
    assertThat(call.closes()).isOne();
    assertThat(call.answers()).hasSize(1);
    byte[] answer = call.answers().get(0);
    for (int i = 0; i < rows; i++) {
      assertThat(score(way, answer, i)).isEqualTo(TestMessages.sum(i));
    }
    eventually("served", server::held, NOTHING);
  }

  private static void refused(InProcess server, Way way) throws Exception {
    Call call = server.send(way, wrong(way));
    assertThat(outcome(way, call, call.status())).isIn("INVALID_ARGUMENT", "REFUSED");
  }

  private static float score(Way way, byte[] answer, int row) throws Exception {
    if (way.ranks()) {
      return RankResponse.parseFrom(answer).getOutputs(0).getScores(row);
    }
    ModelInferResponse response =
        way == Way.INFER
            ? ModelInferResponse.parseFrom(answer)
            : ModelStreamInferResponse.parseFrom(answer).getInferResponse();
    return ByteBuffer.wrap(response.getRawOutputContents(0).toByteArray())
        .order(ByteOrder.LITTLE_ENDIAN)
        .getFloat(row * Float.BYTES);
  }

  private static byte[] message(Way way, int rows) {
    return way.ranks()
        ? TestMessages.rank("sum", rows).build().toByteArray()
        : TestMessages.infer("sum", rows, true).build().toByteArray();
  }

  private static byte[] wrong(Way way) {
    return way.ranks()
        ? TestMessages.rank("sum", 1).addOutputs("none").build().toByteArray()
        : TestMessages.infer("sum", 1, true)
            .setInputs(0, TestMessages.input("none", "FP32", 1))
            .build()
            .toByteArray();
  }

  private static void eventually(String what, Supplier<String> state, String expected) {
    long end = System.nanoTime() + 20_000_000_000L;
    String now = state.get();
    while (!now.equals(expected) && System.nanoTime() < end) {
      Thread.onSpinWait();
      now = state.get();
    }
    assertThat(now).as(what).isEqualTo(expected);
  }

  private static void print(Map<String, Map<String, Integer>> outcomes) {
    StringBuilder table = new StringBuilder("fault injection: " + outcomes.size() + " points\n");
    Set<String> hows = new TreeSet<>();
    outcomes.forEach(
        (point, how) -> {
          table.append("  %-24s %s%n".formatted(point, how));
          hows.addAll(how.keySet());
        });
    table.append("  leaks: 0");
    System.out.println(table);
    assertThat(hows).contains("INTERNAL");
  }
}
