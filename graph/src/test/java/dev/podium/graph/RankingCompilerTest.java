package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.graph.onnx.TensorInfo;
import org.junit.jupiter.api.Test;

class RankingCompilerTest {
  @Test
  void userSideOfTheFirstLayerIsComputedOnce() {
    TestGraph g = new TestGraph();
    String user = g.embed(g.ids("user", -1), 50, 8);
    String item = g.embed(g.ids("item", -1), 90, 16);
    String both = g.op("Concat", TestGraph.attribute("axis", 1), user, item);
    String hidden = g.op("Relu", g.op("Gemm", both, g.weights(0.2, 24, 32), g.weights(0.2, 32)));
    String logit = g.op("Gemm", hidden, g.weights(0.2, 32, 1), g.weights(0.2, 1));
    g.output(g.op("Sigmoid", logit), -1, 1);

    Compilation.Split split =
        Runtime.assertSame(
            g.build(),
            ContextInputs.of("user"),
            CompilerOptions.defaults().without("EMBEDDING_BAGS"),
            Runtime.Inputs.ids(50),
            1e-6);

    assertThat(split.candidateHalf().inputs())
        .extracting(TensorInfo::name)
        .contains("item")
        .doesNotContain("user");
    assertThat(split.contextHalf().inputs()).extracting(TensorInfo::name).containsExactly("user");
    assertThat(split.boundary()).hasSize(1);
    assertThat(split.boundary().get(0).shape()).containsExactly(32L);
    assertThat(split.report().rowIndependent()).isTrue();
    assertThat(split.report().after().multiplyAddsPerRow()).isEqualTo(16 * 32 + 32);
  }
}
