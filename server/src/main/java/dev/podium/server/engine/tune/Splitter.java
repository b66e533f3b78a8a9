package dev.podium.server.engine.tune;

import dev.podium.graph.Compilation;
import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.TensorSpec;
import java.util.List;

/** Splits one graph by what its signature says is context, and loads what comes of it. */
public interface Splitter {
  /** Whether the signature has context features at all. */
  boolean hasContext();

  /** Whether copies of the graph's own weights are small enough to be kept beside it. */
  boolean isSmall();

  /** Whether the graph takes inputs of these shapes: its own are the same, or open. */
  boolean takes(List<TensorSpec> inputs);

  /**
   * Compiles the graph. What the compiler can't stand comes as any runtime exception.
   *
   * @param without passes that are left out
   * @param inputs the signature's, perhaps with fewer positions of histories
   */
  Compilation compile(List<String> without, List<TensorSpec> inputs);

  /**
   * Loads what {@link #compile} gave for the signature's inputs. The caller closes it.
   *
   * @param without the same as there
   * @throws ModelException if the runtime can't load it
   */
  SplitGraph load(Compilation.Split split, List<String> without) throws ModelException;

  /**
   * Loads what {@link #compile} gave for fewer positions, beside what a graph has.
   *
   * @param graph made by this splitter, with the same bags
   * @return the graph with one form more, in place of the one given
   * @throws ModelException if the runtime can't load it; the graph given is as it was
   */
  SplitGraph shorter(SplitGraph graph, Compilation.Split split, List<TensorSpec> inputs)
      throws ModelException;
}
