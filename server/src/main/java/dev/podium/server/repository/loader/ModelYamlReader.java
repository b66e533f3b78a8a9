package dev.podium.server.repository.loader;

import dev.podium.server.fault.ModelException;
import dev.podium.server.yaml.StrictYaml;
import dev.podium.server.yaml.YamlException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Reads {@code model.yaml}. */
final class ModelYamlReader {
  private ModelYamlReader() {}

  /** The file's content, or {@link ModelYaml#EMPTY} if there is no such file. */
  static ModelYaml read(Path file) throws ModelException {
    if (!Files.exists(file)) {
      return ModelYaml.EMPTY;
    }
    try {
      ModelYaml yaml = StrictYaml.read(Files.readString(file), ModelYaml.class);
      return Objects.requireNonNullElse(yaml, ModelYaml.EMPTY);
    } catch (YamlException e) {
      throw new ModelException(file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new ModelException(file + ": can't be read: " + e.getMessage(), e);
    }
  }
}
