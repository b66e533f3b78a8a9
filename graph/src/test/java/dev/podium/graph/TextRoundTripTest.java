package dev.podium.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.graph.importer.Importer;
import dev.podium.graph.importer.InputSides;
import dev.podium.graph.ir.Parser;
import dev.podium.graph.ir.Printer;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.ir.Unsupported;
import dev.podium.graph.pass.Pipeline;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The text of a function holds all of it, whatever the function: as imported, and after passes. */
class TextRoundTripTest {
  private static final int GRAPHS = 500;

  private final Map<String, Integer> steps = new TreeMap<>();

  @Test
  void readsBackWhatItPrints() {
    long seed = Long.getLong("podium.graph.seed", System.nanoTime());
    System.out.println("text of generated graphs: seed " + seed);
    for (int i = 0; i < GRAPHS; i++) {
      check(seed + i);
    }
    System.out.println("text of generated graphs: " + steps);
    assertThat(steps.getOrDefault("imported", 0)).isGreaterThan(GRAPHS / 2);
    assertThat(steps.keySet()).contains("SPLIT_SUMS", "TARGET_ATTENTION", "EMBEDDING_BAGS");
  }

  private void check(long seed) {
    GraphGenerator.Generated generated = new GraphGenerator(seed, 0).generate();
    RowFunction imported;
    try {
      imported = new Importer(generated.graph(), sides(generated.context())).read();
    } catch (Unsupported e) {
      steps.merge("not imported", 1, Integer::sum);
      return;
    }
    String graph = "graph of seed " + seed;
    check(graph, "imported", imported);
    Pipeline.standard(1 << 20)
        .run(imported, name -> true, (pass, after) -> check(graph, pass.name(), after));
  }

  private void check(String graph, String step, RowFunction function) {
    String text = Printer.full().print(function);
    RowFunction read;
    try {
      read = Parser.parse(text);
    } catch (RuntimeException e) {
      throw new AssertionError(graph + " after " + step + ":\n" + text, e);
    }
    assertThat(Printer.full().print(read)).as(graph + " after " + step).isEqualTo(text);
    assertThat(read.order()).hasSameSizeAs(function.order());
    steps.merge(step, 1, Integer::sum);
  }

  private static InputSides sides(ContextInputs context) {
    Map<String, List<InputSides.Range>> columns = new LinkedHashMap<>();
    context
        .columnRanges()
        .forEach(
            (name, ranges) ->
                columns.put(
                    name,
                    ranges.stream().map(r -> new InputSides.Range(r.from(), r.to())).toList()));
    return new InputSides(context.wholeInputs(), columns, Map.of());
  }
}
