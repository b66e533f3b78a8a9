package dev.podium.graph.rows;

import dev.podium.graph.rows.RowRule.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Convolutions, pooling and recurrent layers: their batch axis keeps rows apart. */
final class WindowRowRules {
  private WindowRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    rules.put("Conv", WindowRowRules::conv);
    rules.put("AveragePool", WindowRowRules::pool);
    rules.put("MaxPool", WindowRowRules::pool);
    rules.put("LpPool", WindowRowRules::pool);
    for (String type : new String[] {"GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"}) {
      rules.put(type, WindowRowRules::global);
    }
    rules.put("GRU", call -> recurrent(call, 1, 4, 5));
    rules.put("RNN", call -> recurrent(call, 1, 4, 5));
    rules.put("LSTM", call -> recurrent(call, 2, 4, 5, 6));
    return rules;
  }

  private static List<Traced> conv(Call call) {
    int[] input = call.in(0).shape();
    int[] weights = call.in(1).shape();
    long[] kernel = call.integers("kernel_shape");
    if (kernel == null) {
      kernel = Arrays.stream(weights).skip(2).asLongStream().toArray();
    }
    int[] shape = windows(call, input, kernel);
    shape[1] = weights[0];
    return List.of(ReductionRowRules.byRow(call, shape));
  }

  private static List<Traced> pool(Call call) {
    int[] shape = windows(call, call.in(0).shape(), call.integers("kernel_shape"));
    Traced pooled = ReductionRowRules.byRow(call, shape);
    return List.of(pooled, pooled);
  }

  private static int[] windows(Call call, int[] input, long[] kernel) {
    int axes = input.length - 2;
    long[] strides = orOnes(call.integers("strides"), axes);
    long[] dilations = orOnes(call.integers("dilations"), axes);
    long[] pads = call.integers("pads");
    String auto = call.text("auto_pad", "NOTSET");
    boolean ceil = call.integer("ceil_mode", 0) != 0;
    int[] shape = input.clone();
    for (int i = 0; i < axes; i++) {
      long length = input[i + 2];
      long window = (kernel[i] - 1) * dilations[i] + 1;
      long padded = length + (pads == null ? 0 : pads[i] + pads[i + axes]);
      long step = strides[i];
      long count =
          switch (auto) {
            case "SAME_UPPER", "SAME_LOWER" -> (length + step - 1) / step;
            case "VALID" -> (length - window) / step + 1;
            default -> (padded - window + (ceil ? step - 1 : 0)) / step + 1;
          };
      shape[i + 2] = Math.toIntExact(count);
    }
    return shape;
  }

  private static long[] orOnes(long[] given, int count) {
    if (given != null) {
      return given;
    }
    long[] ones = new long[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static List<Traced> global(Call call) {
    int[] shape = call.in(0).shape().clone();
    Arrays.fill(shape, 2, shape.length, 1);
    return List.of(ReductionRowRules.byRow(call, shape));
  }

  /**
   * @param states number of states besides the outputs of all steps
   * @param byRow inputs with a row axis besides the sequence: lengths (of rank 1) and first states
   */
  private static List<Traced> recurrent(Call call, int states, int... byRow) {
    Traced sequence = call.in(0);
    boolean rowsFirst = call.integer("layout", 0) != 0;
    int batch = rowsFirst ? 0 : 1;
    int rows = sequence.shape()[batch];
    int steps = sequence.shape()[1 - batch];
    int directions = call.in(1).shape()[0];
    int hidden = call.in(2).shape()[2];
    List<Dependence> sets = new ArrayList<>();
    sets.add(line(sequence.rows(), batch));
    int everywhere = 0;
    for (int i = 1; i < call.inputs().size(); i++) {
      int input = i;
      if (!call.has(i)) {
        continue;
      }
      if (Arrays.stream(byRow).anyMatch(named -> named == input)) {
        Dependence other = call.in(i).rows();
        sets.add(line(other, other.rank() == 1 || rowsFirst ? 0 : 1));
      } else {
        everywhere |= call.in(i).all();
      }
    }
    Dependence each = Dependence.union(sets).with(everywhere);
    List<Traced> results = new ArrayList<>();
    results.add(
        Traced.of(
            rowsFirst
                ? at(each, 0, rows, steps, directions, hidden)
                : at(each, 2, steps, directions, rows, hidden)));
    for (int state = 0; state < states; state++) {
      results.add(
          Traced.of(
              rowsFirst
                  ? at(each, 0, rows, directions, hidden)
                  : at(each, 1, directions, rows, hidden)));
    }
    return results;
  }

  /** The sets along one axis, of all that the others hold. */
  private static Dependence line(Dependence tensor, int axis) {
    Dependence along = tensor.alongAllBut(axis);
    int[] shape = {tensor.shape()[axis]};
    return new Dependence(shape, along.sets().reshape(new int[] {along.sets().shape()[axis]}));
  }

  private static Dependence at(Dependence line, int axis, int... shape) {
    int[] ones = new int[shape.length];
    Arrays.fill(ones, 1);
    ones[axis] = line.shape()[0];
    int[] stored = new int[shape.length];
    Arrays.fill(stored, 1);
    stored[axis] = line.sets().shape()[0];
    return new Dependence(ones, line.sets().reshape(stored)).broadcast(shape);
  }
}
