package dev.podium.server.feature.assembly;

import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;

/** Writes what holds for many rows: a feature's default, and a value that came once. */
final class Defaults {
  private Defaults() {}

  static void fill(Feature feature, TensorBuffers target, int row) {
    int input = feature.input();
    int element = row * target.rowElements(input) + feature.column();
    if (feature.kind() == FeatureKind.SEQUENCE) {
      target.pad(input, element, feature.width(), feature.sequence().padding());
      if (row == 0) {
        target.setSent(input, 0);
      }
      return;
    }
    String[] strings = target.strings(input);
    for (int i = 0; i < feature.width(); i++) {
      if (strings != null) {
        strings[element + i] = (String) feature.defaultValue();
      } else {
        target.putNumber(input, element + i, ((Number) feature.defaultValue()).doubleValue());
      }
    }
  }

  /** Copies the feature's elements of one row to the rows after it. */
  static void repeat(Feature feature, TensorBuffers target, int row, int count) {
    target.repeat(feature.input(), feature.column(), feature.width(), row, count);
  }
}
