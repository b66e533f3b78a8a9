package dev.podium.server.feature.assembly;

import dev.podium.server.fault.RankException;

/**
 * The rows of one request as one version's signature sees them: features that are looked up and
 * fitted, or tensors that a caller made ready. A request that meets two versions has two bindings.
 * Has been checked against the signature as far as that can be done without decoding. Immutable, as
 * the request is; {@link #fill} may be called by several threads, each with an assembler of its
 * own.
 */
public interface Binding {
  /** Number of candidates. */
  int rows();

  /**
   * Whether all context features hold for all rows, so that their half can be computed once. Called
   * under the scheduler's lock: answers at once.
   */
  boolean sharesContext();

  /**
   * Fills in the inputs.
   *
   * @param assembler of the signature, for requests that have features
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
