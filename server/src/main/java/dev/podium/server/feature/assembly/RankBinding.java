package dev.podium.server.feature.assembly;

import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.wire.RankMessage;
import java.util.List;

/** A ranking request's columns, each with the feature of one signature that it brings. */
public final class RankBinding implements Binding {
  private final RankMessage message;
  private final int[] features;
  private final boolean sharesContext;

  private RankBinding(RankMessage message, int[] features, boolean sharesContext) {
    this.message = message;
    this.features = features;
    this.sharesContext = sharesContext;
  }

  /**
   * Finds each column's feature and checks what can be checked without decoding: names, doubles,
   * missing features.
   *
   * @throws RankException INVALID_ARGUMENT, naming the feature
   */
  public static RankBinding of(RankMessage message, Signature signature) throws RankException {
    List<Feature> all = signature.features();
    int[] features = new int[message.columnCount()];
    long[] seen = new long[(all.size() + 63) / 64];
    boolean sharesContext = true;
    for (int column = 0; column < features.length; column++) {
      int feature =
          signature.feature(message.bytes(), message.nameAt(column), message.nameLength(column));
      if (feature < 0) {
        throw RankException.invalid(
            "feature '" + message.columnName(column) + "': unknown (expected: " + names(all) + ")");
      }
      long bit = 1L << (feature & 63);
      if ((seen[feature >> 6] & bit) != 0) {
        throw RankException.invalid(
            "feature '" + message.columnName(column) + "': sent twice (expected: once)");
      }
      seen[feature >> 6] |= bit;
      features[column] = feature;
      sharesContext &= message.isContext(column) || all.get(feature).role() != FeatureRole.CONTEXT;
    }
    for (int feature = 0; feature < all.size(); feature++) {
      if ((seen[feature >> 6] & 1L << (feature & 63)) == 0 && all.get(feature).required()) {
        throw RankException.invalid(
            "feature '"
                + all.get(feature).name()
                + "': missing (expected: a column; it has no default)");
      }
    }
    return new RankBinding(message, features, sharesContext);
  }

  @Override
  public int rows() {
    return message.rows();
  }

  @Override
  public boolean sharesContext() {
    return sharesContext;
  }

  @Override
  public void fill(
      FeatureAssembler assembler,
      TensorBuffers contextRow,
      TensorBuffers rows,
      int firstRow,
      AssemblyTally tally)
      throws RankException {
    assembler.assemble(this, contextRow, rows, firstRow, tally);
  }

  RankMessage message() {
    return message;
  }

  /** The index in the signature of a column's feature. */
  int feature(int column) {
    return features[column];
  }

  private static String names(List<Feature> features) {
    StringBuilder text = new StringBuilder("one of ");
    for (int i = 0; i < features.size() && text.length() < 300; i++) {
      text.append(i == 0 ? "" : ", ").append(features.get(i).name());
    }
    return text.length() < 300 ? text.toString() : text.append(", ...").toString();
  }
}
