package dev.podium.server.repository.source;

import java.nio.file.Path;

/**
 * Where a version's files lie.
 *
 * @param model the model's name
 * @param number from 1
 * @param modelFolder holds {@code model.yaml} and vocabularies
 * @param folder holds {@code model.onnx}; the model's folder itself where there are no folders of
 *     versions
 */
public record VersionFolder(String model, long number, Path modelFolder, Path folder) {
  /** The exported graph. */
  public Path graph() {
    return folder.resolve(FoundModel.GRAPH);
  }

  @Override
  public String toString() {
    return model + " version " + number;
  }
}
