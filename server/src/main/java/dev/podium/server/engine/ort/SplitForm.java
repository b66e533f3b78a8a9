package dev.podium.server.engine.ort;

import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;

/**
 * The sessions of a context half and a candidate half.
 *
 * @param inputs the signature's, with as many positions of histories as the context half takes
 * @param context null if all that the context contributes is its share of the bags' sums
 */
record SplitForm(List<TensorSpec> inputs, Sessions context, Sessions candidates)
    implements AutoCloseable {
  @Override
  public void close() {
    if (context != null) {
      context.close();
    }
    candidates.close();
  }
}
