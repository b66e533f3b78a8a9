package dev.podium.graph.ir;

import java.util.LinkedHashMap;
import java.util.Map;

/** One function for each kind of operator, as text; its value is %x. */
public final class Examples {
  private static final String SOURCES =
      """
      %user = context "user" float32[4]
      %item = candidate "item" float32[4]
      %id = candidate "id" int64[]
      %mine = context "mine" int64[]
      %w = weight "w" float32[4, 3]
      """;

  private static final Map<Class<? extends Op>, String> BY_KIND = new LinkedHashMap<>();

  static {
    on(Op.Input.class, "%x = candidate \"other\" float32[2, 3]");
    on(Op.Initialiser.class, "%x = weight \"v\" float32[2] {1.5, -0.1}");
    on(Op.Literal.class, "%x = literal int64[3] {1, -2, 9007199254740993}");
    on(Op.Elementwise.class, "%x = LeakyRelu alpha=0.2f %item");
    on(Op.MatMul.class, "%x = MatMul %item %w");
    on(Op.Reduce.class, "%x = ReduceSum axes=[0] %item");
    on(Op.Softmax.class, "%x = LogSoftmax axis=0 %item");
    on(Op.LayerNorm.class, "%x = LayerNorm axis=0 epsilon=1.0E-5 %item %user");
    on(Op.Concat.class, "%x = Concat axis=0 %item %user");
    on(Op.Slice.class, "%x = Slice axis=0 from=1 to=4 step=2 %item");
    on(Op.Gather.class, "%x = Gather axis=0 %w %id");
    on(Op.TableRows.class, "%x = TableRows starts=[0, 5] sizes=[5, 7] %id %mine");
    on(
        Op.SumOfEntries.class,
        "%x = SumOfEntries sources=[candidate \"id\" 0 5, context \"mine\" 0 0] %id %mine %w %w");
    on(
        Op.GatherElements.class,
        "%places = candidate \"places\" int64[2]\n%x = GatherElements axis=0 %item %places");
    on(Op.Reshape.class, "%x = Reshape shape=[2, 2] %item");
    on(
        Op.Transpose.class,
        "%m = candidate \"m\" float32[2, 3]\n%x = Transpose permutation=[1, 0] %m");
    on(Op.Expand.class, "%m = candidate \"m\" float32[1, 3]\n%x = Expand shape=[2, 3] %m");
    on(Op.Exported.class, "%x = Exported name=\"t\" layout=0flat %item");
    on(Op.RowCounts.class, "%x = RowCounts name=\"n\" numbers=int64[N, 2N+-3, 7]");
    on(
        Op.Opaque.class,
        "%left = Exported name=\"t\" layout=0 %item\n"
            + "%x = Opaque node=\"input: \\\"t\\\" output: \\\"y\\\" op_type: \\\"Det\\\"\""
            + " output=0 %left");
  }

  private Examples() {}

  private static void on(Class<? extends Op> kind, String lines) {
    BY_KIND.put(kind, SOURCES + lines + "\nresult \"y\" rows=0 %x\n");
  }

  /** The text for a kind of operator. */
  public static String of(Class<?> kind) {
    String text = BY_KIND.get(kind);
    if (text == null) {
      throw new AssertionError(
          "operator " + kind.getSimpleName() + ": no example (expected: one here for each)");
    }
    return text;
  }
}
