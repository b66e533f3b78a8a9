package dev.podium.server.feature.signature;

import dev.podium.server.fault.ModelException;

/** Where the vocabularies that a {@code model.yaml} names are read from. */
@FunctionalInterface
public interface VocabularyFiles {
  /**
   * Reads a vocabulary.
   *
   * @param file as {@code model.yaml} names it
   * @throws ModelException if it isn't there, or isn't one entry a line
   */
  Vocabulary read(String file) throws ModelException;
}
