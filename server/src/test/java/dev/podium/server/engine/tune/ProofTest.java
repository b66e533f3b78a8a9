package dev.podium.server.engine.tune;

import static dev.podium.server.TestGraph.are;
import static dev.podium.server.TestGraph.is;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.podium.server.TestGraph;
import dev.podium.server.engine.EngineOptions;
import dev.podium.server.engine.ExecutionReport;
import dev.podium.server.engine.RankingSession;
import dev.podium.server.engine.RowMixing;
import dev.podium.server.engine.TileRunner;
import dev.podium.server.engine.TuningOptions;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.repository.ModelFolder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What loads as the same function is the same function, and what can't be proved is not claimed.
 */
class ProofTest {
  private static final String USER_AND_ITEM =
      """
      features:
        - {name: user, role: context, kind: dense}
        - {name: item, kind: dense}
      """;

  @TempDir Path repository;

  /** Graphs of a user and an item of four numbers each; what they make of the item's score. */
  static Stream<Arguments> interactions() {
    return Stream.of(
        of(
            "tiny share of the request",
            "Softmax",
            g -> {
              String share = g.op("Softmax", List.of(is("axis", 0)), score(g));
              return g.op("Add", score(g), g.op("Mul", share, g.number(1e-5f)));
            }),
        of(
            "rare: only above 100",
            "ReduceMax",
            g -> {
              String score = score(g);
              String most = g.op("ReduceMax", List.of(is("keepdims", 0)), score);
              return g.op("Where", g.op("Greater", most, g.number(100)), g.op("Neg", score), score);
            }),
        of(
            "the largest taken off",
            "ReduceMax",
            g -> {
              String score = score(g);
              List<ai.onnx.proto.OnnxMl.AttributeProto> rows =
                  List.of(are("axes", 0), is("keepdims", 1));
              return g.op("Sub", score, g.op("ReduceMax", rows, score));
            }),
        of(
            "a scale of quantisation from all rows",
            "DynamicQuantizeLinear",
            g -> {
              List<String> parts = g.ops("DynamicQuantizeLinear", List.of(), 3, score(g));
              return g.op("DequantizeLinear", parts.get(0), parts.get(1), parts.get(2));
            }),
        of(
            "small scores, list-wise",
            "Softmax",
            g -> g.op("Mul", g.op("Softmax", List.of(is("axis", 0)), score(g)), g.number(1e-4f))));
  }

  private static Arguments of(String what, String operator, Function<TestGraph, String> graph) {
    return Arguments.of(what, operator, graph);
  }

  private static String score(TestGraph g) {
    String both = g.op("Add", "user", "item");
    return g.op("MatMul", g.op("Relu", both), g.weights(1, 4, 1));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("interactions")
  void rowsThatMeetAreServedTogether(
      String what, String operator, Function<TestGraph, String> makes) throws Exception {
    try (RankingSession session = load(userAndItem(makes), USER_AND_ITEM)) {
      assertThat(session.plan().mixing()).as(what).isEqualTo(RowMixing.WHOLE_REQUEST);
      assertThat(session.plan().splits()).isFalse();
      assertThat(session.report().mixedBy()).contains(operator);
      assertThat(session.report().reason())
          .startsWith("rows are not independent")
          .contains(operator);
    }
  }

  /** A graph that takes the user from one row is split, and shares no tile between users. */
  @ParameterizedTest
  @org.junit.jupiter.params.provider.ValueSource(strings = {"ReduceMax", "ReduceMean", "Gather"})
  void aUserTakenFromOneRowKeepsRequestsApart(String taken) throws Exception {
    TestGraph g = new TestGraph();
    g.floats("user", -1, 4);
    g.floats("item", -1, 4);
    String user =
        taken.equals("Gather")
            ? g.op("Gather", List.of(is("axis", 0)), "user", g.longs(0))
            : g.op(taken, List.of(are("axes", 0), is("keepdims", 1)), "user");
    String tower = g.op("Relu", g.op("MatMul", user, g.weights(1, 4, 64)));
    String product = g.op("Mul", tower, g.op("MatMul", "item", g.weights(1, 4, 64)));
    g.output("score", g.op("ReduceSum", List.of(is("keepdims", 1)), product, g.longs(1)), -1, 1);
    try (RankingSession session = load(g, USER_AND_ITEM)) {
      assertThat(session.plan().mixing()).isEqualTo(RowMixing.WITHIN_CONTEXT);
      assertThat(session.report().mixedBy()).startsWith("rows meet in ");
    }
  }

  @Test
  void probesWithoutNumbersProveNothing() throws Exception {
    ExecutionReport report;
    try (RankingSession session =
        load(userAndItem(g -> g.op("Log", g.op("Sub", score(g), g.number(40)))), USER_AND_ITEM)) {
      report = session.report();
      assertThat(session.plan().splits()).isFalse();
    }
    assertThat(report.reason()).startsWith("nothing can be proved: only ");
  }

  @Test
  void probesThatSaturateProveNothing() throws Exception {
    ExecutionReport report;
    try (RankingSession session =
        load(
            userAndItem(g -> g.op("Sigmoid", g.op("Sub", score(g), g.number(5000)))),
            USER_AND_ITEM)) {
      report = session.report();
      assertThat(session.plan().splits()).isFalse();
    }
    assertThat(report.reason()).startsWith("nothing can be proved: all probe rows");
  }

  /** Differences of large numbers: what serves is as good as the exported graph is. */
  @Test
  void differencesOfLargeNumbersStayAsExact() throws Exception {
    TestGraph g = userAndItem(null);
    String apart = g.op("MatMul", g.op("Sub", "item", "user"), g.weights(1, 4, 8));
    g.output("score", g.op("MatMul", g.op("Tanh", apart), g.weights(1, 8, 1)), -1, 1);
    Path folder = g.write(repository, "m", USER_AND_ITEM);
    int rows = 200;
    try (RankingSession session = load(folder);
        TileRunner runner = session.newRunner(rows)) {
      float[] user = {29_000_001f, 29_000_004f, 29_000_008f, 29_000_002f};
      FloatBuffer items = FloatBuffer.allocate(rows * 4);
      for (int i = 0; i < rows * 4; i++) {
        items.put(i, user[i % 4] + i % 7 - 3);
      }
      float[] served = served(session, runner, user, items, rows);
      float[] bare = bare(folder, user, items, rows);
      assertThat(served).containsExactly(bare, within(1e-4f));
    }
  }

  /** A mask made of a length, not of what the positions hold. */
  @Test
  void aHistoryWhoseLengthIsToldIsNotCutByItsValues() throws Exception {
    TestGraph g = new TestGraph();
    g.ids("history", -1, -2);
    g.ids("length", -1);
    g.ids("item", -1);
    String table = g.weights(1, 50, 8);
    String steps = g.op("Gather", table, "history");
    String count = g.op("Gather", List.of(is("axis", 0)), g.op("Shape", "history"), g.longs(1));
    String zero = g.op("Squeeze", g.longs(0));
    String one = g.op("Squeeze", g.longs(1));
    String places = g.op("Range", zero, g.op("Squeeze", count), one);
    String mask = g.op("Less", places, g.op("Unsqueeze", "length", g.longs(1)));
    String weights = g.op("Unsqueeze", g.op("Cast", List.of(is("to", 1)), mask), g.longs(2));
    String user =
        g.op("ReduceSum", List.of(is("keepdims", 0)), g.op("Mul", steps, weights), g.longs(1));
    String hidden = g.op("Relu", g.op("MatMul", user, g.weights(1, 8, 64)));
    String item = g.op("MatMul", g.op("Gather", table, "item"), g.weights(1, 8, 64));
    String score =
        g.op("ReduceSum", List.of(is("keepdims", 1)), g.op("Mul", hidden, item), g.longs(1));
    g.output("score", score, -1, 1);
    Path folder =
        g.write(
            repository,
            "m",
            """
            features:
              - {name: history, role: context, kind: sequence, length: 32, vocabulary: {size: 50}}
              - {name: length, role: context, kind: dense}
              - {name: item, vocabulary: {size: 50}}
            """);
    try (RankingSession session = load(folder);
        TileRunner runner = session.newRunner(4);
        OrtSession bare =
            OrtEnvironment.getEnvironment()
                .createSession(folder.resolve("1/model.onnx").toString())) {
      for (int sent : new int[] {0, 3, 8, 9, 16, 17, 32}) {
        for (int told : new int[] {0, sent, 32}) {
          TensorBuffers context = runner.contextRow();
          assertThat(context).as(session.report().reason()).isNotNull();
          long[] ids = new long[32];
          for (int i = 0; i < sent; i++) {
            ids[i] = (i * 7 + 3) % 50;
          }
          for (int i = 0; i < 32; i++) {
            context.putNumber(0, i, ids[i]);
          }
          context.setSent(0, sent);
          context.putNumber(1, 0, told);
          for (int row = 0; row < 4; row++) {
            runner.candidateRows().putNumber(2, row, 10 + row);
          }
          try (var tensors = runner.runContext()) {
            runner.runCandidates(tensors, 4);
          }
          float[] served = new float[4];
          runner.readScores(0, 0, 4, served, 0);
          for (int row = 0; row < 4; row++) {
            float expected = bareScore(bare, ids, told, 10 + row);
            assertThat(served[row])
                .as("%d sent, %d told", sent, told)
                .isCloseTo(expected, within(1e-4f * Math.max(1, Math.abs(expected))));
          }
        }
      }
    }
  }

  private static float bareScore(OrtSession session, long[] history, long length, long item)
      throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OnnxTensor ids =
            OnnxTensor.createTensor(
                environment, LongBuffer.wrap(history), new long[] {1, history.length});
        OnnxTensor told =
            OnnxTensor.createTensor(
                environment, LongBuffer.wrap(new long[] {length}), new long[] {1});
        OnnxTensor one =
            OnnxTensor.createTensor(
                environment, LongBuffer.wrap(new long[] {item}), new long[] {1});
        OrtSession.Result result =
            session.run(Map.of("history", ids, "length", told, "item", one))) {
      return ((OnnxTensor) result.get(0)).getFloatBuffer().get(0);
    }
  }

  /** Scores as they are served: split if the plan says so. */
  private static float[] served(
      RankingSession session, TileRunner runner, float[] user, FloatBuffer items, int rows)
      throws Exception {
    boolean split = session.plan().splits();
    TensorBuffers users = split ? runner.contextRow() : runner.rows();
    TensorBuffers candidates = split ? runner.candidateRows() : runner.rows();
    for (int i = 0; i < (split ? 1 : rows) * 4; i++) {
      users.putNumber(0, i, user[i % 4]);
    }
    for (int i = 0; i < rows * 4; i++) {
      candidates.putNumber(1, i, items.get(i));
    }
    if (split) {
      try (var tensors = runner.runContext()) {
        runner.runCandidates(tensors, rows);
      }
    } else {
      runner.run(rows);
    }
    float[] scores = new float[rows];
    runner.readScores(0, 0, rows, scores, 0);
    return scores;
  }

  private static float[] bare(Path folder, float[] user, FloatBuffer items, int rows)
      throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    FloatBuffer users = FloatBuffer.allocate(rows * 4);
    for (int i = 0; i < rows * 4; i++) {
      users.put(i, user[i % 4]);
    }
    long[] shape = {rows, 4};
    try (OrtSession session = environment.createSession(folder.resolve("1/model.onnx").toString());
        OnnxTensor first = OnnxTensor.createTensor(environment, users, shape);
        OnnxTensor second = OnnxTensor.createTensor(environment, items, shape);
        OrtSession.Result result = session.run(Map.of("user", first, "item", second))) {
      float[] scores = new float[rows];
      ((OnnxTensor) result.get(0)).getFloatBuffer().get(scores);
      return scores;
    }
  }

  private static TestGraph userAndItem(Function<TestGraph, String> makes) {
    TestGraph g = new TestGraph();
    g.floats("user", -1, 4);
    g.floats("item", -1, 4);
    return makes == null ? g : g.output("score", makes.apply(g), -1, 1);
  }

  private RankingSession load(TestGraph graph, String yaml) throws Exception {
    return load(graph.write(repository, "m", yaml));
  }

  private static RankingSession load(Path folder) throws Exception {
    return ModelFolder.load(
            folder,
            DecidedCosts.engine(DecidedCosts.ALL_PAY),
            EngineOptions.DEFAULT,
            TuningOptions.DEFAULT)
        .session();
  }
}
