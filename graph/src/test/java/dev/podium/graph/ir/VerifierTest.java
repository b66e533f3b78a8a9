package dev.podium.graph.ir;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Functions that are none. {@code OperatorsTest} forges each operator's shape, type and role. */
class VerifierTest {
  private static final String SOURCES =
      """
      %user = context "user" float32[4]
      %item = candidate "item" float32[4]
      %matrix = context "matrix" float32[3, 4]
      %id = candidate "id" int64[]
      %flag = candidate "flag" bool[4]
      %rows = candidate "rows" float32[5, 4]
      """;

  /** The parser verifies what it reads, and simplifies nothing. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // Rows of the item would meet the rows of the matrix.
        "Add %item %matrix | rank of a candidate operand: 1 (expected: 2)",
        "Add %flag %item | type of operands: FLOAT32 (expected: BOOL)",
        "And %item %item | type of operands: FLOAT32 (expected: BOOL)",
        "Where %item %item %user | type of the condition: FLOAT32 (expected: BOOL)",
        "Concat axis=0 %user %flag | type of operands: BOOL (expected: FLOAT32)",
        "Gather axis=0 %rows %id | look-up of rows in rows: true (expected: false)",
        "Gather axis=1 %matrix %id | look-up of rows in rows: true (expected: false)",
      })
  void refusesOperandsThatDontGoTogether(String line, String message) {
    String text = SOURCES + "%x = " + line + "\nresult \"y\" rows=0 %x\n";

    assertThatThrownBy(() -> Parser.parse(text))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageEndingWith(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Add %user %matrix",
        "Where %flag %item %user",
        "Gather axis=0 %matrix %id",
        "MatMul %item %square",
      })
  void takesOperandsThatDo(String line) {
    String square = "%square = weight \"square\" float32[4, 4]\n";
    String text = SOURCES + square + "%x = " + line + "\nresult \"y\" rows=0 %x\n";

    assertThatCode(() -> Parser.parse(text)).doesNotThrowAnyException();
  }

  @Test
  void refusesAFunctionThatReadsAnInputOnTheOtherSide() {
    RowFunction before = Parser.parse(SOURCES + "%x = Tanh %item\nresult \"y\" rows=0 %x\n");
    Nodes nodes = before.nodes();
    RowFunction after =
        before.rewrite(
            (was, node) ->
                node.op() instanceof Op.Input input
                    ? nodes.input(input.name(), true, input.shape(), input.type())
                    : node);

    assertThatThrownBy(() -> Verifier.verify(before, after))
        .hasMessageStartingWith("role of Input[name=item, context=true")
        .hasMessageEndingWith("(expected: an input on its own side)");
  }
}
