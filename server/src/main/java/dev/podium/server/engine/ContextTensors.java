package dev.podium.server.engine;

/**
 * What the candidate half needs of the context: tensors in the runtime's memory, shares of sums.
 * Immutable; may be read by several workers at once; closed once by its owner.
 */
public interface ContextTensors extends AutoCloseable {
  /** Memory held, in bytes. */
  long bytes();

  @Override
  void close();
}
