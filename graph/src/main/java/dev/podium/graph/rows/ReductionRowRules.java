package dev.podium.graph.rows;

import dev.podium.graph.rows.RowRule.Call;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Operators whose results depend on all elements along some axes. */
final class ReductionRowRules {
  private static final String[] REDUCTIONS = {
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
  };

  private ReductionRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    for (String type : REDUCTIONS) {
      rules.put(type, ReductionRowRules::reduce);
    }
    rules.put("ArgMax", ReductionRowRules::argument);
    rules.put("ArgMin", ReductionRowRules::argument);
    for (String type : new String[] {"Softmax", "LogSoftmax", "Hardmax"}) {
      rules.put(type, ReductionRowRules::softmax);
    }
    rules.put("LayerNormalization", ReductionRowRules::layerNormalization);
    rules.put("RMSNormalization", ReductionRowRules::layerNormalization);
    rules.put("SimplifiedLayerNormalization", ReductionRowRules::layerNormalization);
    rules.put(RowRules.MICROSOFT + "SkipLayerNormalization", ReductionRowRules::skipNormalization);
    rules.put(
        RowRules.MICROSOFT + "SkipSimplifiedLayerNormalization",
        ReductionRowRules::skipNormalization);
    rules.put("LpNormalization", call -> along(call, call.integer("axis", -1)));
    rules.put("CumSum", ReductionRowRules::cumulated);
    rules.put("TopK", ReductionRowRules::topK);
    rules.put("BatchNormalization", ReductionRowRules::batchNormalization);
    for (String type : new String[] {"InstanceNormalization", "GroupNormalization"}) {
      rules.put(type, call -> List.of(byRow(call, call.in(0).shape())));
    }
    rules.put("MeanVarianceNormalization", ReductionRowRules::meanVariance);
    rules.put("DynamicQuantizeLinear", ReductionRowRules::dynamicQuantize);
    return rules;
  }

  /** A result of this shape whose rows depend on all of the same rows of all inputs. */
  static Traced byRow(Call call, int[] shape) {
    Traced first = call.in(0);
    Dependence rows = first.rows().alongAllBut(0);
    int set = 0;
    for (Traced other : call.present()) {
      set |= other == first ? 0 : other.all();
    }
    int[] ones = new int[shape.length];
    Arrays.fill(ones, 1);
    ones[0] = first.shape()[0];
    Dependence lead = new Dependence(ones, rows.sets().reshape(lead(rows, shape.length)));
    return Traced.of(lead.broadcast(shape)).with(set);
  }

  private static int[] lead(Dependence rows, int rank) {
    int[] stored = new int[rank];
    Arrays.fill(stored, 1);
    stored[0] = rows.sets().shape()[0];
    return stored;
  }

  private static List<Traced> reduce(Call call) {
    Traced data = call.in(0);
    long[] axes = call.integers("axes", 1);
    boolean nothing =
        (axes == null || axes.length == 0) && call.integer("noop_with_empty_axes", 0) != 0;
    if (nothing) {
      return List.of(data);
    }
    int[] named =
        axes == null || axes.length == 0
            ? IntStream.range(0, data.rank()).toArray()
            : Arrays.stream(axes).mapToInt(data::axis).toArray();
    Dependence rows = reduced(data.rows(), named, call.integer("keepdims", 1) != 0);
    double[] values = data.values();
    boolean all = named.length == data.rank();
    if (all
        && values != null
        && values.length > 0
        && Arrays.stream(values).noneMatch(Double::isNaN)) {
      double[] value =
          switch (call.node().getOpType()) {
            case "ReduceProd" -> new double[] {Arrays.stream(values).reduce(1, (a, b) -> a * b)};
            case "ReduceSum" -> new double[] {Arrays.stream(values).sum()};
            case "ReduceMax" -> new double[] {Arrays.stream(values).max().getAsDouble()};
            case "ReduceMin" -> new double[] {Arrays.stream(values).min().getAsDouble()};
            default -> null;
          };
      return List.of(Traced.of(rows, value));
    }
    return List.of(Traced.of(rows));
  }

  private static Dependence reduced(Dependence data, int[] axes, boolean keep) {
    boolean[] gone = new boolean[data.rank()];
    int[] kept = data.shape().clone();
    for (int axis : axes) {
      gone[axis] = true;
      kept[axis] = 1;
    }
    Dependence along = new Dependence(kept, data.along(gone).sets());
    if (keep) {
      return along;
    }
    return along.withOnes(
        IntStream.range(0, gone.length).filter(i -> !gone[i]).map(i -> kept[i]).toArray());
  }

  private static List<Traced> argument(Call call) {
    Traced data = call.in(0);
    int axis = data.axis(call.integer("axis", 0));
    return List.of(
        Traced.of(reduced(data.rows(), new int[] {axis}, call.integer("keepdims", 1) != 0)));
  }

  private static List<Traced> along(Call call, long axis) {
    Traced data = call.in(0);
    return List.of(Traced.of(data.rows().along(data.axis(axis))));
  }

  private static Dependence from(Traced data, long axis) {
    return data.rows().along(IntStream.range(data.axis(axis), data.rank()).toArray());
  }

  /** Before operator set 13 the axes from the named one on were taken together. */
  private static List<Traced> softmax(Call call) {
    if (call.opset() >= 13) {
      return along(call, call.integer("axis", -1));
    }
    return List.of(Traced.of(from(call.in(0), call.integer("axis", 1))));
  }

  private static List<Traced> layerNormalization(Call call) {
    Dependence rows = from(call.in(0), call.integer("axis", -1));
    return List.of(Traced.of(rows).with(scales(call, 1)));
  }

  private static int scales(Call call, int first) {
    int set = 0;
    for (int i = first; i < call.inputs().size(); i++) {
      set |= call.has(i) ? call.in(i).all() : 0;
    }
    return set;
  }

  private static List<Traced> skipNormalization(Call call) {
    Dependence sum = Dependence.union(List.of(call.in(0).rows(), call.in(1).rows()));
    Traced added = Traced.of(sum).with(scales(call, 2));
    Traced normal = Traced.of(from(added, -1));
    return Arrays.asList(normal, null, null, added);
  }

  private static List<Traced> cumulated(Call call) {
    return along(call, call.in(1).wholeNumbers("the axis")[0]);
  }

  private static List<Traced> topK(Call call) {
    Traced data = call.in(0);
    int axis = data.axis(call.integer("axis", -1));
    long k = call.has(1) ? call.in(1).wholeNumbers("k")[0] : call.integer("k", 1);
    Traced chosen = Traced.of(data.rows().along(axis).take(axis, new int[Math.toIntExact(k)], 0));
    return List.of(chosen, chosen);
  }

  private static List<Traced> batchNormalization(Call call) {
    if (call.integer("training_mode", 0) != 0) {
      throw new Untraceable("it normalises over the rows of a request (training mode)");
    }
    return List.of(Traced.of(call.in(0).rows()).with(scales(call, 1)));
  }

  private static List<Traced> meanVariance(Call call) {
    long[] axes = call.integers("axes");
    long[] named = axes == null ? new long[] {0, 2, 3} : axes;
    Traced data = call.in(0);
    return List.of(
        Traced.of(data.rows().along(Arrays.stream(named).mapToInt(data::axis).toArray())));
  }

  /** The scale is that of all elements, so each result depends on all of them. */
  private static List<Traced> dynamicQuantize(Call call) {
    int all = call.in(0).all();
    Traced scalar = Traced.of(Dependence.same(new int[0], all));
    return List.of(Traced.of(call.in(0).rows()).with(all), scalar, scalar);
  }
}
