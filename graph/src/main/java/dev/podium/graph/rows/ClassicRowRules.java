package dev.podium.graph.rows;

import ai.onnx.proto.OnnxMl.AttributeProto;
import dev.podium.graph.rows.RowRule.Call;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Trees, linear models and encoders of {@code ai.onnx.ml}: one result a row. */
final class ClassicRowRules {
  private ClassicRowRules() {}

  static Map<String, RowRule> rules() {
    Map<String, RowRule> rules = new HashMap<>();
    for (String type : new String[] {"TreeEnsembleRegressor", "TreeEnsemble"}) {
      rules.put(RowRules.ML + type, call -> List.of(rows(call, call.integer("n_targets", 1))));
    }
    rules.put(
        RowRules.ML + "LinearRegressor", call -> List.of(rows(call, call.integer("targets", 1))));
    rules.put(RowRules.ML + "SVMRegressor", call -> List.of(rows(call, 1)));
    for (String type :
        new String[] {"TreeEnsembleClassifier", "LinearClassifier", "SVMClassifier"}) {
      rules.put(RowRules.ML + type, ClassicRowRules::classifier);
    }
    rules.put(RowRules.ML + "Scaler", call -> List.of(Traced.of(call.in(0).rows())));
    rules.put(RowRules.ML + "Imputer", call -> List.of(Traced.of(call.in(0).rows())));
    rules.put(RowRules.ML + "Normalizer", ClassicRowRules::normalizer);
    rules.put(RowRules.ML + "FeatureVectorizer", ClassicRowRules::vectorizer);
    rules.put(RowRules.ML + "OneHotEncoder", ClassicRowRules::oneHot);
    return rules;
  }

  private static Traced rows(Call call, long width) {
    int[] shape = {call.in(0).shape()[0], Math.toIntExact(width)};
    return ReductionRowRules.byRow(call, shape);
  }

  private static List<Traced> classifier(Call call) {
    int[] shape = {call.in(0).shape()[0]};
    long classes =
        Math.max(
            Math.max(count(call, "classlabels_ints"), count(call, "classlabels_int64s")),
            count(call, "classlabels_strings"));
    return List.of(ReductionRowRules.byRow(call, shape), rows(call, Math.max(1, classes)));
  }

  private static long count(Call call, String name) {
    AttributeProto labels = call.attribute(name);
    return labels == null ? 0 : Math.max(labels.getIntsCount(), labels.getStringsCount());
  }

  private static List<Traced> normalizer(Call call) {
    Traced data = call.in(0);
    return List.of(Traced.of(data.rows().along(data.rank() - 1)));
  }

  private static List<Traced> vectorizer(Call call) {
    List<Traced> parts = new ArrayList<>();
    for (Traced part : call.present()) {
      int[] shape = {part.shape()[0], part.rank() == 1 ? 1 : part.shape()[1]};
      parts.add(part.rank() == 1 ? part.reshape(shape) : part);
    }
    return List.of(Traced.concat(parts, 1));
  }

  private static List<Traced> oneHot(Call call) {
    Traced data = call.in(0);
    long width = Math.max(count(call, "cats_int64s"), count(call, "cats_strings"));
    int[] shape = java.util.Arrays.copyOf(data.shape(), data.rank() + 1);
    shape[data.rank()] = 1;
    Dependence wide = data.rows().withOnes(shape);
    return List.of(Traced.of(wide.take(data.rank(), new int[Math.toIntExact(width)], 0)));
  }
}
