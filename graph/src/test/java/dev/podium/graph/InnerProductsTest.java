package dev.podium.graph;

import static dev.podium.graph.Compiled.IDS;
import static dev.podium.graph.Compiled.compiled;
import static dev.podium.graph.Compiled.count;
import static dev.podium.graph.Compiled.operators;
import static org.assertj.core.api.Assertions.assertThat;

import dev.podium.graph.onnx.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The products of pairs of fields, as different exporters write them. */
class InnerProductsTest {
  private static final int WIDTH = 4;
  private static final int UNITS = 3;
  private static final ContextInputs USERS = ContextInputs.of("user0", "user2", "user3");

  /** Three fields of the user and two of the item, in turns. */
  private static List<String> fields(TestGraph g) {
    List<String> fields = new ArrayList<>();
    for (String name : List.of("user0", "item1", "user2", "user3", "item4")) {
      fields.add(g.op("Unsqueeze", g.embed(g.ids(name, -1), IDS, WIDTH), g.longs(1)));
    }
    return fields;
  }

  private static String joined(TestGraph g, List<String> parts) {
    return g.op("Concat", TestGraph.attribute("axis", 1), parts.toArray(new String[0]));
  }

  /** All products of two different fields, [rows, 10]. */
  private static String products(TestGraph g, List<String> fields, String form) {
    String stacked = joined(g, fields);
    List<String> first = new ArrayList<>();
    List<String> second = new ArrayList<>();
    long[] rows = new long[10];
    long[] columns = new long[10];
    long[] entries = new long[10];
    for (int i = 0; i < 5; i++) {
      for (int j = i + 1; j < 5; j++) {
        rows[first.size()] = i;
        columns[first.size()] = j - 5; // from the end
        entries[first.size()] = i * 5L + j;
        first.add(fields.get(i));
        second.add(fields.get(j));
      }
    }
    if (form.equals("all with all")) {
      String turned = g.op("Transpose", TestGraph.attribute("perm", 0, 2, 1), stacked);
      String gram = g.op("Reshape", g.op("MatMul", stacked, turned), g.longs(-1, 25));
      return g.op("Gather", TestGraph.attribute("axis", 1), gram, g.longs(entries));
    }
    boolean picked = form.equals("picked");
    var axis = TestGraph.attribute("axis", 1);
    String left = picked ? g.op("Gather", axis, stacked, g.longs(rows)) : joined(g, first);
    String right = picked ? g.op("Gather", axis, stacked, g.longs(columns)) : joined(g, second);
    return g.op(
        "ReduceSum", TestGraph.attribute("keepdims", 0L), g.op("Mul", left, right), g.longs(2));
  }

  @ParameterizedTest
  @ValueSource(strings = {"picked", "joined", "all with all"})
  void splitsByTheSidesOfThePairs(String form) {
    TestGraph g = new TestGraph();
    List<String> fields = fields(g);
    String products = products(g, fields, form);
    String vectors = g.op("Reshape", joined(g, fields), g.longs(-1, 5 * WIDTH));
    String all = g.op("Concat", TestGraph.attribute("axis", 1), vectors, products);
    g.output(Networks.layer(g, all, 5 * WIDTH + 10, UNITS), -1, UNITS);

    Compilation.Split split = compiled(g, USERS, "INNER_PRODUCTS", "SPLIT_SUMS");

    assertThat(count(split, "INNER_PRODUCTS")).isGreaterThanOrEqualTo(1);
    // The item's two fields by the user's three, and a layer over the item's fields and the seven
    // products that they are in.
    assertThat(split.report().after().multiplyAddsPerRow())
        .isEqualTo(2 * 3 * WIDTH + (2 * WIDTH + 7) * UNITS);
    assertThat(split.boundary())
        .extracting(TensorInfo::shape)
        .containsExactlyInAnyOrder(List.of((long) WIDTH, 3L), List.of((long) UNITS));
    assertThat(operators(split.candidateHalf())).filteredOn("Mul"::equals).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"picked", "joined", "all with all"})
  void keepsTheOrderOfThePairs(String form) {
    TestGraph g = new TestGraph();
    g.output(g.op("Tanh", products(g, fields(g), form)), -1, 10);

    Compilation.Split split = compiled(g, USERS, "INNER_PRODUCTS");

    assertThat(count(split, "INNER_PRODUCTS")).isEqualTo(1);
  }

  /** Position by position: a matrix of all pairs would be six times as many. */
  @Test
  void leavesPairsThatAreFewOfAll() {
    TestGraph g = new TestGraph();
    String[] sides = new String[2];
    for (int side = 0; side < 2; side++) {
      List<String> fields = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        String ids = g.ids((side == 0 ? "user" : "item") + i, -1);
        fields.add(g.op("Unsqueeze", g.embed(ids, IDS, WIDTH), g.longs(1)));
      }
      sides[side] = joined(g, fields);
    }
    var keep = TestGraph.attribute("keepdims", 0L);
    String product = g.op("Mul", sides[0], sides[1]);
    g.output(g.op("ReduceSum", keep, product, g.longs(2)), -1, 6);

    ContextInputs users = ContextInputs.of("user0", "user1", "user2", "user3", "user4", "user5");
    Compilation.Split split = compiled(g, users, "INNER_PRODUCTS");

    assertThat(count(split, "INNER_PRODUCTS")).isZero();
  }

  @Test
  void leavesTheProductsOfAnItemWithItself() {
    TestGraph g = new TestGraph();
    List<String> fields = fields(g);
    String item = joined(g, List.of(fields.get(1), fields.get(4)));
    String user = g.op("Tanh", g.op("Squeeze", fields.get(0), g.longs(1)));
    String squares =
        g.op("ReduceSum", TestGraph.attribute("keepdims", 1L), g.op("Mul", item, item), g.longs(2));
    g.output(g.op("Mul", g.op("Unsqueeze", user, g.longs(1)), squares), -1, 2, WIDTH);

    Compilation.Split split = compiled(g, ContextInputs.of("user0"), "INNER_PRODUCTS");

    assertThat(count(split, "INNER_PRODUCTS")).isZero();
  }
}
