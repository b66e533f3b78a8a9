package dev.podium.server.engine.tune;

import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorDtype;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The context's histories, as far as their padding can be left out: those of numbers that fill an
 * input of their own.
 */
public final class Histories {
  /** Lengths are multiples of this, which suits vector instructions. */
  private static final int STEP = 4;

  private final List<Feature> features;

  public Histories(Signature signature) {
    features =
        signature.features().stream()
            .filter(
                feature ->
                    feature.role() == FeatureRole.CONTEXT && feature.kind() == FeatureKind.SEQUENCE)
            .filter(feature -> isWhole(feature, signature.inputs().get(feature.input())))
            .toList();
  }

  private static boolean isWhole(Feature feature, TensorSpec input) {
    return input.type() != TensorDtype.STRING
        && input.rowShape().size() == 1
        && input.rowShape().get(0) == feature.width();
  }

  /** The inputs with only a share of each history's positions; equal to them if none has more. */
  List<TensorSpec> cut(List<TensorSpec> inputs, double share) {
    List<TensorSpec> cut = new ArrayList<>(inputs);
    for (Feature feature : features) {
      TensorSpec input = inputs.get(feature.input());
      int positions = STEP * (int) Math.ceil(share * feature.width() / STEP);
      if (positions < feature.width()) {
        cut.set(feature.input(), new TensorSpec(input.name(), input.type(), List.of(positions)));
      }
    }
    return cut;
  }

  /** Where each input with fewer positions begins in the whole. */
  public int[] starts(List<TensorSpec> cut) {
    int[] starts = new int[cut.size()];
    for (Feature feature : features) {
      if (feature.sequence().padLeft()) {
        starts[feature.input()] = dropped(feature, cut);
      }
    }
    return starts;
  }

  /** Pads what of the first rows' histories is beyond their positions in other inputs. */
  void shorten(TensorBuffers rows, int count, List<TensorSpec> cut) {
    for (Feature feature : features) {
      for (int row = 0; row < count; row++) {
        rows.pad(
            feature.input(),
            row * feature.width() + firstDropped(feature, cut),
            dropped(feature, cut),
            feature.sequence().padding());
      }
      int positions = cut.get(feature.input()).rowElements();
      rows.setSent(feature.input(), Math.min(positions, rows.sent(feature.input())));
    }
  }

  /**
   * Whether a context row's histories fit inputs with fewer positions: by what was sent, not by
   * what the positions hold, for a graph may be told their number otherwise.
   */
  public boolean fit(TensorBuffers contextRow, List<TensorSpec> cut) {
    for (Feature feature : features) {
      if (contextRow.sent(feature.input()) > cut.get(feature.input()).rowElements()) {
        return false;
      }
    }
    return true;
  }

  private static int dropped(Feature feature, List<TensorSpec> cut) {
    return feature.width() - cut.get(feature.input()).rowElements();
  }

  private static int firstDropped(Feature feature, List<TensorSpec> cut) {
    return feature.sequence().padLeft() ? 0 : feature.width() - dropped(feature, cut);
  }

  /** The histories' lengths in inputs, in the signature's order. */
  List<Integer> lengths(List<TensorSpec> inputs) {
    return features.stream().map(feature -> inputs.get(feature.input()).rowElements()).toList();
  }
}
