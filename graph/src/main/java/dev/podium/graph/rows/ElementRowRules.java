package dev.podium.graph.rows;

import dev.podium.graph.rows.RowRule.Call;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;

/** Operators that work on each element by itself, with broadcasting. */
final class ElementRowRules {
  /** Functions of one or more elements whose values no shape depends on. */
  private static final String[] PLAIN = {
    "Acos",
    "Acosh",
    "Asin",
    "Asinh",
    "Atan",
    "Atanh",
    "Celu",
    "Clip",
    "Cos",
    "Cosh",
    "Elu",
    "Erf",
    "Exp",
    "Gelu",
    "HardSigmoid",
    "HardSwish",
    "IsInf",
    "IsNaN",
    "LeakyRelu",
    "Log",
    "Mish",
    "PRelu",
    "Reciprocal",
    "Relu",
    "Round",
    "Selu",
    "Shrink",
    "Sigmoid",
    "Sign",
    "Sin",
    "Sinh",
    "Softplus",
    "Softsign",
    "Swish",
    "Tan",
    "Tanh",
    "ThresholdedRelu",
    "BitShift",
    "BitwiseAnd",
    "BitwiseNot",
    "BitwiseOr",
    "BitwiseXor",
    "Mean",
    "Sum",
    "StringConcat",
    "RegexFullMatch",
    "CastLike",
    "com.microsoft:BiasGelu",
    "com.microsoft:FastGelu",
    "com.microsoft:Gelu",
    "com.microsoft:QuickGelu",
    "com.microsoft:MurmurHash3",
    "com.microsoft:BiasAdd",
    "com.microsoft:QLinearAdd",
    "com.microsoft:QLinearMul",
    "com.microsoft:QLinearSigmoid",
    "com.microsoft:QLinearLeakyRelu",
    "ai.onnx.ml:Binarizer",
    "ai.onnx.ml:CategoryMapper",
    "ai.onnx.ml:LabelEncoder",
  };

  private ElementRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    for (String type : PLAIN) {
      rules.put(type, call -> List.of(Traced.of(union(call))));
    }
    rules.put("Add", pairs((a, b) -> a + b));
    rules.put("Sub", pairs((a, b) -> a - b));
    rules.put("Mul", pairs((a, b) -> a * b));
    rules.put("Div", pairs(ElementRowRules::divide));
    rules.put("Mod", pairs(ElementRowRules::modulo));
    rules.put("Pow", pairs(Math::pow));
    rules.put("Min", pairs(Math::min));
    rules.put("Max", pairs(Math::max));
    rules.put("Equal", pairs((a, b) -> truth(a == b, a, b)));
    rules.put("Less", pairs((a, b) -> truth(a < b, a, b)));
    rules.put("LessOrEqual", pairs((a, b) -> truth(a <= b, a, b)));
    rules.put("Greater", pairs((a, b) -> truth(a > b, a, b)));
    rules.put("GreaterOrEqual", pairs((a, b) -> truth(a >= b, a, b)));
    rules.put("And", pairs((a, b) -> truth(a != 0 && b != 0, a, b)));
    rules.put("Or", pairs((a, b) -> truth(a != 0 || b != 0, a, b)));
    rules.put("Xor", pairs((a, b) -> truth(a != 0 ^ b != 0, a, b)));
    rules.put("Abs", each(Math::abs));
    rules.put("Ceil", each(Math::ceil));
    rules.put("Floor", each(Math::floor));
    rules.put("Neg", each(a -> -a));
    rules.put("Not", each(a -> a == 0 ? 1 : 0));
    rules.put("Sqrt", each(Math::sqrt));
    rules.put("Cast", ElementRowRules::cast);
    rules.put("Identity", call -> List.of(call.in(0)));
    rules.put("Dropout", call -> List.of(call.in(0), Traced.of(call.in(0).rows())));
    rules.put("Where", ElementRowRules::where);
    rules.put("QuantizeLinear", ElementRowRules::quantize);
    rules.put("DequantizeLinear", ElementRowRules::quantize);
    return rules;
  }

  private static Dependence union(Call call) {
    return Dependence.union(call.present().stream().map(Traced::rows).toList());
  }

  private static double truth(boolean value, double a, double b) {
    return Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : value ? 1 : 0;
  }

  /** Whole numbers are cut off and others are not: an inexact quotient of the two is not known. */
  private static double divide(double a, double b) {
    double quotient = a / b;
    return quotient == Math.rint(quotient) ? quotient : Double.NaN;
  }

  private static double modulo(double a, double b) {
    return a < 0 || b <= 0 ? Double.NaN : a % b;
  }

  private static RowRule each(DoubleUnaryOperator function) {
    return call -> {
      double[] values = call.in(0).values();
      double[] results =
          values == null
              ? null
              : Arrays.stream(values)
                  .map(v -> Double.isNaN(v) ? v : function.applyAsDouble(v))
                  .toArray();
      return List.of(Traced.of(call.in(0).rows(), results));
    };
  }

  private static RowRule pairs(DoubleBinaryOperator function) {
    return call -> {
      Dependence rows = union(call);
      if (call.inputs().size() != 2) {
        return List.of(Traced.of(rows));
      }
      double[] a = values(call.in(0), rows.shape());
      double[] b = values(call.in(1), rows.shape());
      if (a == null || b == null) {
        return List.of(Traced.of(rows));
      }
      double[] results = new double[a.length];
      Arrays.setAll(
          results,
          i ->
              Double.isNaN(a[i]) || Double.isNaN(b[i])
                  ? Double.NaN
                  : function.applyAsDouble(a[i], b[i]));
      return List.of(Traced.of(rows, results));
    };
  }

  private static double[] values(Traced tensor, int[] shape) {
    return tensor.values() == null || Grid.size(shape) > Traced.MOST_VALUES
        ? null
        : tensor.broadcast(shape).values();
  }

  private static List<Traced> cast(Call call) {
    long to = call.integer("to", 0);
    double[] values = call.in(0).values();
    if (values != null && to >= 2 && to <= 7) {
      values = Arrays.stream(values).map(v -> v < 0 ? Math.ceil(v) : Math.floor(v)).toArray();
    } else if (values != null && to == 9) {
      values = Arrays.stream(values).map(v -> Double.isNaN(v) ? v : v != 0 ? 1 : 0).toArray();
    }
    return List.of(Traced.of(call.in(0).rows(), values));
  }

  private static List<Traced> where(Call call) {
    Dependence rows = union(call);
    double[] condition = values(call.in(0), rows.shape());
    double[] yes = values(call.in(1), rows.shape());
    double[] no = values(call.in(2), rows.shape());
    if (condition == null) {
      return List.of(Traced.of(rows));
    }
    double[] results = new double[condition.length];
    Arrays.setAll(
        results,
        i -> {
          double[] taken = condition[i] != 0 ? yes : no;
          return Double.isNaN(condition[i]) || taken == null ? Double.NaN : taken[i];
        });
    return List.of(Traced.of(rows, results));
  }

  /** Scales by channel are constants; those computed from data are taken to be read everywhere. */
  private static List<Traced> quantize(Call call) {
    int more = 0;
    for (Traced scale : call.present().subList(1, call.present().size())) {
      more |= scale.all();
    }
    return List.of(Traced.of(call.in(0).rows()).with(more));
  }
}
