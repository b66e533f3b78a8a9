package dev.podium.graph;

import static dev.podium.graph.TestGraph.attribute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.OperatorSetIdProto;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.reference.DoubleForm;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A graph's double form computes what Java computes with doubles. */
class DoubleFormTest {
  private static final float[] X = {-3.7f, -1e-6f, 0f, 0.3f, 2f, 29_000_001.5f, 80f, -80f};

  static Stream<Arguments> functions() {
    return Stream.of(
        of("Sigmoid", g -> g.op("Sigmoid", "x"), x -> 1 / (1 + Math.exp(-x))),
        of(
            "LeakyRelu",
            g -> g.op("LeakyRelu", attribute("alpha", 0.25f), "x"),
            x -> x < 0 ? x * 0.25 : x),
        of("PRelu", g -> g.op("PRelu", "x", g.scalar(0.125f)), x -> x < 0 ? x * 0.125 : x),
        of(
            "Softplus",
            g -> g.op("Softplus", "x"),
            x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))),
        of(
            "a large offset added and taken off",
            g -> g.op("Sub", g.op("Add", "x", g.scalar(29_000_000)), g.scalar(29_000_000)),
            x -> (x + 29_000_000) - 29_000_000),
        of(
            "a cast to half and back",
            g -> g.op("Cast", attribute("to", 1L), g.op("Cast", attribute("to", 10L), "x")),
            x -> x),
        of(
            "a constant in the graph",
            g -> g.op("Mul", "x", g.op("ConstantOfShape", g.longs(1))),
            x -> 0),
        of("a branch", g -> g.either("x", 2), Math::tanh));
  }

  private static Arguments of(
      String what, Function<TestGraph, String> graph, DoubleUnaryOperator function) {
    return Arguments.of(what, graph, function);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("functions")
  void computesInDoublePrecision(
      String what, Function<TestGraph, String> makes, DoubleUnaryOperator function)
      throws OrtException {
    TestGraph g = new TestGraph();
    g.floats("x", -1, 1);
    g.output(makes.apply(g), -1, 1);
    double[] results = run(DoubleForm.of(g.build(), Set.of()));
    for (int i = 0; i < X.length; i++) {
      double expected = function.applyAsDouble(X[i]);
      assertThat(results[i])
          .as(what + " of " + X[i])
          .isCloseTo(expected, within(1e-14 * Math.max(1e-8, Math.abs(expected)) + 1e-14));
    }
  }

  @Test
  void operatorsNamedStayInSinglePrecision() throws OrtException {
    TestGraph g = new TestGraph();
    g.floats("x", -1, 1);
    g.output(g.op("Neg", g.op("Erf", "x")), -1, 1);
    OnnxGraph precise = DoubleForm.of(g.build(), Set.of("Erf"));
    assertThat(precise.outputs().get(0).type()).isEqualTo(ElementType.FLOAT64);
    assertThat(run(precise)[3]).isCloseTo(-0.328627, within(1e-6));
  }

  /** A table of rows that are only looked up is not written in double precision. */
  @Test
  void tablesAreLookedUpAsTheyAre() {
    TestGraph g = new TestGraph();
    g.ids("id", -1);
    String table = g.weights(1, 1000, 4);
    g.output(g.op("Sigmoid", g.op("Gather", table, "id")), -1, 4);
    OnnxGraph precise = DoubleForm.of(g.build(), Set.of());
    assertThat(precise.model().getGraph().getNodeList())
        .filteredOn(node -> node.getInputList().contains(table))
        .extracting(NodeProto::getOpType)
        .containsExactly("Gather");
  }

  @Test
  void functionsOfTheModelAreComputedInDoublePrecision() throws OrtException {
    TestGraph g = new TestGraph();
    g.floats("x", -1, 1);
    String result = g.op("Twice", "x");
    g.output(g.op("Sub", result, "x"), -1, 1);
    ModelProto model = g.build().model();
    ModelProto.Builder with = model.toBuilder();
    for (int i = 0; i < with.getGraph().getNodeCount(); i++) {
      if (with.getGraph().getNode(i).getOpType().equals("Twice")) {
        with.getGraphBuilder().getNodeBuilder(i).setDomain("own");
      }
    }
    FunctionProto twice =
        FunctionProto.newBuilder()
            .setName("Twice")
            .setDomain("own")
            .addInput("a")
            .addOutput("b")
            .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(17))
            .addNode(NodeProto.newBuilder().setOpType("Exp").addInput("a").addOutput("e"))
            .addNode(NodeProto.newBuilder().setOpType("Log").addInput("e").addOutput("l"))
            .addNode(
                NodeProto.newBuilder().setOpType("Add").addInput("l").addInput("a").addOutput("b"))
            .build();
    with.addFunctions(twice)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setDomain("own").setVersion(1));
    double[] results = run(DoubleForm.of(OnnxGraph.of(with.build()), Set.of()));
    for (int i : new int[] {0, 1, 2, 3, 4}) {
      assertThat(results[i]).isCloseTo(X[i], within(1e-13));
    }
  }

  private static double[] run(OnnxGraph graph) throws OrtException {
    try (OrtSession session = Runtime.session(graph)) {
      Map<String, Runtime.Value> inputs =
          Map.of("x", Runtime.Value.of(new long[] {X.length, 1}, X));
      return Runtime.runDoubles(session, inputs).values().iterator().next();
    }
  }
}
