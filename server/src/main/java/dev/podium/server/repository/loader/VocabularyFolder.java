package dev.podium.server.repository.loader;

import dev.podium.server.fault.ModelException;
import dev.podium.server.feature.signature.Vocabulary;
import dev.podium.server.feature.signature.VocabularyFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads vocabularies from a model's folder, and from nowhere else. */
final class VocabularyFolder implements VocabularyFiles {
  private final Path folder;

  VocabularyFolder(Path folder) {
    this.folder = folder;
  }

  @Override
  public Vocabulary read(String file) throws ModelException {
    try {
      Path path = folder.resolve(file);
      if (!Files.isRegularFile(path)) {
        throw new ModelException(path + ": not there (expected: a vocabulary, one entry a line)");
      }
      if (!path.toRealPath().startsWith(folder.toRealPath())) {
        throw new ModelException(
            "vocabulary file '" + file + "' lies outside " + folder + " (expected: inside)");
      }
      return new Vocabulary(Files.readAllLines(path));
    } catch (IOException | IllegalArgumentException e) {
      throw new ModelException(folder.resolve(file) + ": " + e.getMessage(), e);
    }
  }
}
