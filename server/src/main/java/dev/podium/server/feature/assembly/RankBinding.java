package dev.podium.server.feature.assembly;

import dev.podium.server.fault.FaultCode;
import dev.podium.server.fault.Quoted;
import dev.podium.server.fault.RankException;
import dev.podium.server.feature.signature.Feature;
import dev.podium.server.feature.signature.FeatureKind;
import dev.podium.server.feature.signature.FeatureRole;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.wire.MessageBytes;
import dev.podium.server.feature.wire.RankMessage;
import java.util.List;

/** A ranking request's columns, each with the feature of one signature that it brings. */
public final class RankBinding implements Binding {
  /** Up to so many values too few, assembly counts them and tells how many there are. */
  private static final int FEW_VALUES = 64;

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
            "feature "
                + message.columnName(column)
                + ": unknown (expected: one of "
                + names(all)
                + ")");
      }
      long bit = 1L << (feature & 63);
      if ((seen[feature >> 6] & bit) != 0) {
        throw RankException.invalid(
            "feature " + message.columnName(column) + ": sent twice (expected: once)");
      }
      seen[feature >> 6] |= bit;
      features[column] = feature;
      checkBytes(message, column, all.get(feature));
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

  /**
   * Refuses a column whose bytes are far too few for its values: buffers for the rows would be made
   * before the values are counted, and a message of a few bytes may say that it has many rows.
   */
  private static void checkBytes(RankMessage message, int column, Feature feature)
      throws RankException {
    int rows = message.isContext(column) ? 1 : message.rows();
    long needed = feature.kind() == FeatureKind.SEQUENCE ? rows : (long) rows * feature.width();
    int most = message.mostValues(column);
    if (needed > most + FEW_VALUES) {
      throw RankException.invalid(
          "feature "
              + message.columnName(column)
              + ": at most "
              + most
              + " values (expected: "
              + needed
              + ", for "
              + rows
              + (rows == 1 ? " row)" : " rows)"));
    }
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
    hold(message.source());
    try {
      assembler.assemble(this, contextRow, rows, firstRow, tally);
    } finally {
      message.source().release();
    }
  }

  /**
   * Holds a message while it is read: its request may end meanwhile, at its deadline or because the
   * caller has gone, and its array would be the next message's.
   */
  static void hold(MessageBytes source) throws RankException {
    if (!source.tryRetain()) {
      throw new RankException(FaultCode.CANCELLED, "the request ended before it was read");
    }
  }

  RankMessage message() {
    return message;
  }

  /** The index in the signature of a column's feature. */
  int feature(int column) {
    return features[column];
  }

  private static String names(List<Feature> features) {
    String list = Quoted.list(features.stream().map(Feature::name).toList());
    return list.substring(1, list.length() - 1);
  }
}
