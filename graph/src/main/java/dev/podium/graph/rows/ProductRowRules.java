package dev.podium.graph.rows;

import dev.podium.graph.rows.RowRule.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Matrix products, and what is made of them. */
final class ProductRowRules {
  private ProductRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    rules.put("MatMul", call -> List.of(Traced.of(product(call.in(0).rows(), call.in(1).rows()))));
    rules.put("Gemm", ProductRowRules::gemm);
    rules.put("Einsum", ProductRowRules::einsum);
    rules.put("Attention", ProductRowRules::attention);
    rules.put("MatMulInteger", ProductRowRules::integers);
    rules.put("QLinearMatMul", ProductRowRules::quantized);
    rules.put(RowRules.MICROSOFT + "FusedMatMul", ProductRowRules::fused);
    rules.put(RowRules.MICROSOFT + "FusedGemm", ProductRowRules::gemm);
    rules.put(RowRules.MICROSOFT + "MatMulIntegerToFloat", ProductRowRules::integersToFloat);
    rules.put(RowRules.MICROSOFT + "DynamicQuantizeMatMul", ProductRowRules::dynamic);
    rules.put(RowRules.MICROSOFT + "MultiHeadAttention", ProductRowRules::manyHeads);
    return rules;
  }

  /** As numpy multiplies; vectors count as matrices of one row or column. */
  static Dependence product(Dependence a, Dependence b) {
    boolean left = a.rank() == 1;
    boolean right = b.rank() == 1;
    Dependence x = left ? a.withOnes(new int[] {1, a.shape()[0]}) : a;
    Dependence y = right ? b.withOnes(new int[] {b.shape()[0], 1}) : b;
    int inner = x.shape()[x.rank() - 1];
    if (inner != y.shape()[y.rank() - 2]) {
      throw Untraceable.shapes("product", a.shape(), b.shape());
    }
    Dependence rows = summed(x, x.rank() - 1);
    Dependence columns = summed(y, y.rank() - 2);
    Dependence result = Dependence.union(List.of(rows, columns));
    if (!left && !right) {
      return result;
    }
    int rank = result.rank();
    List<Integer> shape = new ArrayList<>();
    for (int axis = 0; axis < rank; axis++) {
      boolean gone = left && axis == rank - 2 || right && axis == rank - 1;
      if (!gone) {
        shape.add(result.shape()[axis]);
      }
    }
    return result.withOnes(shape.stream().mapToInt(Integer::intValue).toArray());
  }

  private static Dependence summed(Dependence tensor, int axis) {
    int[] shape = tensor.shape().clone();
    shape[axis] = 1;
    return new Dependence(shape, tensor.along(axis).sets());
  }

  private static Dependence turned(Dependence matrix, boolean turn) {
    if (!turn) {
      return matrix;
    }
    int[] order = new int[matrix.rank()];
    Arrays.setAll(order, i -> i);
    order[order.length - 1] = order.length - 2;
    order[order.length - 2] = order.length - 1;
    return matrix.transpose(order);
  }

  private static List<Traced> gemm(Call call) {
    Dependence a = turned(call.in(0).rows(), call.integer("transA", 0) != 0);
    Dependence b = turned(call.in(1).rows(), call.integer("transB", 0) != 0);
    Dependence product = product(a, b);
    return List.of(
        Traced.of(
            call.has(2)
                ? Dependence.union(List.of(product, call.in(2).rows().broadcast(product.shape())))
                : product));
  }

  private static List<Traced> fused(Call call) {
    if (call.integer("transBatchA", 0) != 0 || call.integer("transBatchB", 0) != 0) {
      throw new Untraceable("it transposes batches");
    }
    Dependence a = turned(call.in(0).rows(), call.integer("transA", 0) != 0);
    Dependence b = turned(call.in(1).rows(), call.integer("transB", 0) != 0);
    return List.of(Traced.of(product(a, b)));
  }

  /** Scales and zero points are taken to be read everywhere. */
  private static Traced scaled(Call call, Dependence product, int... scales) {
    int set = 0;
    for (int scale : scales) {
      set |= call.has(scale) ? call.in(scale).all() : 0;
    }
    return Traced.of(product).with(set);
  }

  private static List<Traced> integers(Call call) {
    return List.of(scaled(call, product(call.in(0).rows(), call.in(1).rows()), 2, 3));
  }

  private static List<Traced> integersToFloat(Call call) {
    return List.of(scaled(call, product(call.in(0).rows(), call.in(1).rows()), 2, 3, 4, 5, 6));
  }

  private static List<Traced> quantized(Call call) {
    return List.of(scaled(call, product(call.in(0).rows(), call.in(3).rows()), 1, 2, 4, 5, 6, 7));
  }

  /** The scale is that of the whole first matrix. */
  private static List<Traced> dynamic(Call call) {
    return List.of(scaled(call, product(call.in(0).rows(), call.in(1).rows()), 0, 2, 3, 4));
  }

  private static List<Traced> einsum(Call call) {
    String equation = call.text("equation", "").replace(" ", "");
    if (equation.contains("...")) {
      throw new Untraceable("its equation has an ellipsis");
    }
    int arrow = equation.indexOf("->");
    String[] terms = (arrow < 0 ? equation : equation.substring(0, arrow)).split(",", -1);
    String result = arrow < 0 ? implicit(String.join("", terms)) : equation.substring(arrow + 2);
    int[] shape = new int[result.length()];
    Arrays.fill(shape, 1);
    List<Dependence> parts = new ArrayList<>();
    for (int i = 0; i < terms.length; i++) {
      Dependence operand = call.in(i).rows();
      String term = terms[i];
      if (term.length() != operand.rank() || term.chars().distinct().count() != term.length()) {
        throw new Untraceable("its equation '" + equation + "' takes a diagonal or other ranks");
      }
      boolean[] summed = new boolean[term.length()];
      for (int axis = 0; axis < summed.length; axis++) {
        summed[axis] = result.indexOf(term.charAt(axis)) < 0;
      }
      Dependence along = operand.along(summed);
      int[] aligned = new int[result.length()];
      int[] stored = new int[result.length()];
      Arrays.fill(aligned, 1);
      Arrays.fill(stored, 1);
      List<Integer> order = new ArrayList<>();
      for (int axis = 0; axis < summed.length; axis++) {
        if (summed[axis]) {
          order.add(axis);
        }
      }
      for (int target = 0; target < result.length(); target++) {
        int axis = term.indexOf(result.charAt(target));
        if (axis >= 0) {
          order.add(axis);
          aligned[target] = operand.shape()[axis];
          stored[target] = along.sets().shape()[axis];
          shape[target] = Math.max(shape[target], aligned[target]);
        }
      }
      Grid sets = along.sets().transpose(order.stream().mapToInt(Integer::intValue).toArray());
      parts.add(new Dependence(aligned, sets.reshape(stored)));
    }
    return List.of(Traced.of(Dependence.union(parts).broadcast(shape)));
  }

  /** Letters that appear once, in the alphabet's order. */
  private static String implicit(String letters) {
    StringBuilder result = new StringBuilder();
    letters
        .chars()
        .distinct()
        .sorted()
        .filter(letter -> letters.indexOf(letter) == letters.lastIndexOf(letter))
        .forEach(letter -> result.append((char) letter));
    return result.toString();
  }

  /** Rows stand first in queries, keys and values alike; masks are broadcast to them. */
  private static List<Traced> attention(Call call) {
    Traced query = call.in(0);
    Traced value = call.in(2);
    int[] shape = query.shape().clone();
    if (shape.length == 4) {
      shape[3] = value.shape()[3];
    } else {
      long heads = call.integer("q_num_heads", 1);
      long others = call.integer("kv_num_heads", heads);
      shape[2] = Math.toIntExact(value.shape()[2] / others * heads);
    }
    List<Dependence> parts = new ArrayList<>();
    parts.add(lead(query.rows(), shape));
    parts.add(lead(call.in(1).rows(), shape));
    parts.add(lead(value.rows(), shape));
    int set = 0;
    if (call.has(3)) {
      Traced mask = call.in(3);
      boolean byRow = mask.rank() == 4 && mask.shape()[0] == shape[0];
      if (byRow) {
        parts.add(lead(mask.rows(), shape));
      } else {
        set = mask.all();
      }
    }
    for (int i = 4; i < call.inputs().size(); i++) {
      set |= call.has(i) ? call.in(i).all() : 0;
    }
    return List.of(Traced.of(Dependence.union(parts)).with(set));
  }

  private static Dependence lead(Dependence tensor, int[] shape) {
    int[] ones = new int[shape.length];
    Arrays.fill(ones, 1);
    ones[0] = tensor.shape()[0];
    int[] stored = new int[shape.length];
    Arrays.fill(stored, 1);
    Dependence rows = tensor.alongAllBut(0);
    stored[0] = rows.sets().shape()[0];
    return new Dependence(ones, rows.sets().reshape(stored)).broadcast(shape);
  }

  private static List<Traced> manyHeads(Call call) {
    if (!call.has(1) || !call.has(2) || call.in(0).rank() != 3 || call.in(2).rank() != 3) {
      throw new Untraceable("packed queries, keys and values are not followed");
    }
    int[] shape = call.in(0).shape().clone();
    shape[2] = call.in(2).shape()[2];
    List<Dependence> parts = new ArrayList<>();
    int set = 0;
    for (int i = 0; i < call.inputs().size(); i++) {
      if (call.has(i) && i < 3) {
        parts.add(lead(call.in(i).rows(), shape));
      } else if (call.has(i)) {
        Traced other = call.in(i);
        boolean byRow = other.rank() > 1 && other.shape()[0] == shape[0];
        if (byRow) {
          parts.add(lead(other.rows(), shape));
        } else {
          set |= other.all();
        }
      }
    }
    return List.of(Traced.of(Dependence.union(parts)).with(set));
  }
}
