package dev.podium.graph;

import static dev.podium.graph.TestGraph.attribute;
import static dev.podium.graph.TestGraph.text;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.reference.DoubleForm;
import dev.podium.graph.rows.RowDependence;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read of a graph's rows is what bare sessions do with them. */
class RowDependenceTest {
  private static final int GRAPHS = 400;
  private static final int ROWS = 5;

  /** Graphs of one input {@code x} of shape [rows, 4]; what they make of it. */
  private static Arguments of(String what, Function<TestGraph, String> graph) {
    return Arguments.of(what, graph);
  }

  private static final String X = "x";

  static Stream<Arguments> apart() {
    return Stream.of(
        of("element by element", g -> g.op("Sigmoid", g.op("Mul", X, g.scalar(2)))),
        of("a softmax over columns", g -> g.op("Softmax", attribute("axis", -1L), X)),
        of(
            "a softmax over all that follows the rows",
            g -> g.op("Softmax", attribute("axis", 1L), X)),
        of("a product with weights", g -> g.op("MatMul", X, g.weights(1, 4, 3))),
        of(
            "rows merged with heads and back",
            g -> {
              String heads = g.op("Reshape", X, g.longs(-1, 2));
              String product = g.op("MatMul", heads, g.weights(1, 2, 2));
              return g.op("Reshape", product, g.longs(-1, 4));
            }),
        of(
            "rows last, and back",
            g -> {
              String turned = g.op("Transpose", attribute("perm", 1L, 0L), X);
              String product = g.op("MatMul", g.weights(1, 3, 4), turned);
              return g.op("Transpose", attribute("perm", 1L, 0L), product);
            }),
        of(
            "attention of a row's positions with each other",
            g -> {
              String rows = g.op("Reshape", X, g.longs(-1, 2, 2));
              String turned = g.op("Transpose", attribute("perm", 0L, 2L, 1L), rows);
              String weights =
                  g.op("Softmax", attribute("axis", -1L), g.op("MatMul", rows, turned));
              return g.op("Reshape", g.op("MatMul", weights, rows), g.longs(-1, 4));
            }),
        of(
            "a shape made of the number of rows",
            g -> {
              String rows = g.op("Gather", g.op("Shape", X), g.longs(0));
              return g.op("Reshape", X, g.op("Concat", attribute("axis", 0L), rows, g.longs(4)));
            }),
        of(
            "each row's element at a place of its own, by row numbers",
            g -> {
              String count = g.op("Gather", g.op("Shape", X), g.longs(new long[] {0}, new long[0]));
              String zero = g.longs(new long[] {0}, new long[0]);
              String one = g.longs(new long[] {1}, new long[0]);
              String numbers = g.op("Unsqueeze", g.op("Range", zero, count, one), g.longs(1));
              String place =
                  g.op("ArgMax", List.of(attribute("axis", 1L), attribute("keepdims", 1L)), X);
              return g.op("GatherND", X, g.op("Concat", attribute("axis", 1L), numbers, place));
            }),
        of(
            "the best two columns",
            g -> g.node("TopK", 2, List.of(attribute("axis", 1L)), X, g.longs(2)).get(0)),
        of(
            "an equation",
            g -> g.op("Einsum", text("equation", "nk,kd->nd"), X, g.weights(1, 4, 3))));
  }

  static Stream<Arguments> mixed() {
    return Stream.of(
        of(
            "a softmax over the rows, tiny",
            g ->
                g.op(
                    "Add",
                    X,
                    g.op("Mul", g.scalar(1e-5f), g.op("Softmax", attribute("axis", 0L), X)))),
        of(
            "a threshold on all rows that probes hardly pass",
            g -> {
              String most = g.op("ReduceMax", attribute("keepdims", 0L), X);
              return g.op("Where", g.op("Greater", most, g.scalar(100)), g.op("Neg", X), X);
            }),
        of(
            "the largest of the rows taken off",
            g ->
                g.op(
                    "Sub",
                    X,
                    g.op(
                        "ReduceMax",
                        List.of(attribute("axes", 0L), attribute("keepdims", 1L)),
                        X))),
        of(
            "the first row only",
            g -> g.op("Add", X, g.op("Slice", X, g.longs(0), g.longs(1), g.longs(0)))),
        of(
            "the last row only",
            g -> g.op("Add", X, g.op("Gather", attribute("axis", 0L), X, g.longs(-1)))),
        of(
            "rows in the other order",
            g -> g.op("Slice", X, g.longs(-1), g.longs(Long.MIN_VALUE), g.longs(0), g.longs(-1))),
        of(
            "running sums over the rows",
            g -> g.op("CumSum", X, g.longs(new long[] {0}, new long[0]))),
        of(
            "a row's place among the rows",
            g -> {
              String count = g.op("Gather", g.op("Shape", X), g.longs(new long[] {0}, new long[0]));
              String zero = g.longs(new long[] {0}, new long[0]);
              String one = g.longs(new long[] {1}, new long[0]);
              String places = g.op("Range", zero, count, one);
              String late = g.op("Greater", places, g.longs(new long[] {20}, new long[0]));
              return g.op("Where", g.op("Unsqueeze", late, g.longs(1)), g.op("Neg", X), X);
            }),
        of(
            "an embedding of a row's place",
            g -> {
              String count = g.op("Gather", g.op("Shape", X), g.longs(new long[] {0}, new long[0]));
              String zero = g.longs(new long[] {0}, new long[0]);
              String one = g.longs(new long[] {1}, new long[0]);
              String places = g.op("Range", zero, count, one);
              return g.op("Add", X, g.op("Gather", g.weights(1, 100, 4), places));
            }),
        of(
            "divided by the number of rows",
            g -> {
              String count = g.op("Gather", g.op("Shape", X), g.longs(0));
              return g.op("Div", X, g.op("Cast", attribute("to", 1L), count));
            }),
        of(
            "how many others are alike",
            g -> {
              String one =
                  g.op("ArgMax", List.of(attribute("axis", 1L), attribute("keepdims", 1L)), X);
              String alike = g.op("Equal", one, g.op("Transpose", attribute("perm", 1L, 0L), one));
              String count =
                  g.op(
                      "ReduceSum",
                      attribute("keepdims", 1L),
                      g.op("Cast", attribute("to", 1L), alike),
                      g.longs(1));
              return g.op("Div", X, count);
            }),
        of(
            "the best rows keep their score",
            g -> {
              String column = g.op("Slice", X, g.longs(0), g.longs(1), g.longs(1));
              String best =
                  g.node("TopK", 2, List.of(attribute("axis", 0L)), column, g.longs(1)).get(0);
              return g.op(
                  "Mul",
                  X,
                  g.op("Cast", attribute("to", 1L), g.op("GreaterOrEqual", column, best)));
            }),
        of(
            "a scale of quantisation taken from all rows",
            g -> {
              List<String> parts = g.node("DynamicQuantizeLinear", 3, List.of(), X);
              return g.op("DequantizeLinear", parts.get(0), parts.get(1), parts.get(2));
            }),
        of(
            "normalised over the rows",
            g -> {
              String mean =
                  g.op("ReduceMean", List.of(attribute("axes", 0L), attribute("keepdims", 1L)), X);
              return g.op("Sub", X, mean);
            }),
        of(
            "a product of the rows with themselves",
            g -> {
              String turned = g.op("Transpose", attribute("perm", 1L, 0L), X);
              String alike = g.op("Softmax", attribute("axis", 1L), g.op("MatMul", X, turned));
              return g.op("MatMul", alike, X);
            }),
        of("a branch that all rows decide", g -> g.either(X, 2)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("apart")
  void rowsApartAreSeenAsSuch(String what, Function<TestGraph, String> makes) throws OrtException {
    OnnxGraph graph = graph(makes);
    RowDependence found = read(graph, Set.of());
    assertThat(found.rowsApart()).as(what + ": " + found).isTrue();
    assertThat(largestChange(graph, 11)).as(what).isLessThan(1e-9);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mixed")
  void mixingIsSeenAndNamed(String what, Function<TestGraph, String> makes) {
    RowDependence found = read(graph(makes), Set.of());
    assertThat(found.rowsApart()).as(what + ": " + found).isFalse();
    assertThat(found.withinRequest()).as(what + ": no context").isFalse();
    assertThat(found.mixedBy()).as(what).isNotEqualTo("graph").isNotEmpty();
    assertThat(found.reason()).as(what).isNotEmpty();
  }

  /** A user's rows are all alike, so a graph may take any of them: apart within a request only. */
  @Test
  void oneOfTheUsersRowsIsApartWithinARequest() {
    Map<String, BiFunction<TestGraph, String, String>> takes = new LinkedHashMap<>();
    takes.put("first", (g, u) -> g.op("Slice", u, g.longs(0), g.longs(1), g.longs(0)));
    takes.put(
        "largest",
        (g, u) -> g.op("ReduceMax", List.of(attribute("axes", 0L), attribute("keepdims", 1L)), u));
    takes.put(
        "mean",
        (g, u) -> g.op("ReduceMean", List.of(attribute("axes", 0L), attribute("keepdims", 1L)), u));
    takes.put("gathered", (g, u) -> g.op("Gather", attribute("axis", 0L), u, g.longs(0)));
    takes.forEach(
        (what, taken) -> {
          TestGraph g = new TestGraph();
          g.floats("user", -1, 4);
          g.floats(X, -1, 4);
          g.output(g.op("Mul", taken.apply(g, "user"), X), -1, 4);
          RowDependence found = read(g.build(), Set.of("user"));
          assertThat(found.rowsApart()).as(what).isFalse();
          assertThat(found.withinRequest()).as(what + ": " + found).isTrue();
          assertThat(read(g.build(), Set.of()).withinRequest()).as(what).isFalse();
        });
  }

  @Test
  void anUnknownOperatorIsTakenToMix() {
    TestGraph g = new TestGraph();
    g.floats(X, -1, 4);
    g.output(g.op("NobodyKnowsThis", X), -1, 4);
    RowDependence found = read(g.build(), Set.of());
    assertThat(found.rowsApart()).isFalse();
    assertThat(found.reason()).contains("NobodyKnowsThis");
  }

  /** Where rows are said to be apart, a bare session in double precision agrees. */
  @Test
  void generatedGraphsDoWhatIsReadOfThem() throws OrtException {
    long seed = Long.getLong("podium.graph.seed", System.nanoTime());
    Map<String, Integer> outcomes = new HashMap<>();
    for (long i = 0; i < GRAPHS; i++) {
      GraphGenerator.Generated generated = new GraphGenerator(seed + i, 0).generate();
      RowDependence found = read(generated.graph(), Set.of());
      double change = largestChange(generated.graph(), seed + i);
      String what = "seed " + (seed + i) + ", " + generated.description() + ": " + found;
      if (found.rowsApart()) {
        assertThat(change).as(what).isLessThan(1e-7);
        outcomes.merge("apart", 1, Integer::sum);
      } else {
        outcomes.merge(
            change > 1e-7 ? "mixed, and seen to" : "mixed, not seen to", 1, Integer::sum);
      }
    }
    System.out.println("rows of generated graphs, seed " + seed + ": " + outcomes);
    assertThat(outcomes.getOrDefault("apart", 0)).isGreaterThan(GRAPHS / 2);
    assertThat(outcomes.getOrDefault("mixed, and seen to", 0)).isPositive();
  }

  private static OnnxGraph graph(Function<TestGraph, String> makes) {
    TestGraph g = new TestGraph();
    g.floats(X, -1, 4);
    g.output(makes.apply(g), -1, 4);
    return g.build();
  }

  private static RowDependence read(OnnxGraph graph, Set<String> context) {
    Map<String, List<Long>> shapes = new HashMap<>();
    graph.inputs().forEach(input -> shapes.put(input.name(), input.ofOneRow().shape()));
    List<String> outputs = graph.outputs().stream().map(output -> output.name()).toList();
    return RowDependence.of(graph, shapes, new HashSet<>(context), outputs);
  }

  /** By how much a row's results change without the others, relative to their size. */
  private static double largestChange(OnnxGraph graph, long seed) throws OrtException {
    Runtime.Inputs how = new Runtime.Inputs(GraphGenerator.IDS, seed, Map.of());
    Map<String, Runtime.Value> inputs =
        Runtime.random(graph, ContextInputs.builder().build(), ROWS, how);
    double largest = 0;
    OnnxGraph precise = DoubleForm.of(graph, Set.of());
    assertThat(precise.outputs()).allMatch(output -> output.type() == ElementType.FLOAT64);
    try (OrtSession session = Runtime.session(precise)) {
      Map<String, double[]> together = Runtime.runDoubles(session, inputs);
      for (int row = 0; row < ROWS; row++) {
        Map<String, Runtime.Value> one = new LinkedHashMap<>();
        for (Map.Entry<String, Runtime.Value> input : inputs.entrySet()) {
          one.put(input.getKey(), input.getValue().rows(row, row + 1));
        }
        for (Map.Entry<String, double[]> alone : Runtime.runDoubles(session, one).entrySet()) {
          double[] all = together.get(alone.getKey());
          double[] mine = alone.getValue();
          if (all.length != mine.length * ROWS) {
            return Double.POSITIVE_INFINITY;
          }
          for (int i = 0; i < mine.length; i++) {
            double other = all[row * mine.length + i];
            double scale = Math.max(1, Math.abs(other));
            double change = Math.abs(mine[i] - other) / scale;
            largest = Math.max(largest, Double.isNaN(change) ? 0 : change);
          }
        }
      }
    }
    return largest;
  }
}
