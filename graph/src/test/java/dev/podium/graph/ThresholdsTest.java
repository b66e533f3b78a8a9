package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.graph.reference.Thresholds;
import org.junit.jupiter.api.Test;

class ThresholdsTest {
  @Test
  void findsWhatIsComparedWith() {
    TestGraph g = new TestGraph();
    g.floats("x", -1, 4);
    String most = g.op("ReduceMax", TestGraph.attribute("keepdims", 0L), "x");
    String where = g.op("Where", g.op("Greater", most, g.scalar(100)), g.op("Neg", "x"), "x");
    String clipped = g.op("Clip", where, g.scalar(-3), g.scalar(7));
    g.output(g.op("Mul", g.either(clipped, 2), g.scalar(55)), -1, 4);
    assertThat(Thresholds.of(g.build())).containsExactly(-3, 0.5, 7, 100);
  }

  @Test
  void aGraphThatComparesNothingHasNone() {
    TestGraph g = new TestGraph();
    g.floats("x", -1, 4);
    g.output(g.op("Mul", "x", g.scalar(2)), -1, 4);
    assertThat(Thresholds.of(g.build())).isEmpty();
  }
}
