package dev.podium.server.engine;

/**
 * The result of a context half: tensors in the runtime's memory that the candidate half reads.
 * Immutable; may be read by several workers at once; closed once by its owner.
 */
public interface ContextTensors extends AutoCloseable {
  /** Native memory held, in bytes. */
  long bytes();

  @Override
  void close();
}
