package dev.podium.server.feature.signature;

/**
 * One feature of a model: what the wire sends and where in the graph's inputs it goes.
 *
 * @param name as in requests
 * @param input index of the graph input in {@link Signature#inputs()}
 * @param column first element of the input's row that this feature fills
 * @param width elements of the row that it fills: a dense feature's values, a sequence's positions,
 *     1 for an id
 * @param role side of the request that it belongs to
 * @param kind what its values are
 * @param wireType what the wire carries
 * @param ids how values become ids; {@link IdRule#NONE} for numbers used as they are
 * @param sequence how rows of varying length are fitted; null unless a sequence
 * @param defaultValue used when a request does not send the feature, as the graph sees it (after
 *     look-up or hashing): a Long, a Double, or a String for text inputs; an empty list for a
 *     sequence. Null if the feature must be sent
 * @param finite whether NaN and infinities are refused
 */
public record Feature(
    String name,
    int input,
    int column,
    int width,
    FeatureRole role,
    FeatureKind kind,
    WireType wireType,
    IdRule ids,
    SequenceRule sequence,
    Object defaultValue,
    boolean finite) {

  /** Whether a request must send it. */
  public boolean required() {
    return defaultValue == null;
  }
}
