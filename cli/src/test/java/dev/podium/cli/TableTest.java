package dev.podium.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columnsAreAsWideAsTheirWidestCell() {
    Table table = new Table().right("n").left("title").right("score");
    table.row("1", "Cité des enfants perdus, La", "0.5");
    table.row("10", "Heat", "0.125");

    assertThat(print(table))
        .isEqualToNormalizingNewlines(
            """
            | n  title                        score
            | 1  Cité des enfants perdus, La    0.5
            |10  Heat                         0.125
            """);
  }

  @Test
  void linesEndWithoutSpaces() {
    Table table = new Table().left("title").left("genres");
    table.row("Heat", "");

    assertThat(print(table)).isEqualToNormalizingNewlines("|title  genres\n|Heat\n");
  }

  @Test
  void aRowHasACellForEachColumn() {
    Table table = new Table().left("title");

    assertThatThrownBy(() -> table.row("a", "b")).hasMessage("row: 2 cells (expected: 1)");
  }

  private static String print(Table table) {
    StringWriter text = new StringWriter();
    table.print(new PrintWriter(text), "|");
    return text.toString();
  }
}
