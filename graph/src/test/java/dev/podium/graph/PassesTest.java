package dev.podium.graph;

import static dev.podium.graph.Compiled.CLOSE;
import static dev.podium.graph.Compiled.IDS;
import static dev.podium.graph.Compiled.compiled;
import static dev.podium.graph.Compiled.count;
import static dev.podium.graph.Compiled.operators;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.podium.graph.onnx.OnnxGraph;
import dev.podium.graph.onnx.TensorInfo;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each pass alone: what it is for, what it must leave alone, and the same scores either way. */
class PassesTest {
  /** An attention unit between a context history and a candidate, up to the pooled vector. */
  private static void attention(TestGraph g, List<String> blocks, String activation) {
    String history = g.embed(g.ids("history", -1, 6), IDS, 4);
    String target = g.embed(g.ids("item", -1), IDS, 4);
    String x =
        Networks.layer(g, Networks.crossed(g, history, target, 6, blocks), 4 * blocks.size(), 9);
    String hidden =
        switch (activation) {
          case "dice" -> Networks.rowDice(g, x, 2);
          case "running dice" ->
              Networks.gate(g, x, g.op("Sigmoid", g.op("Mul", x, g.weights(0.7, 9))));
          case "prelu" -> g.op("PRelu", x, g.weights(0.3, 9));
          default -> g.op(activation, x);
        };
    String weights = Networks.layer(g, hidden, 9, 1);
    g.output(Networks.pooled(g, weights, history), -1, 4);
  }

  @Test
  void hoistsWhatContextAloneDecides() {
    Compilation.Split split =
        compiled(
            """
            %users = weight "users" float32[40, 4]
            %items = weight "items" float32[40, 5]
            %weights = weight "weights" float32[4, 5]
            %bias = weight "bias" float32[5]
            %user = context "user" int64[]
            %item = candidate "item" int64[]
            %u = Gather axis=0 %users %user
            %product = MatMul %u %weights
            %sum = Add %product %bias
            %hidden = Tanh %sum
            %i = Gather axis=0 %items %item
            %y = Mul %hidden %i
            result "y" rows=0 %y
            """);

    assertThat(split.boundary())
        .singleElement()
        .extracting(TensorInfo::shape)
        .isEqualTo(List.of(5L));
    assertThat(operators(split.candidateHalf())).containsExactlyInAnyOrder("Gather", "Mul");
    assertThat(split.report().after().multiplyAdds(100)).isEqualTo(20);
    assertThat(split.report().before().multiplyAdds(100)).isEqualTo(2_000);
  }

  @Test
  void splitsTheSumsOfAFactorizationMachineBySide() {
    StringBuilder fields = new StringBuilder();
    for (String name : List.of("user0", "item1", "user2", "item3", "user4")) {
      String side = name.startsWith("user") ? "context" : "candidate";
      fields.append(
          """
          %table_NAME = weight "table_NAME" float32[40, 8]
          %id_NAME = SIDE "NAME" int64[]
          %row_NAME = Gather axis=0 %table_NAME %id_NAME
          %NAME = Reshape shape=[1, 8] %row_NAME
          """
              .replace("NAME", name)
              .replace("SIDE", side));
    }

    Compilation.Split split =
        compiled(
            fields
                + """
                %two = literal float32[] {2.0}
                %stacked = Concat axis=0 %user0 %item1 %user2 %item3 %user4
                %sum = ReduceSum axes=[0] %stacked
                %square = Pow %sum %two
                %each = Pow %stacked %two
                %squares = ReduceSum axes=[0] %each
                %difference = Sub %square %squares
                %all = ReduceSum axes=[0, 1] %difference
                %y = Reshape shape=[] %all
                result "y" rows=0 %y
                """,
            "SPLIT_SUMS");

    assertThat(count(split, "SPLIT_SUMS")).isGreaterThanOrEqualTo(2);
    // The context's shares of the vectors' sum and of the sum of their squares.
    assertThat(split.boundary()).extracting(TensorInfo::shape).containsOnly(List.of(8L));
    assertThat(operators(split.candidateHalf())).filteredOn("MatMul"::equals).hasSize(2);
    assertThat(operators(split.candidateHalf())).filteredOn("Gather"::equals).hasSize(2);
  }

  @Test
  void splitsALayerOverColumnsOfOneMatrix() {
    TestGraph g = new TestGraph();
    String x = g.floats("X", -1, 7);
    g.output(Networks.layer(g, x, 7, 3), -1, 3);

    ContextInputs context = ContextInputs.builder().columns("X", 1, 3).columns("X", 4, 6).build();
    Compilation.Split split = compiled(g, context, "SPLIT_SUMS");

    assertThat(split.report().after().multiplyAddsPerRow()).isEqualTo(3 * 3);
    assertThat(split.contextHalf().inputs())
        .singleElement()
        .extracting(TensorInfo::shape)
        .isEqualTo(List.of(1L, 7L));
  }

  private static final String LAYER_OVER_AN_EMBEDDING =
      """
      %users = weight "users" float32[40, 3]
      %items = weight "items" float32[40, 64]
      %weights = weight "weights" float32[64, 3]
      %bias = weight "bias" float32[3]
      %user = context "user" int64[]
      %item = candidate "item" int64[]
      %u = Gather axis=0 %users %user
      %hidden = Tanh %u
      %i = Gather axis=0 %items %item
      %product = MatMul %i %weights
      %layer = Add %product %bias
      %y = Mul %hidden %layer
      result "y" rows=0 %y
      """;

  private static EmbeddingBag onlyBag(Compilation.Split split) {
    assertThat(split.bags()).hasSize(1);
    return split.bags().get(0);
  }

  @Test
  void takesALayerOverAnEmbeddingOut() {
    Compilation.Split split = compiled(LAYER_OVER_AN_EMBEDDING, "EMBEDDING_BAGS");

    assertThat(split.report().after().multiplyAddsPerRow()).isZero();
    assertThat(onlyBag(split).ids())
        .containsExactly(new EmbeddingBag.Id("item", 0, false, 0, 0, IDS));
    assertThat(onlyBag(split).sums())
        .singleElement()
        .extracting(TensorInfo::shape)
        .isEqualTo(List.of(-1L, 3L));
    assertThat(split.candidateHalf().inputs())
        .extracting(TensorInfo::name)
        .doesNotContain("item")
        .contains(onlyBag(split).sums().get(0).name());
  }

  @Test
  void takesAllSumsOverTheSameIdsOutTogether() {
    TestGraph g = new TestGraph();
    String[] fields = new String[6];
    String[] flat = new String[6];
    for (int i = 0; i < 6; i++) {
      String name = i % 2 == 0 ? "user" + i : "item" + i;
      flat[i] = g.embed(g.ids(name, -1), IDS + i, 8);
      fields[i] = g.op("Unsqueeze", flat[i], g.longs(1));
    }
    String stacked = g.op("Concat", TestGraph.attribute("axis", 1), fields);
    var drop = TestGraph.attribute("keepdims", 0L);
    String sum = g.op("ReduceSum", drop, stacked, g.longs(1));
    String squares = g.op("ReduceSum", drop, g.op("Mul", stacked, stacked), g.longs(1));
    String deep =
        g.op(
            "Relu", Networks.layer(g, g.op("Concat", TestGraph.attribute("axis", 1), flat), 48, 8));
    g.output(g.op("Add", deep, g.op("Sub", g.op("Mul", sum, sum), squares)), -1, 8);

    Compilation.Split split =
        compiled(g, ContextInputs.of("user0", "user2", "user4"), "SPLIT_SUMS", "EMBEDDING_BAGS");

    EmbeddingBag bag = onlyBag(split);
    assertThat(bag.ids())
        .containsExactly(
            new EmbeddingBag.Id("user0", 0, true, 0, 0, IDS),
            new EmbeddingBag.Id("user2", 0, true, 0, IDS, IDS + 2),
            new EmbeddingBag.Id("user4", 0, true, 0, 2 * IDS + 2, IDS + 4),
            new EmbeddingBag.Id("item1", 0, false, 0, 3 * IDS + 6, IDS + 1),
            new EmbeddingBag.Id("item3", 0, false, 0, 4 * IDS + 7, IDS + 3),
            new EmbeddingBag.Id("item5", 0, false, 0, 5 * IDS + 10, IDS + 5));
    assertThat(bag.sums()).hasSize(3);
    assertThat(operators(split.candidateHalf())).doesNotContain("Gather", "MatMul", "ReduceSum");
  }

  @Test
  void takesTheContextsShareAndConstantsAlong() {
    Compilation.Split split =
        compiled(
            """
            %users = weight "users" float32[40, 8]
            %items = weight "items" float32[40, 8]
            %cities = weight "cities" float32[40, 8]
            %weights = weight "weights" float32[24, 3]
            %bias = weight "bias" float32[3]
            %user = context "user" int64[]
            %item = candidate "item" int64[]
            %city = context "city" int64[]
            %u = Gather axis=0 %users %user
            %i = Gather axis=0 %items %item
            %c = Gather axis=0 %cities %city
            %joined = Concat axis=0 %u %i %c
            %product = MatMul %joined %weights
            %layer = Add %product %bias
            %y = Tanh %layer
            result "y" rows=0 %y
            """,
            "SPLIT_SUMS", "EMBEDDING_BAGS");

    assertThat(onlyBag(split).ids())
        .containsExactly(
            new EmbeddingBag.Id("user", 0, true, 0, 0, IDS),
            new EmbeddingBag.Id("city", 0, true, 0, IDS, IDS),
            new EmbeddingBag.Id("item", 0, false, 0, 2 * IDS, IDS));
    assertThat(split.boundary()).isEmpty();
    assertThat(operators(split.candidateHalf())).containsExactly("Tanh");
  }

  @Test
  void leavesAContextThatIsMoreThanIdsToItsHalf() {
    Compilation.Split split =
        compiled(
            """
            %items = weight "items" float32[40, 8]
            %weights = weight "weights" float32[16, 3]
            %bias = weight "bias" float32[3]
            %user = context "user" float32[8]
            %item = candidate "item" int64[]
            %u = Tanh %user
            %i = Gather axis=0 %items %item
            %joined = Concat axis=0 %u %i
            %product = MatMul %joined %weights
            %layer = Add %product %bias
            %y = Tanh %layer
            result "y" rows=0 %y
            """,
            "SPLIT_SUMS", "EMBEDDING_BAGS");

    assertThat(onlyBag(split).ids()).noneMatch(EmbeddingBag.Id::context);
    assertThat(split.boundary()).hasSize(1);
  }

  @Test
  void takesIdsFromColumnsOfOneMatrix() {
    TestGraph g = new TestGraph();
    String x = g.floats("X", -1, 3);
    String[] parts = new String[2];
    for (int i = 0; i < 2; i++) {
      String column = g.op("Slice", x, g.longs(i + 1), g.longs(i + 2), g.longs(1));
      String id = g.op("Squeeze", g.op("Cast", TestGraph.attribute("to", 7), column), g.longs(1));
      parts[i] = g.embed(id, IDS, 8);
    }
    String user = g.op("Tanh", g.op("Slice", x, g.longs(0), g.longs(1), g.longs(1)));
    String joined = g.op("Concat", TestGraph.attribute("axis", 1), parts);
    g.output(g.op("Mul", user, Networks.layer(g, joined, 16, 3)), -1, 3);

    ContextInputs context = ContextInputs.builder().columns("X", 0, 1).build();
    Compilation.Split split = compiled(g, context, "EMBEDDING_BAGS");

    assertThat(onlyBag(split).ids())
        .containsExactly(
            new EmbeddingBag.Id("X", 1, false, 0, 0, IDS),
            new EmbeddingBag.Id("X", 2, false, 0, IDS, IDS));
  }

  /** As RecBole has it: one table for all fields, and where each field begins in it is added. */
  @Test
  void takesIdsOfFieldsThatShareATable() {
    TestGraph g = new TestGraph();
    String[] ids = new String[3];
    for (int i = 0; i < 3; i++) {
      String name = i == 0 ? "user" : "item" + i;
      ids[i] = g.op("Unsqueeze", g.ids(name, -1), g.longs(1));
    }
    String joined = g.op("Concat", TestGraph.attribute("axis", 1), ids);
    String rows = g.op("Add", joined, g.longs(new long[] {0, IDS, 2 * IDS}, new long[] {1, 3}));
    String flat = g.op("Reshape", g.embed(rows, 3 * IDS, 8), g.longs(-1, 24));
    g.output(g.op("Tanh", Networks.layer(g, flat, 24, 3)), -1, 3);

    Compilation.Split split = compiled(g, ContextInputs.of("user"), "SPLIT_SUMS", "EMBEDDING_BAGS");

    assertThat(onlyBag(split).ids())
        .containsExactly(
            new EmbeddingBag.Id("user", 0, true, 0, 0, 3 * IDS),
            new EmbeddingBag.Id("item1", 0, false, IDS, 3 * IDS, 3 * IDS),
            new EmbeddingBag.Id("item2", 0, false, 2 * IDS, 6 * IDS, 3 * IDS));
    assertThat(operators(split.candidateHalf())).containsExactly("Tanh");
  }

  @Test
  void multipliesWhatIsNoFunctionOfOneId() {
    Compilation.Split split =
        compiled(
            """
            %users = weight "users" float32[40, 3]
            %items = weight "items" float32[40, 8]
            %kinds = weight "kinds" float32[40, 8]
            %weights = weight "weights" float32[16, 3]
            %bias = weight "bias" float32[3]
            %user = context "user" int64[]
            %item = candidate "item" int64[]
            %kind = candidate "kind" int64[]
            %u = Gather axis=0 %users %user
            %hidden = Tanh %u
            %i = Gather axis=0 %items %item
            %k = Gather axis=0 %kinds %kind
            %both = Mul %i %k
            %other = Tanh %both
            %joined = Concat axis=0 %i %other
            %product = MatMul %joined %weights
            %layer = Add %product %bias
            %y = Mul %hidden %layer
            result "y" rows=0 %y
            """,
            "EMBEDDING_BAGS");

    assertThat(onlyBag(split).ids()).extracting(EmbeddingBag.Id::input).containsExactly("item");
    assertThat(split.report().after().multiplyAddsPerRow()).isEqualTo(8 * 3);
    assertThat(split.candidateHalf().inputs()).extracting(TensorInfo::name).contains("item");
  }

  @Test
  void leavesComputedIdsAndNarrowEmbeddings() {
    Compilation.Split split =
        compiled(
            """
            %users = weight "users" float32[40, 3]
            %items = weight "items" float32[40, 8]
            %kinds = weight "kinds" float32[40, 2]
            %ofItem = weight "ofItem" float32[8, 3]
            %ofKind = weight "ofKind" float32[2, 3]
            %one = literal int64[] {1}
            %all = literal int64[] {40}
            %user = context "user" int64[]
            %item = candidate "item" int64[]
            %kind = candidate "kind" int64[]
            %u = Gather axis=0 %users %user
            %hidden = Tanh %u
            %next = Add %item %one
            %shifted = Mod %next %all
            %i = Gather axis=0 %items %shifted
            %wide = MatMul %i %ofItem
            %k = Gather axis=0 %kinds %kind
            %narrow = MatMul %k %ofKind
            %both = Mul %wide %narrow
            %y = Mul %hidden %both
            result "y" rows=0 %y
            """,
            "EMBEDDING_BAGS");

    assertThat(split.bags()).isEmpty();
    assertThat(count(split, "EMBEDDING_BAGS")).isZero();
  }

  @Test
  void makesNoTableBeyondItsBound() {
    TextGraph g = TextGraph.of(LAYER_OVER_AN_EMBEDDING);
    CompilerOptions options = new CompilerOptions(Set.of("EMBEDDING_BAGS"), Map.of(), 64);
    Compilation.Split split =
        Runtime.assertSame(g.graph(), g.context(), options, Runtime.Inputs.ids(IDS), CLOSE);

    assertThat(count(split, "EMBEDDING_BAGS")).isZero();
    assertThat(split.bags()).isEmpty();
  }

  /** Five fields of two kinds: what they give is joined, and the user's are joined with it. */
  private static TestGraph fields() {
    TestGraph g = new TestGraph();
    String[] parts = new String[9];
    for (int i = 0; i < parts.length; i++) {
      String name = (i < 4 ? "user" : "item") + i;
      parts[i] = g.embed(g.ids(name, -1), IDS + i, 4);
    }
    String joined = g.op("Concat", TestGraph.attribute("axis", 1), parts);
    g.output(g.op("Tanh", Networks.layer(g, g.op("Tanh", joined), 36, 3)), -1, 3);
    return g;
  }

  private static final ContextInputs USERS = ContextInputs.of("user0", "user1", "user2", "user3");

  @Test
  void makesOneLookUpOfMany() {
    Compilation.Split split = compiled(fields(), USERS, "SPLIT_SUMS", "LOOK_UPS");

    assertThat(count(split, "LOOK_UPS")).isEqualTo(2);
    assertThat(operators(split.candidateHalf())).filteredOn("Gather"::equals).hasSize(1);
    assertThat(operators(split.contextHalf())).filteredOn("Gather"::equals).hasSize(1);
  }

  @Test
  void leavesLookUpsWhoseTablesDontFitTogether() {
    CompilerOptions options = new CompilerOptions(Set.of("SPLIT_SUMS", "LOOK_UPS"), Map.of(), 64);
    Compilation.Split split =
        Runtime.assertSame(fields().build(), USERS, options, Runtime.Inputs.ids(IDS), CLOSE);

    assertThat(count(split, "LOOK_UPS")).isZero();
    assertThat(split.report().refused())
        .extracting(Report.Refused::reason)
        .anyMatch(reason -> reason.startsWith("a table of "));
  }

  @Test
  void countsNegativeIdsFromTheEndOfTheirOwnTable() {
    OnnxGraph graph = fields().build();
    Compilation.Split split = split(graph);
    Map<String, Runtime.Value> inputs = ids(graph, 3, 0);
    inputs.put("item5", Runtime.Value.of(new long[] {3}, new long[] {-1, 2, -IDS - 5}));
    inputs.put("user1", Runtime.Value.of(new long[] {3}, new long[] {-2, -2, -2}));

    Runtime.compare(Runtime.run(graph, inputs), Runtime.runHalves(split, inputs), CLOSE);
  }

  @ParameterizedTest
  @ValueSource(longs = {IDS + 5, -IDS - 6, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62, -1L << 62})
  void refusesAnIdThatOnlyANeighbouringTableHas(long id) {
    OnnxGraph graph = fields().build();
    Compilation.Split split = split(graph);
    for (String input : List.of("item5", "user1")) {
      long outside = input.equals("user1") && id == IDS + 5 ? IDS + 1 : id;
      if (input.equals("user1") && id == -IDS - 6) {
        outside = -IDS - 2;
      }
      Map<String, Runtime.Value> inputs = ids(graph, 1, 0);
      inputs.put(input, Runtime.Value.of(new long[] {1}, new long[] {outside}));

      assertThatThrownBy(() -> Runtime.runHalves(split, inputs))
          .as(input + " " + outside)
          .hasMessageContaining("out of data bounds");
    }
  }

  private static Compilation.Split split(OnnxGraph graph) {
    return (Compilation.Split)
        new RankingCompiler()
            .compile(graph, USERS, CompilerOptions.defaults().without("EMBEDDING_BAGS"));
  }

  private static Map<String, Runtime.Value> ids(OnnxGraph graph, int rows, long id) {
    Map<String, Runtime.Value> inputs = new HashMap<>();
    long[] column = new long[rows];
    Arrays.fill(column, id);
    graph
        .inputs()
        .forEach(
            input -> inputs.put(input.name(), Runtime.Value.of(new long[] {rows}, column.clone())));
    return inputs;
  }

  @ParameterizedTest
  @ValueSource(strings = {"t,h,t-h,t*h", "t*h,t-h,h,t", "h,t*h", "t,h", "h-t,t*h,t", "t*h"})
  void writesTargetAttentionAsOneProduct(String blocks) {
    TestGraph g = new TestGraph();
    attention(g, List.of(blocks.split(",")), "Relu");

    Compilation.Split split =
        compiled(g, ContextInputs.of("history"), "SPLIT_SUMS", "TARGET_ATTENTION");

    assertThat(count(split, "TARGET_ATTENTION")).isEqualTo(blocks.contains("*") ? 1 : 0);
    // One product with the candidate's vector, and the layer after it.
    long product = blocks.contains("*") ? 4 * 6 * 9 : 4 * 9;
    assertThat(split.report().after().multiplyAddsPerRow()).isEqualTo(product + 6 * 9);
  }

  @Test
  void leavesAttentionAloneWhereTheHistoryIsTheCandidates() {
    TestGraph g = new TestGraph();
    attention(g, List.of("t", "h", "t-h", "t*h"), "Relu");
    String user = g.op("Tanh", g.embed(g.ids("user", -1), IDS, 4));
    g.output(g.op("Add", user, g.embed(g.ids("other", -1), IDS, 4)), -1, 4);

    Compilation.Split split =
        compiled(g, ContextInputs.of("user"), "SPLIT_SUMS", "TARGET_ATTENTION");

    // Only the block that is the same at all positions is taken out.
    assertThat(split.report().after().multiplyAddsPerRow()).isGreaterThan(3 * 4 * 6 * 9);
  }

  @Test
  void poolsByAProduct() {
    TestGraph g = new TestGraph();
    attention(g, List.of("t", "t*h"), "Sigmoid");

    Compilation.Split split = compiled(g, ContextInputs.of("history"), "POOLING");

    assertThat(count(split, "POOLING")).isEqualTo(1);
    assertThat(operators(split.candidateHalf())).doesNotContain("ReduceSum");
  }

  @Test
  void foldsBatchNormalisationIntoTheLayerBefore() {
    TestGraph g = new TestGraph();
    String x = Networks.layer(g, g.embed(g.ids("item", -1), IDS, 5), 5, 6);
    String normal =
        g.op(
            "BatchNormalization",
            x,
            g.weights(1, 6),
            g.weights(1, 6),
            g.weights(1, 6),
            g.constant(new float[] {1, 2, 3, 1, 2, 3}, 6));
    String user = g.op("Tanh", g.embed(g.ids("user", -1), IDS, 6));
    g.output(g.op("Max", user, normal), -1, 6);

    Compilation.Split split = compiled(g, ContextInputs.of("user"), "FOLD_SCALES");

    assertThat(count(split, "FOLD_SCALES")).isEqualTo(1);
    assertThat(split.report().after().bytesPerRow())
        .isLessThan(split.report().before().bytesPerRow());
  }

  @ParameterizedTest
  @ValueSource(strings = {"dice", "running dice"})
  void writesGatesWithFewerPasses(String activation) {
    TestGraph plain = new TestGraph();
    attention(plain, List.of("t", "h", "t*h"), activation);
    TestGraph gated = new TestGraph();
    attention(gated, List.of("t", "h", "t*h"), activation);

    Compilation.Split before = compiled(plain, ContextInputs.of("history"));
    Compilation.Split after = compiled(gated, ContextInputs.of("history"), "GATES");

    assertThat(count(after, "GATES")).isPositive();
    assertThat(after.report().after().bytesPerRow())
        .isLessThan(before.report().after().bytesPerRow());
  }

  @Test
  void takesTheMeanOutInTheWeights() {
    TestGraph plain = new TestGraph();
    attention(plain, List.of("t", "h", "t-h", "t*h"), "dice");
    TestGraph centred = new TestGraph();
    attention(centred, List.of("t", "h", "t-h", "t*h"), "dice");

    Compilation.Split before = compiled(plain, ContextInputs.of("history"), "GATES");
    Compilation.Split after = compiled(centred, ContextInputs.of("history"), "GATES", "CENTRE");

    assertThat(count(after, "CENTRE")).isEqualTo(1);
    assertThat(after.report().after().bytesPerRow())
        .isLessThan(before.report().after().bytesPerRow());
  }

  /** DeepCTR-Torch puts the units before the positions for its batch normalisation, and back. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void leavesOutTransposingToAndFro(boolean usedElsewhere) {
    TestGraph g = new TestGraph();
    var turn = TestGraph.attribute("perm", 0, 2, 1);
    String item = g.op("Tanh", g.embed(g.ids("item", -1, 3), IDS, 4));
    String x = g.op("Transpose", turn, item);
    String scaled = g.op("Add", g.op("Mul", x, g.weights(1, 4, 1)), g.weights(1, 4, 1));
    String back = g.op("Transpose", turn, g.op("Mul", g.op("Sigmoid", scaled), x));
    String user = g.op("Tanh", g.embed(g.ids("user", -1), IDS, 4));
    String result = g.op("Mul", back, g.op("Unsqueeze", user, g.longs(1)));
    g.output(result, -1, 3, 4);
    if (usedElsewhere) {
      g.output(g.op("Abs", scaled), -1, 4, 3);
    }

    Compilation.Split split = compiled(g, ContextInputs.of("user"));

    // Where a step is needed as it is, nothing is computed in both orders.
    assertThat(operators(split.candidateHalf()))
        .filteredOn("Transpose"::equals)
        .hasSize(usedElsewhere ? 2 : 0);
    assertThat(operators(split.candidateHalf())).filteredOn("Sigmoid"::equals).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"dice, true", "running dice, true", "prelu, true", "Relu, false", "Sigmoid, false"})
  void keepsRowsLastWhereThatMakesLongRuns(String activation, boolean expected) {
    TestGraph g = new TestGraph();
    attention(g, List.of("t", "h", "t-h", "t*h"), activation);

    Compilation.Split split =
        Runtime.assertSame(
            g.build(),
            ContextInputs.of("history"),
            CompilerOptions.defaults(),
            Runtime.Inputs.ids(IDS),
            CLOSE);

    boolean rowsLast =
        split.candidateHalf().graph().getNodeList().stream()
            .anyMatch(
                n ->
                    n.getOpType().equals("Gemm")
                        && n.getAttributeCount() > 0
                        && n.getAttribute(0).getName().equals("transB"));
    assertThat(rowsLast).isEqualTo(expected);
  }
}
