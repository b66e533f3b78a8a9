package dev.podium.server.feature;

import dev.podium.server.fault.RankException;

/**
 * Where the rows of one request come from: features that are looked up and fitted, or tensors that
 * a caller made ready. Has been checked against the signature as far as that can be done without
 * decoding; read by one thread at a time.
 */
public interface RowSource {
  /** Number of candidates. */
  int rows();

  /**
   * Whether all context features hold for all rows, so that their half can be computed once. Called
   * under the scheduler's lock: answers at once.
   */
  boolean sharesContext(Signature signature);

  /**
   * Fills in the inputs.
   *
   * @param assembler of the signature, for sources that have features
   * @param contextRow receives the context features in its row 0; null to have them in every row of
   *     {@code rows} instead. Only if {@link #sharesContext}
   * @param rows receives {@link #rows()} rows
   * @param firstRow where in {@code rows} the first goes
   * @param tally what was put right is added to this
   * @throws RankException INVALID_ARGUMENT, naming the thing; the rows' content is then undefined
   */
  void fill(
      FeatureAssembler assembler,
      TensorBuffers contextRow,
      TensorBuffers rows,
      int firstRow,
      AssemblyTally tally)
      throws RankException;
}
