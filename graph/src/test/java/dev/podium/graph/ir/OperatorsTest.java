package dev.podium.graph.ir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator, in each place that tells operators apart. */
class OperatorsTest {
  static Stream<Class<?>> operators() {
    return Arrays.stream(Op.class.getPermittedSubclasses());
  }

  private static Node example(RowFunction function) {
    return function.outputs().get(0).value();
  }

  @ParameterizedTest
  @MethodSource("operators")
  void isReadAndPrinted(Class<?> kind) {
    RowFunction function = Parser.parse(Examples.of(kind));
    String printed = Printer.full().print(function);

    assertThat(example(function).op()).isInstanceOf(kind);
    assertThat(Printer.full().print(Parser.parse(printed))).isEqualTo(printed);
    assertThat(Printer.brief().print(function)).isNotEmpty();
  }

  @ParameterizedTest
  @MethodSource("operators")
  void isMadeAnewOverOtherOperands(Class<?> kind) {
    RowFunction function = Parser.parse(Examples.of(kind));
    Nodes nodes = function.nodes();
    Node node = example(function);
    List<Node> others = new ArrayList<>();
    for (Node input : node.inputs()) {
      others.add(
          input.shape() == null
              ? nodes.exported("other", Layout.ROWS_FIRST, input.input(0))
              : nodes.input(
                  "other" + others.size(), !input.isCandidate(), input.shape(), input.type()));
    }

    Node rebuilt = nodes.rebuild(node, others);

    assertThat(rebuilt.op()).isInstanceOf(kind);
    assertThat(rebuilt.inputs()).isEqualTo(others);
    assertThat(rebuilt.shape()).isEqualTo(node.shape());
    assertThat(rebuilt.type()).isEqualTo(node.type());
  }

  @ParameterizedTest
  @MethodSource("operators")
  void isVerified(Class<?> kind) {
    RowFunction function = Parser.parse(Examples.of(kind));
    Node node = example(function);
    Inference.Value right = new Inference.Value(node.shape(), node.type(), node.role());
    ValueRole wrongRole =
        node.role() == ValueRole.CONTEXT ? ValueRole.CANDIDATE : ValueRole.CONTEXT;
    List<Inference.Value> wrong =
        List.of(
            new Inference.Value(List.of(99), right.type(), right.role()),
            new Inference.Value(
                right.shape(), dev.podium.graph.onnx.ElementType.STRING, right.role()),
            new Inference.Value(right.shape(), right.type(), wrongRole));
    List<String> named = List.of("shape", "type", "role");
    for (int i = 0; i < wrong.size(); i++) {
      Node forged = new Node(99, node.op(), node.inputs(), wrong.get(i));
      RowFunction broken =
          new RowFunction(
              function.nodes(), List.of(new RowFunction.Output("y", forged, Layout.ROWS_FIRST)));

      assertThatThrownBy(() -> Verifier.verify(broken))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(": " + named.get(i) + ": ")
          .hasMessageContaining("(expected: ");
    }
  }

  @Test
  void aTableWithoutACaseIsAnError() {
    OpTable.Builder<Void, String, RuntimeException> table =
        OpTable.<Void, String, RuntimeException>builder()
            .on(Op.MatMul.class, (op, nothing) -> "MatMul");

    assertThatThrownBy(() -> table.build("names of operators"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("names of operators: no case for [Concat, ")
        .hasMessageEndingWith("(expected: one for each operator)");
    assertThat(table.build("one", Set.of(Op.MatMul.class)).apply(new Op.MatMul(), null))
        .isEqualTo("MatMul");
    assertThatThrownBy(() -> table.on(Op.MatMul.class, (op, nothing) -> "again"))
        .hasMessage("operator MatMul: two cases (expected: one)");
  }
}
