package dev.podium.graph;

/** Is told what the compiler makes of a graph, step by step. */
@FunctionalInterface
public interface Trace {
  /**
   * After the import, and after each pass that changed the function of one row.
   *
   * @param step what was done: {@code imported}, or the pass and its phase
   * @param function the function as text
   */
  void after(String step, String function);
}
