package dev.podium.graph.lowering;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.podium.graph.TextGraph;
import dev.podium.graph.ir.Examples;
import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Parser;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.onnx.ElementType;
import dev.podium.graph.onnx.GraphWriter;
import dev.podium.graph.onnx.OnnxGraph;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator is written, with rows on the first axis and, where that can be, on the last. */
class WritingOperatorsTest {
  static Stream<Class<?>> operators() {
    return Arrays.stream(Op.class.getPermittedSubclasses());
  }

  @ParameterizedTest
  @MethodSource("operators")
  void isWrittenWithItsOperands(Class<?> kind) throws Unsupported {
    RowFunction function = Parser.parse(Examples.of(kind));
    Map<String, ValueInfoProto> inputs = new LinkedHashMap<>();
    inputs.put("any", GraphWriter.value("any", ElementType.FLOAT32, List.of(1)));
    for (Node node : function.order()) {
      if (node.op() instanceof Op.Input input) {
        inputs.put(input.name(), GraphWriter.value(input.name(), ElementType.FLOAT32, List.of(1)));
      }
    }
    OnnxGraph stub = TextGraph.stub(function, inputs);
    Map<Node, Placement> last = Placements.rowsLastWherePays(function);
    last.replaceAll((node, placement) -> Placements.canBeLast(node) ? Placement.LAST : placement);

    for (Map<Node, Placement> placements : List.of(Placements.rowsFirst(function), last)) {
      Lowering.Halves halves = Lowering.write(stub, function, Set.of(), placements);

      Set<String> known = new HashSet<>();
      halves.candidate().inputs().forEach(input -> known.add(input.name()));
      halves
          .candidate()
          .graph()
          .getInitializerList()
          .forEach(tensor -> known.add(tensor.getName()));
      for (NodeProto node : halves.candidate().graph().getNodeList()) {
        assertThat(known).as("operands of " + node).containsAll(node.getInputList());
        known.addAll(node.getOutputList());
      }
      assertThat(known).contains("y");
    }
  }
}
