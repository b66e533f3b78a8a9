package dev.podium.graph.pass;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.graph.ir.Node;
import dev.podium.graph.ir.Nodes;
import dev.podium.graph.ir.Op;
import dev.podium.graph.ir.Parser;
import dev.podium.graph.ir.RowFunction;
import dev.podium.graph.onnx.ElementType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The order of passes follows from what they declare, and a broken pass is named. */
class PipelineTest {
  private record Given(Declaration declaration, UnaryOperator<RowFunction> action) implements Pass {
    @Override
    public RowFunction apply(RowFunction function, Log log) {
      return action.apply(function);
    }
  }

  private static Pass pass(Declaration declaration) {
    return new Given(declaration, function -> function);
  }

  private static Pass pass(String name, UnaryOperator<RowFunction> action) {
    return new Given(Declaration.of(name, Phase.SPLIT), action);
  }

  private static List<String> names(Pipeline pipeline) {
    return pipeline.declarations().stream().map(Declaration::name).toList();
  }

  @Test
  void runsThePassesThatThereAreInThisOrder() {
    assertThat(names(Pipeline.standard(0)))
        .containsExactly(
            "JOINED_PARTS",
            "TRANSPOSES",
            "INNER_PRODUCTS",
            "FOLD_SCALES",
            "REASSOCIATE",
            "GATES",
            "CENTRE",
            "SPLIT_SUMS",
            "PICKED_COLUMNS",
            "EMBEDDING_BAGS",
            "TARGET_ATTENTION",
            "POOLING",
            "SUMS_OF_VECTORS",
            "LOOK_UPS",
            "REASSOCIATE_SPLIT",
            "ROWS_LAST");
  }

  @Test
  void keepsWhatPassesDeclareHoweverTheyAreListed() {
    List<Pass> passes = new ArrayList<>(Passes.all(new TableBudget(0)));
    for (int seed = 0; seed < 100; seed++) {
      Collections.shuffle(passes, new java.util.Random(seed));
      Pipeline pipeline = Pipeline.of(passes);
      List<String> names = names(pipeline);
      Phase phase = Phase.NORMALISE;
      for (Declaration declared : pipeline.declarations()) {
        assertThat(declared.phase()).isGreaterThanOrEqualTo(phase);
        phase = declared.phase();
        assertThat(names.subList(0, names.indexOf(declared.name())))
            .as("what runs before " + declared.name())
            .containsAll(declared.after().keySet());
      }
    }
  }

  @Test
  void everyPassSaysWhyAnotherRunsBeforeIt() {
    assertThat(Passes.declared())
        .allSatisfy(
            declared -> assertThat(declared.after().values()).allMatch(w -> w.length() > 9));
  }

  @Test
  void refusesACircle() {
    Pass a = pass(Declaration.of("A", Phase.SPLIT).after("C", "x"));
    Pass b = pass(Declaration.of("B", Phase.SPLIT).after("A", "x"));
    Pass c = pass(Declaration.of("C", Phase.SPLIT).after("B", "x"));

    assertThatThrownBy(() -> Pipeline.of(List.of(a, b, c)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("passes run after each other in a circle: A, C, B");
  }

  @Test
  void refusesAnOrderAgainstThePhases() {
    Pass early = pass(Declaration.of("EARLY", Phase.NORMALISE).after("LATE", "x"));
    Pass late = pass(Declaration.of("LATE", Phase.LAYOUT));

    assertThatThrownBy(() -> Pipeline.of(List.of(late, early)))
        .hasMessage(
            "pass EARLY of phase NORMALISE: runs after LATE of phase LAYOUT"
                + " (expected: the same phase or an earlier one)");
  }

  @Test
  void refusesNamesThatThereAreNotOrTwice() {
    Pass lost = pass(Declaration.of("LOST", Phase.SPLIT).after("NOBODY", "x"));
    Pass part = pass(Declaration.of("PART", Phase.SPLIT).partOf("NOBODY"));

    assertThatThrownBy(() -> Pipeline.of(List.of(lost)))
        .hasMessage("pass LOST: runs after NOBODY, which there is not");
    assertThatThrownBy(() -> Pipeline.of(List.of(part)))
        .hasMessage("pass PART: part of NOBODY (expected: a pass of that name)");
    assertThatThrownBy(() -> Pipeline.of(List.of(new Pooling(), new Pooling(), new SplitSums())))
        .hasMessage("pass POOLING: declared twice");
  }

  @Test
  void triesThePassesWhoseGainDependsOnTheMachine() {
    assertThat(Passes.onTrial(Set.of(DeviceTrait.HOST_SUMS)))
        .containsExactly(
            "INNER_PRODUCTS",
            "EMBEDDING_BAGS",
            "LOOK_UPS",
            "TARGET_ATTENTION",
            "POOLING",
            "FOLD_SCALES",
            "CENTRE",
            "GATES",
            "ROWS_LAST");
    assertThat(Passes.onTrial(Set.of())).doesNotContain("EMBEDDING_BAGS").contains("LOOK_UPS");
    assertThat(Passes.unsuited(Set.of())).containsExactly("EMBEDDING_BAGS");
    assertThat(Passes.unsuited(Set.of(DeviceTrait.HOST_SUMS))).isEmpty();
  }

  private static final String TEXT =
      """
      %user = context "user" float32[4]
      %item = candidate "item" float32[4]
      %both = Add %user %item
      %own = Tanh %user
      result "score" rows=0 %both
      result "own" rows=0 %own
      """;

  /** A function with its first result replaced. */
  private static RowFunction with(RowFunction function, UnaryOperator<Node> first) {
    List<RowFunction.Output> outputs = new ArrayList<>(function.outputs());
    RowFunction.Output was = outputs.get(0);
    outputs.set(0, new RowFunction.Output(was.name(), first.apply(was.value()), was.layout()));
    return new RowFunction(function.nodes(), outputs);
  }

  private static void assertRefused(UnaryOperator<RowFunction> broken, String message) {
    RowFunction function = Parser.parse(TEXT);
    Pipeline pipeline = Pipeline.of(List.of(pass("FINE", f -> f), pass("BROKEN", broken)));

    assertThatThrownBy(() -> pipeline.run(function, name -> true, (pass, after) -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("pass BROKEN: " + message);
  }

  @Test
  void namesAPassThatBreaksAShape() {
    assertRefused(
        f -> with(f, value -> f.nodes().reshape(value, List.of(1, 4))),
        "result 'score': shape: [1, 4] (expected: [4])");
    assertRefused(
        f -> f.rewrite((was, node) -> f.nodes().reshape(node, List.of(2, 2))), "rewrite of ");
  }

  @Test
  void namesAPassThatBreaksAType() {
    assertRefused(
        f -> with(f, value -> f.nodes().cast(value, ElementType.FLOAT64)),
        "result 'score': type: FLOAT64 (expected: FLOAT32)");
    assertRefused(
        f -> f.rewrite((was, node) -> f.nodes().cast(node, ElementType.FLOAT64)), "rewrite of ");
  }

  @Test
  void namesAPassThatBreaksARole() {
    assertRefused(
        f ->
            f.rewrite(
                (was, node) ->
                    node.op() instanceof Op.Input input
                        ? f.nodes().input(input.name(), true, input.shape(), input.type())
                        : node),
        "role of Input[name=item, context=true");
    // What was the same for all rows depends on the candidate.
    assertRefused(
        f -> {
          List<RowFunction.Output> outputs = new ArrayList<>(f.outputs());
          Nodes nodes = f.nodes();
          Node mixed = nodes.elementwise("Add", outputs.get(1).value(), outputs.get(0).value());
          RowFunction.Output was = outputs.get(1);
          outputs.set(1, new RowFunction.Output(was.name(), mixed, was.layout()));
          return new RowFunction(nodes, outputs);
        },
        "result 'own': role: CANDIDATE (expected: at most CONTEXT)");
  }

  @Test
  void namesAPassThatLosesAResultOrFails() {
    assertRefused(
        f -> new RowFunction(f.nodes(), f.outputs().subList(0, 1)), "results: 1 (expected: 2)");
    assertRefused(
        f -> {
          throw new IllegalArgumentException("no such axis");
        },
        "no such axis");
  }
}
