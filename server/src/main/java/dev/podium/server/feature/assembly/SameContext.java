package dev.podium.server.feature.assembly;

import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.wire.TensorContents;
import dev.podium.server.feature.wire.TensorDatatype;
import java.util.Arrays;

/** Finds out whether all rows of tensors have one context, which then is computed once. */
final class SameContext {
  private SameContext() {}

  /** Whether every row has the first row's context. */
  static boolean of(Signature signature, InferInputs inputs) {
    for (Feature feature : signature.features()) {
      TensorContents values = inputs.contents[feature.input()];
      if (feature.role() != FeatureRole.CONTEXT || values == null) {
        continue;
      }
      int rowElements = signature.inputs().get(feature.input()).rowElements();
      if (!sameRows(feature, rowElements, inputs.types[feature.input()], values, inputs.rows)) {
        return false;
      }
    }
    return true;
  }

  private static boolean sameRows(
      Feature feature, int rowElements, TensorDatatype type, TensorContents values, int rows) {
    byte[] bytes = values.bytes();
    int stride = values.length() / rows;
    if (feature.width() == rowElements || type == TensorDatatype.BYTES) {
      // All rows are equal if each equals the next: one comparison of the tensor with itself,
      // moved by a row. For text the first row must be that long, too.
      boolean even =
          type != TensorDatatype.BYTES
              || (values.length() % rows == 0
                  && InferInputs.textsEnd(values, rowElements) == values.at() + stride);
      int last = values.at() + values.length();
      return even
          && Arrays.equals(bytes, values.at(), last - stride, bytes, values.at() + stride, last);
    }
    int first = values.at() + feature.column() * type.bytes();
    int length = feature.width() * type.bytes();
    for (int row = 1; row < rows; row++) {
      int at = first + row * stride;
      if (!Arrays.equals(bytes, first, first + length, bytes, at, at + length)) {
        return false;
      }
    }
    return true;
  }
}
