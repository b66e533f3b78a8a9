package dev.podium.graph;

import ai.onnx.proto.OnnxMl.NodeProto;
import dev.podium.graph.onnx.OnnxGraph;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compiles for tests of single passes, and looks at what came of it. */
final class Compiled {
  static final double CLOSE = 1e-5;

  /** Every id is below this, and every table of a test has at least as many rows. */
  static final int IDS = 40;

  private Compiled() {}

  /** The halves, whose scores were compared with the exported graph's. */
  static Compilation.Split compiled(TestGraph g, ContextInputs context, String... passes) {
    CompilerOptions options = new CompilerOptions(Set.of(passes), Map.of(), 1 << 20);
    return Runtime.assertSame(g.build(), context, options, Runtime.Inputs.ids(IDS), CLOSE);
  }

  /** The same for a function of one row that is written as text. */
  static Compilation.Split compiled(String text, String... passes) {
    TextGraph g = TextGraph.of(text);
    CompilerOptions options = new CompilerOptions(Set.of(passes), Map.of(), 1 << 20);
    return Runtime.assertSame(g.graph(), g.context(), options, Runtime.Inputs.ids(IDS), CLOSE);
  }

  static int count(Compilation.Split split, String pass) {
    return split.report().applied().stream()
        .filter(a -> a.pass().equals(pass))
        .mapToInt(Report.Applied::count)
        .sum();
  }

  static List<String> operators(OnnxGraph graph) {
    return graph.graph().getNodeList().stream().map(NodeProto::getOpType).toList();
  }
}
