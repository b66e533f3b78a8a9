package dev.podium.graph;

import static dev.podium.graph.Compiled.IDS;
import static dev.podium.graph.Compiled.compiled;
import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.graph.onnx.TensorInfo;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Histories that are joined with the candidate and split off again, as RecBole's DIN has it. */
class JoinedPartsTest {
  private static final int LENGTH = 6;
  private static final int WIDTH = 4;
  private static final ContextInputs HISTORY = ContextInputs.of("history");

  /** The ids of the history and the candidate's, [rows, LENGTH + 1]. */
  private static String ids(TestGraph g) {
    String item = g.op("Unsqueeze", g.ids("item", -1), g.longs(1));
    return g.op("Concat", TestGraph.attribute("axis", -1), g.ids("history", -1, LENGTH), item);
  }

  /** As PyTorch writes {@code table[ids]}, the table being one of ids of the same range. */
  private static String category(TestGraph g, String ids) {
    long[] categories = new long[IDS];
    for (int i = 0; i < IDS; i++) {
      categories[i] = i * 7 % IDS;
    }
    return g.op("GatherND", g.longs(categories), g.op("Unsqueeze", ids, g.longs(-1)));
  }

  private static List<String> split(TestGraph g, String value, int first, int second) {
    var axis = TestGraph.attribute("axis", 1);
    return g.node("Split", 2, List.of(axis), value, g.longs(first, second));
  }

  @Test
  void takesHistoryAndCandidateApart() {
    TestGraph g = new TestGraph();
    String ids = ids(g);
    String vectors =
        g.op(
            "Concat",
            TestGraph.attribute("axis", 2),
            g.embed(ids, IDS, WIDTH),
            g.embed(category(g, ids), IDS, WIDTH));
    List<String> parts = split(g, Networks.layer(g, vectors, 2 * WIDTH, 5), LENGTH, 1);
    g.output(g.op("Sigmoid", g.op("Mul", parts.get(0), parts.get(1))), -1, LENGTH, 5);

    Compilation.Split split = compiled(g, HISTORY);

    assertThat(split.report().refused()).isEmpty();
    assertThat(split.report().after().multiplyAddsPerRow()).isEqualTo(2 * WIDTH * 5);
    assertThat(split.boundary())
        .singleElement()
        .extracting(TensorInfo::shape)
        .isEqualTo(List.of((long) LENGTH, 5L));
  }

  /** Of seven positions, those that hold the candidate; all of them where they are used whole. */
  @ParameterizedTest
  @CsvSource({"6, 1, false, 1", "3, 4, false, 4", "6, 1, true, 7"})
  void computesNothingTwiceForACandidate(int first, int second, boolean whole, int positions) {
    TestGraph g = new TestGraph();
    String value = Networks.layer(g, g.embed(ids(g), IDS, WIDTH), WIDTH, 5);
    List<String> parts = split(g, value, first, second);
    String mean = mean(g, parts.get(0));
    String result = g.op("Mul", mean, parts.get(1));
    g.output(whole ? g.op("Mul", result, mean(g, value)) : result, -1, second, 5);

    Compilation.Split split = compiled(g, HISTORY);

    assertThat(split.report().after().multiplyAddsPerRow()).isEqualTo(positions * WIDTH * 5L);
    assertThat(split.boundary()).extracting(TensorInfo::shape).contains(List.of(1L, 5L));
  }

  private static String mean(TestGraph g, String positions) {
    return g.op(
        "ReduceMean",
        List.of(TestGraph.attribute("axes", new long[] {1}), TestGraph.attribute("keepdims", 1L)),
        positions);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1, 'looks up in one tensor for each of several batches'",
    "0, 2, 'indices of shape [N, 2] (expected: one each)'"
  })
  void leavesLookUpsByMoreThanOneIndex(int batchDims, int indices, String reason) {
    TestGraph g = new TestGraph();
    String user = g.op("Tanh", g.floats("user", -1, 2));
    String item = g.ids("item", -1, indices);
    String data = batchDims == 1 ? g.floats("data", -1, IDS) : g.weights(1, IDS, IDS);
    String found =
        g.op("GatherND", TestGraph.attribute("batch_dims", (long) batchDims), data, item);
    g.output(g.op("Mul", user, g.op("Unsqueeze", found, g.longs(1))), -1, 2);

    Compilation.Split split = compiled(g, ContextInputs.of("user"));

    assertThat(split.report().refused()).extracting(Report.Refused::reason).containsExactly(reason);
  }
}
