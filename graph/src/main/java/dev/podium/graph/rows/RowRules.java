package dev.podium.graph.rows;

import java.util.HashMap;
import java.util.Map;

/** The operators that rows can be followed through. */
final class RowRules {
  /** Names of other operator sets than the default one stand behind their domain. */
  static final String ML = "ai.onnx.ml:";

  static final String MICROSOFT = "com.microsoft:";

  private static final Map<String, RowRule> RULES = new HashMap<>();

  static {
    RULES.putAll(ElementRowRules.rules());
    RULES.putAll(MovementRowRules.rules());
    RULES.putAll(IndexRowRules.rules());
    RULES.putAll(ReductionRowRules.rules());
    RULES.putAll(ProductRowRules.rules());
    RULES.putAll(WindowRowRules.rules());
    RULES.putAll(ClassicRowRules.rules());
  }

  private RowRules() {}

  /** Null if it is not known. */
  static RowRule find(String domain, String type) {
    boolean isDefault = domain.isEmpty() || domain.equals("ai.onnx");
    return RULES.get(isDefault ? type : domain + ":" + type);
  }
}
