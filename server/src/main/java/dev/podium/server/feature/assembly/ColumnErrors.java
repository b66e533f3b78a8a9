package dev.podium.server.feature.assembly;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.IdRule;
import dev.podium.server.feature.signature.WireType;

/** What can be wrong with a column's values, as its caller reads it. */
final class ColumnErrors {
  private ColumnErrors() {}

  static RankException wrongKind(Feature feature, String sent) {
    boolean sequence = feature.kind() == FeatureKind.SEQUENCE;
    return RankException.invalid(
        "feature '"
            + feature.name()
            + "': "
            + sent
            + " (expected: "
            + (sequence ? "ragged_" : "")
            + feature.wireType()
            + "_values"
            + (feature.wireType() == WireType.STRING ? "" : " or a raw tensor of that type")
            + ")");
  }

  /**
   * @param value as it stands in the sentence: a number, or text in quotes
   */
  static RankException outOfVocabulary(Feature feature, String value, int row) {
    return RankException.invalid(
        "feature '"
            + feature.name()
            + "': "
            + value
            + " in row "
            + row
            + " (expected: "
            + (feature.ids() instanceof IdRule.Bounded bounded
                ? "0 to " + (bounded.size() - 1)
                : "an entry of its vocabulary")
            + "; it has no out-of-vocabulary id)");
  }

  static RankException wrongRows(Feature feature, long sent, boolean context, int count) {
    return RankException.invalid(
        "feature '"
            + feature.name()
            + "': "
            + sent
            + " rows (expected: "
            + rowsExpected(context, count)
            + ")");
  }

  static RankException wrongValues(Feature feature, long sent, boolean context, int count) {
    if (feature.width() == 1) {
      return wrongRows(feature, sent, context, count);
    }
    return RankException.invalid(
        "feature '"
            + feature.name()
            + "': "
            + sent
            + " values (expected: "
            + (long) count * feature.width()
            + ", "
            + feature.width()
            + " a row for "
            + (context ? "one row" : count + " candidates")
            + ")");
  }

  private static String rowsExpected(boolean context, int count) {
    return context ? "1, as it is a context column" : count + ", one for each candidate";
  }

  static RankException wrongLengths(Feature feature, String what) {
    return RankException.invalid("feature '" + feature.name() + "': row lengths add up to " + what);
  }

  static RankException notFinite(Feature feature, double value, int row) {
    return RankException.invalid(
        "feature '"
            + feature.name()
            + "': "
            + value
            + " in row "
            + row
            + " (expected: a finite number)");
  }

  static RankException outOfRange(Feature feature, long value, int row, String expected) {
    return RankException.invalid(
        "feature '"
            + feature.name()
            + "': "
            + value
            + " in row "
            + row
            + " (expected: "
            + expected
            + ")");
  }
}
