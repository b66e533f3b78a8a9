package dev.podium.graph.ir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a person reads and writes. {@code OperatorsTest} has every operator. */
class TextFormTest {
  private static final String TEXT =
      """
      %0 = weight "table" float32[40, 4]
      %1 = context "user" int64[]
      %2 = Gather axis=0 %0 %1 : float32[4] context
      %3 = candidate "item \\"new\\"" float32[4]
      %4 = Mul %2 %3 : float32[4] candidate
      %5 = literal float32[4] {all 0.1}
      %6 = Add %4 %5 : float32[4] candidate
      %7 = Cast to=11 %6 : float64[4] candidate
      result "score" rows=0 %7
      """;

  @Test
  void readsWhatItPrints() {
    assertThat(Printer.full().print(Parser.parse(TEXT))).isEqualTo(TEXT);
    assertThat(Printer.brief().print(Parser.parse(TEXT))).isEqualTo(TEXT);
  }

  @Test
  void takesNamesCommentsAndLinesWithoutTypes() {
    RowFunction function =
        Parser.parse(
            """
            # Scores of an item, by price.
            %price = candidate "price" float32[2]

            %twice = Add %price %price
            result "score" rows=0 %twice
            """);

    assertThat(Printer.full().print(function))
        .isEqualTo(
            """
            %0 = candidate "price" float32[2]
            %1 = Add %0 %0 : float32[2] candidate
            result "score" rows=0 %1
            """);
  }

  @Test
  void leavesOutTheValuesOfLargerLiteralsForPeople() {
    String values = "{0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 1.0, 2.0, 3.0, 4.0, 5.0, ";
    String text = "%0 = literal float32[17] " + values + "6.0, 7.0}\nresult \"y\" rows=none %0\n";

    assertThat(Printer.full().print(Parser.parse(text))).isEqualTo(text);
    assertThat(Printer.brief().print(Parser.parse(text)))
        .isEqualTo("%0 = literal float32[17] {... 17}\nresult \"y\" rows=none %0\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "%0 = candidate \"x\" float33[2] | float33 (expected: a type such as float32)",
        "%0 = Tanh %1 | %1 (expected: a value of a line above)",
        "%0 = literal float32[2] {1.0} | 1 values (expected: 2)",
        "%0 = MatMul axis=1 | MatMul axis (expected: fields [])",
        "%0 = literal float32[1] {1.0} more | 'more' (expected: the end of the line)",
        "x = literal float32[1] {1.0} | x (expected: %name of a new value)",
      })
  void namesTheLineThatIsWrong(String line, String message) {
    assertThatThrownBy(() -> Parser.parse("\n" + line))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("line 2: " + message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"float32[5] candidate", "int64[4] candidate", "float32[4] context"})
  void refusesAShapeTypeOrRoleThatDoesNotFollow(String said) {
    String text = TEXT.replace("float32[4] candidate\n%5", said + "\n%5");

    assertThatThrownBy(() -> Parser.parse(text))
        .hasMessage("line 5: " + said + " (expected: float32[4] candidate)");
  }
}
