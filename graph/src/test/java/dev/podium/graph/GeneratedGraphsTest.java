package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.pass.Passes;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Compiled graphs give what the exported ones give, whatever the graph. {@code
 * -Dpodium.graph.seed=S} repeats a run, {@code -Dpodium.graph.count=1} with the seed of one graph
 * repeats that graph.
 */
class GeneratedGraphsTest {
  private static final double TOLERANCE = 2e-5;

  /** So many units in the last place of a graph's largest number may add up. */
  private static final int ROUNDINGS = 8;

  private static final int[] ROW_COUNTS = {1, 2, 5};

  private final Map<String, Integer> outcomes = new TreeMap<>();

  @Test
  void compiledGraphsGiveWhatExportedGraphsGive() throws OrtException {
    long seed = Long.getLong("podium.graph.seed", System.nanoTime());
    int count = Integer.getInteger("podium.graph.count", 3_000);
    System.out.println("generated graphs: seed " + seed + ", " + count + " graphs");
    for (int i = 0; i < count; i++) {
      check(seed + i);
    }
    System.out.println("generated graphs: " + outcomes);
    if (count >= 1_000) {
      assertThat(outcomes.getOrDefault("split", 0))
          .as("graphs split in two")
          .isGreaterThan(count / 3);
      for (String pass : Passes.names()) {
        assertThat(outcomes.getOrDefault("applied " + pass, 0))
            .as("graphs changed by " + pass)
            .isGreaterThan(5);
      }
      assertThat(outcomes.getOrDefault("not finite", 0)).isLessThan(count / 50);
      assertThat(outcomes.getOrDefault("exported graph does not run", 0)).isLessThan(count / 50);
    }
  }

  private void check(long seed) throws OrtException {
    GraphGenerator.Generated generated = new GraphGenerator(seed, 0).generate();
    CompilerOptions options = options(seed);
    String what =
        "graph of seed " + seed + " (" + generated.description() + ") with " + options.passes();
    Compilation compilation;
    try {
      compilation = new RankingCompiler().compile(generated.graph(), generated.context(), options);
    } catch (RuntimeException e) {
      throw new AssertionError(what, e);
    }
    outcomes.merge(
        compilation instanceof Compilation.Split ? "split" : "unchanged", 1, Integer::sum);
    compilation.report().applied().stream()
        .map(Report.Applied::pass)
        .distinct()
        .forEach(pass -> outcomes.merge("applied " + pass, 1, Integer::sum));
    if (!(compilation instanceof Compilation.Split split)) {
      return;
    }
    Runtime.Inputs how = new Runtime.Inputs(GraphGenerator.IDS, seed, Map.of());
    try (OrtSession exported = session(generated.graph(), what);
        OrtSession contextHalf = contextSession(split, what);
        OrtSession candidateHalf = session(split.candidateHalf(), what)) {
      for (int rows : ROW_COUNTS) {
        Map<String, Runtime.Value> inputs =
            Runtime.random(generated.graph(), generated.context(), rows, how);
        Map<String, Runtime.Value> expected;
        try {
          expected = Runtime.run(exported, inputs);
        } catch (OrtException e) {
          outcomes.merge("exported graph does not run", 1, Integer::sum);
          System.out.println(what + " does not run as exported: " + e.getMessage());
          return;
        }
        if (!isFinite(expected)) {
          outcomes.merge("not finite", 1, Integer::sum);
          return;
        }
        Map<String, Runtime.Value> actual;
        try {
          actual = halves(contextHalf, candidateHalf, split.bags(), inputs);
        } catch (OrtException e) {
          throw new AssertionError(what + ": " + e.getMessage(), e);
        }
        double difference = difference(expected, actual, what);
        if (difference > TOLERANCE) {
          // Is the graph ill-conditioned? Then weights off by a few roundings change its scores as
          // much.
          OnnxGraph disturbed = new GraphGenerator(seed, 2e-6).generate().graph();
          double sensitivity = difference(expected, Runtime.run(disturbed, inputs), what);
          double rounding = ROUNDINGS * Math.ulp(largestOnTheWay(generated.graph(), inputs));
          assertThat(difference)
              .as(
                  () ->
                      String.format(
                          "%s, %d rows; weights off by 2e-6 make %.1e, roundings on the way %.1e",
                          what, rows, sensitivity, rounding))
              .isLessThan(Math.max(TOLERANCE, Math.max(3 * sensitivity, rounding)));
          outcomes.merge("ill-conditioned", 1, Integer::sum);
        }
      }
    }
  }

  /**
   * The largest number that a graph computes on its way to the outputs. A factorization machine
   * subtracts large numbers from each other, whose roundings stay.
   */
  private static float largestOnTheWay(OnnxGraph graph, Map<String, Runtime.Value> inputs) {
    ModelProto.Builder model = graph.model().toBuilder();
    for (NodeProto node : graph.graph().getNodeList()) {
      for (String name : node.getOutputList()) {
        model.getGraphBuilder().addOutput(ValueInfoProto.newBuilder().setName(name));
      }
    }
    float largest = 0;
    for (Runtime.Value value : Runtime.run(OnnxGraph.of(model.build()), inputs).values()) {
      for (int i = 0; value.floats() != null && i < value.floats().length; i++) {
        largest = Math.max(largest, Math.abs(value.floats()[i]));
      }
    }
    return largest;
  }

  private static Map<String, Runtime.Value> halves(
      OrtSession contextHalf,
      OrtSession candidateHalf,
      List<EmbeddingBag> bags,
      Map<String, Runtime.Value> inputs)
      throws OrtException {
    Map<String, Runtime.Value> first = new HashMap<>();
    inputs.forEach((name, value) -> first.put(name, value.rows(0, 1)));
    Map<String, Runtime.Value> all = new HashMap<>(inputs);
    if (contextHalf != null) {
      all.putAll(Runtime.run(contextHalf, first));
    }
    all.putAll(Runtime.sums(bags, inputs));
    return Runtime.run(candidateHalf, all);
  }

  private static CompilerOptions options(long seed) {
    Random random = new Random(seed);
    Set<String> passes = new TreeSet<>(Passes.names());
    if (random.nextInt(4) == 0) {
      passes.removeIf(pass -> random.nextBoolean());
    }
    return new CompilerOptions(passes, Map.of(), random.nextInt(4) == 0 ? 300 : 1 << 20);
  }

  private static OrtSession contextSession(Compilation.Split split, String what) {
    return split.boundary().isEmpty() ? null : session(split.contextHalf(), what);
  }

  private static OrtSession session(OnnxGraph graph, String what) {
    try {
      return Runtime.session(graph);
    } catch (OrtException e) {
      throw new AssertionError(what + ": " + e.getMessage(), e);
    }
  }

  private static boolean isFinite(Map<String, Runtime.Value> outputs) {
    for (Runtime.Value value : outputs.values()) {
      for (float number : value.floats()) {
        if (!Float.isFinite(number)) {
          return false;
        }
      }
    }
    return true;
  }

  /** The largest difference, relative to the largest number of its output where that is above 1. */
  private static double difference(
      Map<String, Runtime.Value> expected, Map<String, Runtime.Value> actual, String what) {
    assertThat(actual.keySet()).as(what).isEqualTo(expected.keySet());
    double largest = 0;
    for (Map.Entry<String, Runtime.Value> output : expected.entrySet()) {
      Runtime.Value other = actual.get(output.getKey());
      assertThat(other.shape())
          .as(what + ": shape of " + output.getKey())
          .isEqualTo(output.getValue().shape());
      double scale = 1;
      for (float number : output.getValue().floats()) {
        scale = Math.max(scale, Math.abs(number));
      }
      for (int i = 0; i < other.floats().length; i++) {
        double off = Math.abs(other.floats()[i] - output.getValue().floats()[i]) / scale;
        largest = Double.isNaN(off) ? Double.MAX_VALUE : Math.max(largest, off);
      }
    }
    return largest;
  }
}
