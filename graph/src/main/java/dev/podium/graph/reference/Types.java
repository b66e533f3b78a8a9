package dev.podium.graph.reference;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import dev.podium.graph.onnx.Attributes;
import java.util.Arrays;
import java.util.function.Function;

/** Element types of what an operator gives, as numbers of {@code TensorProto.DataType}. */
final class Types {
  private static final int BOOL = DataType.BOOL.getNumber();
  private static final int FLOAT = DataType.FLOAT.getNumber();
  private static final int INT32 = DataType.INT32.getNumber();
  private static final int INT64 = DataType.INT64.getNumber();
  private static final int STRING = DataType.STRING.getNumber();
  private static final int UINT8 = DataType.UINT8.getNumber();

  private Types() {}

  /**
   * The types of an operator's outputs, without those of operators with bodies.
   *
   * @param of the types of tensors by name
   */
  static int[] of(NodeProto node, Function<String, Integer> of) {
    int count = node.getOutputCount();
    int[] types = new int[count];
    Arrays.fill(types, first(node, of));
    switch (node.getOpType()) {
      case "Shape", "Size", "ArgMax", "ArgMin", "NonZero", "NonMaxSuppression", "StringSplit" ->
          Arrays.fill(types, INT64);
      case "Equal",
          "Greater",
          "GreaterOrEqual",
          "Less",
          "LessOrEqual",
          "And",
          "Or",
          "Not",
          "Xor",
          "IsNaN",
          "IsInf",
          "RegexFullMatch" ->
          Arrays.fill(types, BOOL);
      case "Cast" -> Arrays.fill(types, (int) Attributes.integer(node, "to", 0));
      case "CastLike", "DequantizeLinear" -> Arrays.fill(types, input(node, 1, of));
      case "Where" -> Arrays.fill(types, input(node, 1, of));
      case "OneHot" -> Arrays.fill(types, input(node, 2, of));
      case "Constant" -> Arrays.fill(types, constant(node));
      case "ConstantOfShape" -> {
        AttributeProto value = Attributes.find(node, "value");
        Arrays.fill(types, value == null ? FLOAT : value.getT().getDataType());
      }
      case "EyeLike" ->
          Arrays.fill(types, (int) Attributes.integer(node, "dtype", first(node, of)));
      case "RandomNormal", "RandomUniform" ->
          Arrays.fill(types, (int) Attributes.integer(node, "dtype", FLOAT));
      case "TopK", "MaxPool" -> {
        if (count > 1) {
          types[1] = INT64;
        }
      }
      case "Unique" -> Arrays.fill(types, 1, count, INT64);
      case "Dropout" -> Arrays.fill(types, 1, count, BOOL);
      case "QuantizeLinear" ->
          Arrays.fill(types, node.getInputCount() > 2 ? input(node, 2, of) : UINT8);
      case "DynamicQuantizeLinear" -> {
        Arrays.fill(types, UINT8);
        if (count > 1) {
          types[1] = FLOAT;
        }
      }
      case "MatMulInteger", "ConvInteger", "MurmurHash3" -> Arrays.fill(types, INT32);
      case "QLinearMatMul" -> Arrays.fill(types, input(node, 7, of));
      case "MatMulIntegerToFloat" -> Arrays.fill(types, FLOAT);
      case "TreeEnsembleRegressor",
          "LinearRegressor",
          "SVMRegressor",
          "Scaler",
          "Normalizer",
          "OneHotEncoder",
          "FeatureVectorizer" ->
          Arrays.fill(types, FLOAT);
      case "TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier" -> {
        Arrays.fill(types, FLOAT);
        boolean text = Attributes.find(node, "classlabels_strings") != null;
        types[0] = text ? STRING : INT64;
      }
      case "LabelEncoder" -> Arrays.fill(types, labels(node, of));
      case "CategoryMapper" -> Arrays.fill(types, first(node, of) == STRING ? INT64 : STRING);
      default -> {}
    }
    return types;
  }

  private static int labels(NodeProto node, Function<String, Integer> of) {
    for (AttributeProto attribute : node.getAttributeList()) {
      switch (attribute.getName()) {
        case "values_strings" -> {
          return STRING;
        }
        case "values_int64s" -> {
          return INT64;
        }
        case "values_floats" -> {
          return FLOAT;
        }
        case "values_tensor" -> {
          return attribute.getT().getDataType();
        }
        case "classes_strings" -> {
          return first(node, of) == STRING ? INT64 : STRING;
        }
        default -> {}
      }
    }
    return FLOAT;
  }

  private static int constant(NodeProto node) {
    for (AttributeProto attribute : node.getAttributeList()) {
      switch (attribute.getName()) {
        case "value" -> {
          return attribute.getT().getDataType();
        }
        case "value_float", "value_floats" -> {
          return FLOAT;
        }
        case "value_int", "value_ints" -> {
          return INT64;
        }
        case "value_string", "value_strings" -> {
          return STRING;
        }
        default -> {}
      }
    }
    return 0;
  }

  private static int first(NodeProto node, Function<String, Integer> of) {
    return node.getInputCount() == 0 ? 0 : input(node, 0, of);
  }

  private static int input(NodeProto node, int index, Function<String, Integer> of) {
    String name = node.getInput(index);
    Integer type = name.isEmpty() ? Integer.valueOf(0) : of.apply(name);
    if (type == null) {
      throw new IllegalArgumentException("the type of tensor '" + name + "' is not known");
    }
    return type;
  }
}
