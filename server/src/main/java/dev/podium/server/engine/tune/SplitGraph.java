package dev.podium.server.engine.tune;

import dev.podium.server.engine.bag.LoadedBag;
import dev.podium.server.feature.assembly.TensorBuffers;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;

/**
 * A context half and a candidate half, loaded; and perhaps others for shorter histories. Its
 * runners run all forms. Closed once, by whoever made it or was given it.
 */
public interface SplitGraph extends RunnableGraph, AutoCloseable {
  /** What is added up before the candidate half runs. */
  List<LoadedBag> bags();

  /** The signature's inputs, with as many positions of histories as the shortest form takes. */
  List<TensorSpec> shortestInputs();

  /**
   * Memory for what the candidate half reads: the signature's inputs, then the sums of the bags.
   */
  TensorBuffers candidateBuffers(int capacity);

  /** Whether the candidate half needs nothing of a context but its share of the bags' sums. */
  boolean canTakeWholeRows();

  /** The same sessions, with whole rows through the candidate half. In place of this one. */
  SplitGraph withWholeRows();

  /** Closes the form for the shortest histories alone, which {@link Splitter#shorter} added. */
  void closeShortest();

  @Override
  void close();
}
