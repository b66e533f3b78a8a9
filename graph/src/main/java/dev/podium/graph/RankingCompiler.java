package dev.podium.graph;

/**
 * Turns a graph that scores N rows into a context half and a candidate half. Stateless and
 * thread-safe.
 */
public final class RankingCompiler {
  /**
   * Compiles a graph. The result is meant to be proved and timed against the exported graph before
   * it serves.
   *
   * @param graph the exported graph. Every input has its rows on the first axis, which must be open
   * @param context which inputs are the same for all rows of a request
   * @param options what to do
   * @return two halves, or the reasons why the exported graph should serve
   * @throws IllegalArgumentException if {@code context} or {@code options} name an input or column
   *     that the graph lacks
   */
  public Compilation compile(OnnxGraph graph, ContextInputs context, CompilerOptions options) {
    throw new UnsupportedOperationException();
  }
}
