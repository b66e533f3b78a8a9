package dev.podium.server.engine;

import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.GraphTensor;
import dev.podium.server.feature.signature.Signature;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;

/**
 * A graph that the runtime has read, before a signature says how requests fill it. Close it, or the
 * session made of it.
 */
public interface Graph extends AutoCloseable {
  List<GraphTensor> inputs();

  List<GraphTensor> outputs();

  /** Names of the execution providers in use, in order. */
  List<String> providers();

  /**
   * What an operator should know: providers that were asked for and not there, say. A sentence
   * each.
   */
  List<String> notes();

  /**
   * Finds out the shapes of outputs by running the graph once, since few exporters declare them in
   * full.
   *
   * @param inputs the graph's inputs with every dimension known
   * @param outputs names of the outputs that shall be served
   * @throws ModelException if the graph can't be run with these inputs, or an output has no row
   *     axis
   */
  List<TensorSpec> probeOutputs(List<TensorSpec> inputs, List<String> outputs)
      throws ModelException;

  /**
   * Makes the graph ready to score. The session takes the graph over and closes it.
   *
   * @param signature fits this graph's inputs
   * @param outputs what {@link #probeOutputs} found; the signature's outputs are made of them
   * @param tileRows the most rows of one tile; 0 to have it chosen
   * @param options what may be done to make it faster
   * @param probes requests to try it with, besides random ones
   * @throws ModelException if the graph can't be run with these inputs
   */
  RankingSession prepare(
      Signature signature,
      List<TensorSpec> outputs,
      int tileRows,
      TuningOptions options,
      List<Probe> probes)
      throws ModelException;

  @Override
  void close();
}
